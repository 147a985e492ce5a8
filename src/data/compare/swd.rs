//! Sliced Wasserstein distance on patches of Laplacian pyramids (Karras et al., "Progressive growing of GANs for
//! improved quality, stability, and variation", ICLR 2018, section 5). It needs no trained network.

use rayon::prelude::*;

use super::Pictures;
use crate::philox::Philox;

/// Patches of each picture at each level, and their side in pixels.
const PATCHES: usize = 128;
const SIDE: usize = 7;

/// Numbers of a patch.
const LENGTH: usize = SIDE * SIDE * 3;

/// Directions that patches are projected on.
const DIRECTIONS: usize = 512;

/// The smallest side of a level.
const SMALLEST: usize = 16;

/// How far two sets lie apart in details of one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// [height, width] of the level.
    pub size: [usize; 2],
    /// The distance, times 1000 as it is usually given; less is nearer, 0 is the same.
    pub distance: f64,
}

/// The distance of two sets of pictures of one size, level by level from the finest details to what is left at 16
/// pixels.
///
/// Of each picture a Laplacian pyramid is made: halved by the filter (1 4 6 4 1)/16 along both axes, borders mirrored,
/// each level less what the next one enlarged gives, the last one as it is. Of each level 128 patches of 7×7 pixels are
/// taken at random places, the same in both sets, and the patches of a set are brought to mean 0 and deviation 1 in
/// each channel. Then they are projected on 512 random directions; on each, the sorted values of the two sets are
/// compared pair by pair, and the distance is the mean of all |a − b|.
///
/// # Panics
/// When the sets differ in number or size, are empty, or hold pictures smaller than 16×16.
pub fn sliced_wasserstein(got: &Pictures, want: &Pictures, seed: u64) -> Vec<Level> {
    assert!(
        got.len() == want.len() && got.size() == want.size() && !got.is_empty(),
        "sliced_wasserstein: {} pictures of {:?} and {} of {:?}",
        got.len(),
        got.size(),
        want.len(),
        want.size()
    );
    let [height, width] = got.size();
    assert!(height.min(width) >= SMALLEST, "sliced_wasserstein: pictures of {width}×{height} are too small");
    let sizes: Vec<[usize; 2]> = std::iter::successors(Some([height, width]), |[h, w]| {
        Some([h.div_ceil(2), w.div_ceil(2)]).filter(|half| half[0].min(half[1]) >= SMALLEST)
    })
    .collect();
    let levels = sizes.len();
    let level = |(number, &size): (usize, &[usize; 2])| {
        let [a, b] = [got, want].map(|set| descriptors(set, number, levels, seed));
        Level { size, distance: 1e3 * distance(&a, &b, seed) }
    };
    sizes.iter().enumerate().map(level).collect()
}

/// A picture as numbers, [height, width, 3].
struct Plane {
    size: [usize; 2],
    values: Vec<f32>,
}

impl Plane {
    fn of(bytes: &[u8], size: [usize; 2]) -> Self {
        Self { size, values: bytes.iter().map(|&byte| f32::from(byte)).collect() }
    }

    /// Filtered by (1 4 6 4 1)/16 along both axes and halved.
    fn halved(&self) -> Self {
        let [height, width] = self.size.map(|side| side.div_ceil(2));
        self.along(0, height, halved).along(1, width, halved)
    }

    /// Enlarged to a level of `size`.
    fn enlarged(&self, [height, width]: [usize; 2]) -> Self {
        self.along(0, height, enlarged).along(1, width, enlarged)
    }

    /// Each line along an axis replaced by one of `length` values: `value` of a place, from the line and its length.
    fn along(&self, axis: usize, length: usize, value: fn(&dyn Fn(usize) -> f32, usize, usize) -> f32) -> Self {
        let mut size = self.size;
        size[axis] = length;
        let mut values = Vec::with_capacity(3 * size[0] * size[1]);
        for y in 0..size[0] {
            for x in 0..size[1] {
                for channel in 0..3 {
                    let line = |place: usize| {
                        let [y, x] = if axis == 0 { [place, x] } else { [y, place] };
                        self.values[(y * self.size[1] + x) * 3 + channel]
                    };
                    values.push(value(&line, [y, x][axis], self.size[axis]));
                }
            }
        }
        Self { size, values }
    }

