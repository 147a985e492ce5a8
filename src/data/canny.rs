//! Edges after Canny ("A Computational Approach to Edge Detection", 1986), pixel for pixel as OpenCV finds them.

/// tan 22.5° times 2¹⁵, to the nearest whole number: where the gradient's direction changes its neighbours.
const TAN: i64 = 13573;

/// Grey [height, width] of RGB [height, width, 3]: luma with BT.601's weights, 0.299, 0.587 and 0.114, rounded.
pub(super) fn grey(pixels: &[u8]) -> Vec<u8> {
    let luma = |p: &[u8]| (9798 * u32::from(p[0]) + 19235 * u32::from(p[1]) + 3735 * u32::from(p[2]) + (1 << 14)) >> 15;
    pixels.chunks_exact(3).map(|pixel| luma(pixel) as u8).collect()
}

/// Which pixels of a grey picture [height, width] lie on an edge.
///
/// The gradient is Sobel's, its size |dx| + |dy|. Only crests count, where neither neighbour across the edge is
/// steeper; of these the ones steeper than `high`, and those steeper than `low` that hang together with one of them.
pub(super) fn edges(grey: &[u8], [height, width]: [usize; 2], [low, high]: [i32; 2]) -> Vec<bool> {
    let gradient = sobel(grey, [height, width]);
    let steep = |x: isize, y: isize| {
        let inside = (0..width as isize).contains(&x) && (0..height as isize).contains(&y);
        if inside { size(gradient[y as usize * width + x as usize]) } else { 0 }
    };
    let crest = |x: usize, y: usize| {
        let (x_i, y_i, here) = (x as isize, y as isize, gradient[y * width + x]);
        let (across, ties) = across(here);
        let [before, after] = [steep(x_i - across.0, y_i - across.1), steep(x_i + across.0, y_i + across.1)];
        size(here) > low && size(here) > before && size(here) >= after + i32::from(!ties)
    };
    let crests: Vec<bool> = (0..height * width).map(|place| crest(place % width, place / width)).collect();

    let mut edges = vec![false; height * width];
    let strong = |&place: &usize| crests[place] && size(gradient[place]) > high;
    let mut found: Vec<usize> = (0..height * width).filter(strong).collect();
    while let Some(place) = found.pop() {
        if edges[place] {
            continue;
        }
        edges[place] = true;
        let (x, y) = (place % width, place / width);
        for y in y.saturating_sub(1)..height.min(y + 2) {
            let row = x.saturating_sub(1)..width.min(x + 2);
            found.extend(row.map(|x| y * width + x).filter(|&next| crests[next] && !edges[next]));
        }
    }
    edges
}

fn size([dx, dy]: [i32; 2]) -> i32 {
    dx.abs() + dy.abs()
}

/// The neighbour that lies along a gradient, right or below, and whether a crest may be as steep as that one: so that
/// of two equal neighbours one is kept. Along diagonals neither is.
fn across([dx, dy]: [i32; 2]) -> ((isize, isize), bool) {
    let (x, y) = (i64::from(dx.abs()), i64::from(dy.abs()) << 15);
    if y < x * TAN {
        ((1, 0), true)
    } else if y > x * (TAN + (2 << 15)) {
        ((0, 1), true)
    } else if (dx ^ dy) < 0 {
        ((-1, 1), false)
    } else {
        ((1, 1), false)
    }
}

/// Sobel's [dx, dy] at each pixel; beyond the border its pixels are repeated.
fn sobel(grey: &[u8], [height, width]: [usize; 2]) -> Vec<[i32; 2]> {
    let near = |at: usize, end: usize| [at.saturating_sub(1), at, (at + 1).min(end - 1)];
    let gradient = |place: usize| {
        let (columns, rows) = (near(place % width, width), near(place / width, height));
        let [[a, b, c], [d, _, f], [g, h, i]] = rows.map(|y| columns.map(|x| i32::from(grey[y * width + x])));
        [c + 2 * f + i - a - 2 * d - g, g + 2 * h + i - a - 2 * b - c]
    };
    (0..height * width).map(gradient).collect()
}

#[cfg(test)]
mod tests {
    use super::{edges, grey};

    /// A rough disc on a rough ground, 40×28; the golden edges are OpenCV 5's: `Canny(grey, 100, 200)`.
    #[test]
    fn the_edges_of_a_disc_are_opencvs() {
        let pixel = |x: i32, y: i32| {
            let (noise, inside) = ((x * 37 + y * 61 + x * y * 11) % 97, (x - 15).pow(2) + (y - 13).pow(2) < 81);
            let ground = if inside { [190, 120, 60] } else { [40, 80, 150] };
            [ground[0] + noise / 4, ground[1] + noise / 3, ground[2] - noise / 5].map(|value| value as u8)
        };
        let picture: Vec<u8> = (0..28).flat_map(|y| (0..40).flat_map(move |x| pixel(x, y))).collect();
        let found = edges(&grey(&picture), [28, 40], [100, 200]);
        let drawn = |row: &[bool]| row.iter().map(|&edge| if edge { '#' } else { '.' }).collect::<String>();
        let rows: Vec<String> = found.chunks_exact(40).skip(4).take(19).map(drawn).collect();
        let want = [
            "............#...........................",
            "..........##.########...................",
            ".........##.........##..................",
            "........##...........##.................",
            ".......##.............##................",
            ".......#...............#................",
            ".......#...............#................",
            "......#................#................",
            ".......#................#...............",
            "......#.................#...............",
            "......#.................#...............",
            "......#.................#...............",
            "......#................#................",
            ".......#...............##...............",
            ".......##.............##................",
            "........##...........##.................",
            ".........##.........##..................",
            "..........####.....##...................",
            "..............#####.....................",
        ];
        assert_eq!(rows, want);
        assert_eq!(found.iter().filter(|edge| **edge).count(), want.concat().matches('#').count());
    }

    /// A ramp that is steep enough for `low` alone is an edge only where it goes on from one steep enough for `high`.
    #[test]
    fn weak_edges_hang_on_strong_ones() {
        let step = |height: fn(usize) -> u8| -> Vec<u8> {
            (0..16 * 16).map(|place| if place % 16 < 8 { 0 } else { height(place / 16) }).collect()
        };
        let count = |grey: &[u8]| edges(grey, [16, 16], [100, 200]).iter().filter(|edge| **edge).count();
        assert_eq!(count(&step(|_| 40)), 0, "4 · 40 is below the upper threshold");
        assert_eq!(count(&step(|_| 60)), 16, "4 · 60 is above");
        assert_eq!(count(&step(|row| if row < 4 { 60 } else { 40 })), 16, "the rest hangs on the upper rows");
        assert_eq!(count(&step(|_| 20)), 0);
    }

    #[test]
    fn the_smallest_pictures_have_no_edges() {
        for size in [[1, 1], [1, 5], [5, 1]] {
            assert_eq!(edges(&vec![90; size[0] * size[1]], size, [100, 200]), vec![false; size[0] * size[1]]);
        }
    }
}
