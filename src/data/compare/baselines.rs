//! What comes near to anime without learning: the colours of the whole picture shifted, or flat colours and dark edges.

use rayon::prelude::*;

use super::lab::{lab_of_rgb, rgb_of_lab};
use crate::data::{Labels, Pictures, canny};

/// Mean and standard deviation of each axis of Lab.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColourStatistics {
    /// Of L*, a* and b*.
    pub mean: [f64; 3],
    /// Likewise.
    pub deviation: [f64; 3],
}

impl ColourStatistics {
    /// Of all pixels of all pictures of a set. Panics where it is empty.
    pub fn of(pictures: &Pictures) -> Self {
        assert!(!pictures.is_empty(), "ColourStatistics::of: there are no pictures");
        // Collected in order before they are summed: the same figures whatever the number of cores.
        let sums: Vec<_> = (0..pictures.len()).into_par_iter().map(|index| sums(pictures.picture(index))).collect();
        Self::from_sums(&sums, pictures.pixels().len() / 3)
    }

    fn from_sums(sums: &[[[f64; 3]; 2]], pixels: usize) -> Self {
        let mean = |power: usize, axis: usize| sums.iter().map(|s| s[power][axis]).sum::<f64>() / pixels as f64;
        let deviation = |axis| (mean(1, axis) - mean(0, axis).powi(2)).max(0.0).sqrt();
        Self { mean: [0, 1, 2].map(|axis| mean(0, axis)), deviation: [0, 1, 2].map(deviation) }
    }
}

/// The sums of the three axes, and of their squares.
fn sums(picture: &[u8]) -> [[f64; 3]; 2] {
    let mut sums = [[0.0; 3]; 2];
    for pixel in picture.chunks_exact(3) {
        for (axis, value) in lab_of_rgb([pixel[0], pixel[1], pixel[2]]).into_iter().enumerate() {
            sums[0][axis] += value;
            sums[1][axis] += value * value;
        }
    }
    sums
}

/// Gives photographs the colours of anime as a whole: each axis of Lab is shifted and stretched so that its mean and
/// deviation become those of `anime`, the statistics of the set that is trained on (Reinhard, Ashikhmin, Gooch and
/// Shirley, "Color Transfer between Images", 2001, in CIE Lab instead of their lαβ).
///
/// `photos` are the statistics that are brought there: with `None` each photograph's own, as in the paper; with those
/// of a set of photographs all are moved alike.
pub fn match_colours(pictures: &Pictures, photos: Option<&ColourStatistics>, anime: &ColourStatistics) -> Pictures {
    each(pictures, |picture| {
        let own = || ColourStatistics::from_sums(&[sums(picture)], picture.len() / 3);
        let photo = photos.copied().unwrap_or_else(own);
        let moved = |(axis, value): (usize, f64)| {
            // A picture of one colour has nothing to stretch.
            let stretch = anime.deviation[axis] / photo.deviation[axis].max(1e-6);
            (value - photo.mean[axis]) * stretch + anime.mean[axis]
        };
        let recolour = |pixel: &[u8]| {
            let lab = lab_of_rgb([pixel[0], pixel[1], pixel[2]]);
            rgb_of_lab([0, 1, 2].map(|axis| moved((axis, lab[axis]))))
        };
        picture.chunks_exact(3).flat_map(recolour).collect()
    })
}

/// Values of a channel that are left.
const LEVELS: f64 = 6.0;

/// Brightness of an edge, of what it was.
const INK: f64 = 0.3;

/// Makes photographs look drawn by the means of picture editors: smoothed twice by a bilateral filter (Tomasi and
/// Manduchi, 1998; 5×5, σ 1.5 pixels and 25 of 255), each channel rounded to 6 levels, and edges (Canny 100, 200)
/// darkened to 0.3.
pub fn posterise_with_edges(pictures: &Pictures) -> Pictures {
    let size = pictures.size();
    each(pictures, |picture| {
        let smooth = bilateral(&bilateral(picture, size), size);
        let edges = canny::edges(&canny::grey(&smooth), size, [100, 200]);
        let level = |value: u8| (f64::from(value) / 255.0 * (LEVELS - 1.0)).round() / (LEVELS - 1.0) * 255.0;
        let ink = |edge: bool| if edge { INK } else { 1.0 };
        let drawn = smooth.chunks_exact(3).zip(edges);
        drawn.flat_map(|(p, edge)| [0, 1, 2].map(|c| (level(p[c]) * ink(edge)).round() as u8)).collect()
    })
}

/// A set made of another, picture by picture, by all cores.
fn each(pictures: &Pictures, make: impl Fn(&[u8]) -> Vec<u8> + Sync) -> Pictures {
    let made: Vec<Vec<u8>> = (0..pictures.len()).into_par_iter().map(|index| make(pictures.picture(index))).collect();
    Pictures::new(pictures.size(), made.concat(), Labels::none())
}

/// The mean of the 5×5 pixels around each, by nearness in place and in colour.
fn bilateral(picture: &[u8], [height, width]: [usize; 2]) -> Vec<u8> {
    let colour = |x: usize, y: usize| [0, 1, 2].map(|c| f64::from(picture[3 * (y * width + x) + c]));
    let smoothed = |place: usize| {
        let (x, y) = (place % width, place / width);
        let (here, mut sum, mut total) = (colour(x, y), [0.0; 3], 0.0);
        for row in y.saturating_sub(2)..height.min(y + 3) {
            for column in x.saturating_sub(2)..width.min(x + 3) {
                let there = colour(column, row);
                let far = (column.abs_diff(x).pow(2) + row.abs_diff(y).pow(2)) as f64 / (1.5 * 1.5);
                let unlike = (0..3).map(|c| (here[c] - there[c]).powi(2)).sum::<f64>() / (25.0 * 25.0);
                let weight = (-(far + unlike) / 2.0).exp();
                total += weight;
                (0..3).for_each(|c| sum[c] += weight * there[c]);
            }
        }
        sum.map(|sum| (sum / total).round() as u8)
    };
    (0..height * width).flat_map(smoothed).collect()
}