    fn less(mut self, other: &Self) -> Self {
        self.values.iter_mut().zip(&other.values).for_each(|(value, less)| *value -= less);
        self
    }
}

/// The value of a line of half the length: the five around twice the place, by (1 4 6 4 1)/16.
fn halved(line: &dyn Fn(usize) -> f32, place: usize, length: usize) -> f32 {
    weighted(line, 2 * place as isize - 2, length, &[1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
}

/// The value of a line of twice the length: the same filter, twice as strong, with zeros between the values.
fn enlarged(line: &dyn Fn(usize) -> f32, place: usize, length: usize) -> f32 {
    let half = (place / 2) as isize;
    let sum = match place % 2 {
        0 => weighted(line, half - 1, length, &[1.0, 6.0, 1.0]),
        _ => weighted(line, half, length, &[4.0, 4.0]),
    };
    sum / 8.0
}

/// The values from place `first` on, each times its weight.
fn weighted(line: &dyn Fn(usize) -> f32, first: isize, length: usize, weights: &[f32]) -> f32 {
    weights.iter().zip(first..).map(|(weight, place)| weight * line(mirrored(place, length))).sum()
}

/// A place beyond the ends, mirrored at the first or the last.
fn mirrored(place: isize, length: usize) -> usize {
    let last = length as isize - 1;
    let place = place.abs();
    (if place > last { 2 * last - place } else { place }).clamp(0, last) as usize
}

/// Level `number` of a picture's Laplacian pyramid of so many levels.
fn laplacian(bytes: &[u8], size: [usize; 2], number: usize, levels: usize) -> Plane {
    let plane = (0..number).fold(Plane::of(bytes, size), |plane, _| plane.halved());
    if number + 1 == levels {
        return plane;
    }
    let coarse = plane.halved().enlarged(plane.size);
    plane.less(&coarse)
}

/// The patches of all pictures at a level, [pictures * PATCHES, LENGTH], each channel with mean 0 and deviation 1.
fn descriptors(set: &Pictures, number: usize, levels: usize, seed: u64) -> Vec<f32> {
    let patches = |index: usize| {
        let plane = laplacian(set.picture(index), set.size(), number, levels);
        let mut random = Philox::new(seed, (index * levels + number) as u64);
        let mut values = Vec::with_capacity(PATCHES * LENGTH);
        for _ in 0..PATCHES {
            let [y, x] = plane.size.map(|side| random.below((side - SIDE + 1) as u32) as usize);
            for row in y..y + SIDE {
                let start = (row * plane.size[1] + x) * 3;
                values.extend_from_slice(&plane.values[start..start + 3 * SIDE]);
            }
        }
        values
    };
    let mut values: Vec<f32> = (0..set.len()).into_par_iter().flat_map_iter(patches).collect();
    for channel in 0..3 {
        let of_channel = || values.iter().skip(channel).step_by(3).map(|&value| f64::from(value));
        let count = (values.len() / 3) as f64;
        let mean = of_channel().sum::<f64>() / count;
        let deviation = (of_channel().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        // A channel that is one value everywhere has no details.
        let scale = if deviation > 0.0 { 1.0 / deviation } else { 0.0 };
        values
            .iter_mut()
            .skip(channel)
            .step_by(3)
            .for_each(|value| *value = ((f64::from(*value) - mean) * scale) as f32);
    }
    values
}

/// The mean distance of the sorted projections on random directions.
fn distance(a: &[f32], b: &[f32], seed: u64) -> f64 {
    let on_one = |number: usize| {
        let mut random = Philox::new(seed, u64::MAX - number as u64);
        let direction: Vec<f32> = (0..LENGTH).map(|_| random.normal()).collect();
        let length = direction.iter().map(|value| value * value).sum::<f32>().sqrt();
        let [a, b] = [a, b].map(|values| {
            let dot = |patch: &[f32]| patch.iter().zip(&direction).map(|(x, y)| x * y).sum::<f32>() / length;
            let mut projected: Vec<f32> = values.chunks_exact(LENGTH).map(dot).collect();
            projected.sort_unstable_by(f32::total_cmp);
            projected
        });
        a.iter().zip(&b).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / a.len() as f64
    };
    // Collected in order, so that the sum does not depend on the number of threads.
    let all: Vec<f64> = (0..DIRECTIONS).into_par_iter().map(on_one).collect();
    all.iter().sum::<f64>() / DIRECTIONS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;

    fn noise(count: usize, side: usize, seed: u64, level: impl Fn(f32, usize, usize) -> f32) -> Pictures {
        let mut random = Philox::new(seed, 0);
        let mut bytes = Vec::new();
        for _ in 0..count {
            for y in 0..side {
                for x in 0..side {
                    for _ in 0..3 {
                        bytes.push(level(random.normal(), y, x).clamp(0.0, 255.0) as u8);
                    }
                }
            }
        }
        Pictures::new([side, side], bytes, Labels::none())
    }

    #[test]
    fn levels_halve_down_to_sixteen_and_equal_sets_are_at_no_distance() {
        let set = noise(3, 64, 1, |value, _, _| 128.0 + 30.0 * value);
        let levels = sliced_wasserstein(&set, &set, 7);
        assert_eq!(levels.iter().map(|level| level.size[0]).collect::<Vec<_>>(), [64, 32, 16]);
        assert!(levels.iter().all(|level| level.distance == 0.0), "{levels:?}");
    }

    #[test]
    fn a_constant_plane_stays_so_and_has_no_details() {
        let plane = Plane { size: [20, 18], values: vec![3.5; 20 * 18 * 3] };
        assert!(plane.halved().values.iter().all(|&value| value == 3.5));
        assert!(plane.halved().enlarged([20, 18]).values.iter().all(|&value| value == 3.5));
        assert!(laplacian(&[9; 32 * 32 * 3], [32, 32], 0, 2).values.iter().all(|&value| value == 0.0));
    }

    #[test]
    fn a_pyramid_gives_the_picture_back() {
        let set = noise(1, 33, 5, |value, _, _| 128.0 + 40.0 * value);
        let fine = laplacian(set.picture(0), [33, 33], 0, 2);
        let coarse = laplacian(set.picture(0), [33, 33], 1, 2);
        assert_eq!(coarse.size, [17, 17]);
        let back: Vec<f32> = fine.values.iter().zip(&coarse.enlarged([33, 33]).values).map(|(a, b)| a + b).collect();
        let worst = back.iter().zip(set.picture(0)).map(|(a, b)| (a - f32::from(*b)).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{worst}");
    }

    #[test]
    fn sets_of_one_kind_are_nearer_than_sets_of_two() {
        let grey = |seed| noise(24, 32, seed, |value, _, _| 128.0 + 30.0 * value);
        let striped = noise(24, 32, 3, |value, y, _| 128.0 + 30.0 * value + if y % 4 < 2 { 40.0 } else { -40.0 });
        let mean = |a: &Pictures, b: &Pictures| {
            let levels = sliced_wasserstein(a, b, 1);
            levels.iter().map(|level| level.distance).sum::<f64>() / levels.len() as f64
        };
        let (same, other) = (mean(&grey(1), &grey(2)), mean(&grey(1), &striped));
        assert!(same > 0.0 && 3.0 * same < other, "{same} {other}");
    }

    /// On the line the Wasserstein distance of two sets is the area between their distributions: of 0, 1 and 1, 2 it
    /// is 1.
    #[test]
    fn a_projection_compares_sorted_values() {
        let patch = |value: f32| [value; LENGTH];
        let [a, b] = [[1.0, 0.0], [1.0, 2.0]].map(|values| values.map(patch).concat());
        let found = distance(&a, &b, 4);
        // The mean of |sum of a direction's numbers|, of length 1.
        let mut expected = 0.0;
        for number in 0..DIRECTIONS {
            let mut random = Philox::new(4, u64::MAX - number as u64);
            let direction: Vec<f32> = (0..LENGTH).map(|_| random.normal()).collect();
            let length = direction.iter().map(|value| value * value).sum::<f32>().sqrt();
            expected += f64::from((direction.iter().sum::<f32>() / length).abs());
        }
        assert!((found - expected / DIRECTIONS as f64).abs() < 1e-4, "{found}");
    }
}
