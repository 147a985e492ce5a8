//! Ways from point to point.

use super::Points;

/// From each point to the next in `steps` equal steps, both ends included: `(N − 1) · steps + 1` points, each of the
/// class of the point before it.
///
/// # Panics
/// When there are no points, or no steps.
pub fn through(stations: &Points, steps: usize) -> Points {
    let mut way = legs(stations, steps, stations.len() - 1);
    let last = stations.len() - 1;
    way.push(stations.point(last), stations.class(last));
    way
}

/// From each point to the next, and from the last to the first again, which is not repeated at the end: `N · steps`
/// points, to be shown over and over.
///
/// # Panics
/// When there are no points, or no steps.
pub fn round(stations: &Points, steps: usize) -> Points {
    legs(stations, steps, stations.len())
}

fn legs(stations: &Points, steps: usize, count: usize) -> Points {
    assert!(steps > 0 && !stations.is_empty(), "a way has points and steps");
    let mut way = Points::none(stations.nz());
    for leg in 0..count {
        let (from, to) = (stations.point(leg), stations.point((leg + 1) % stations.len()));
        let class = stations.class(leg);
        (0..steps).for_each(|step| way.push(&spherical(from, to, step as f64 / steps as f64), class));
    }
    way
}

/// The point at `t` in [0, 1] of the great circle from `a` to `b` (Shoemake 1985): with ω the angle between them,
/// (sin((1 − t) ω) a + sin(t ω) b) / sin ω. Normal noise lies near a sphere, and on the straight line between two
/// points of it the generator would see lengths that it was never shown.
pub fn spherical(a: &[f32], b: &[f32], t: f64) -> Vec<f32> {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let angle = (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).clamp(-1.0, 1.0).acos();
    // Of two points in one direction, or in opposite ones, the circle is not determined: the line will do.
    let [from, to] = match angle.sin() {
        sine if sine >= 1e-6 => [((1.0 - t) * angle).sin() / sine, (t * angle).sin() / sine],
        _ => [1.0 - t, t],
    };
    a.iter().zip(b).map(|(a, b)| (from * f64::from(*a) + to * f64::from(*b)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::{Points, round, spherical, through};

    #[test]
    fn a_great_circle_is_followed_at_even_speed() {
        let (a, b) = ([2.0, 0.0], [0.0, 2.0]);
        assert_eq!(spherical(&a, &b, 0.0), a);
        let third = spherical(&a, &b, 1.0 / 3.0);
        assert!((third[0] - 3f32.sqrt()).abs() < 1e-6 && (third[1] - 1.0).abs() < 1e-6);
        assert_eq!(spherical(&a, &a, 0.25), a);
        assert_eq!(spherical(&a, &[0.0, 0.0], 0.5), [1.0, 0.0], "a point without a direction");
    }

    #[test]
    fn ways_pass_their_stations() {
        let stations = Points::new(2, vec![1.0, 0.0, 0.0, 1.0, -1.0, 0.0]);
        let (way, back) = (through(&stations, 4), round(&stations, 4));
        assert_eq!((way.len(), back.len()), (9, 12));
        for (place, station) in [(0, 0), (4, 1), (8, 2)] {
            assert_eq!(way.point(place), stations.point(station));
            assert_eq!(back.point(place), stations.point(station));
        }
        assert_eq!(way.values()[..16], back.values()[..16]);
        assert_eq!(through(&Points::new(1, vec![5.0]), 3).values(), [5.0]);
    }
}
