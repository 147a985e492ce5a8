//! Sliced Wasserstein distance on patches of Laplacian pyramids (Karras et al., "Progressive growing of GANs for
//! improved quality, stability, and variation", ICLR 2018, section 5). It needs no trained network.

mod projections;

use rayon::prelude::*;

use self::projections::Directions;
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

/// A set of pictures that others are compared with, brought into the form in which they are: made once, whatever the
/// number of comparisons.
///
/// Of each picture a Laplacian pyramid is made: halved by the filter (1 4 6 4 1)/16 along both axes, borders mirrored,
/// each level less what the next one enlarged gives, the last one, of 16 pixels, as it is. Of each level 128 patches of
/// 7×7 pixels are taken at random places, the same in all sets, and the patches of a set are brought to mean 0 and
/// deviation 1 in each channel. Then they are projected on 512 random directions, and sorted along each.
pub struct Sliced {
    size: [usize; 2],
    count: usize,
    seed: u64,
    directions: Directions,
    levels: Vec<SlicedLevel>,
}

/// One level of the pyramids of a set.
struct SlicedLevel {
    /// [height, width].
    size: [usize; 2],
    /// The sorted projections of its patches, direction by direction.
    sorted: Vec<Vec<f32>>,
}

impl Sliced {
    /// Prepares a set. It takes 256 KiB of memory for each picture and level until it is dropped.
    ///
    /// # Panics
    /// When the set is empty, or holds pictures smaller than 16×16.
    pub fn new(pictures: &Pictures, seed: u64) -> Self {
        let [height, width] = pictures.size();
        assert!(!pictures.is_empty(), "sliced_wasserstein: there are no pictures to compare with");
        assert!(height.min(width) >= SMALLEST, "sliced_wasserstein: pictures of {width}×{height} are too small");
        let sizes = level_sizes(pictures.size());
        let directions = Directions::random(DIRECTIONS, LENGTH, seed);
        let level = |(number, &size): (usize, &[usize; 2])| {
            let patches = descriptors(pictures, number, sizes.len(), seed);
            SlicedLevel { size, sorted: directions.each(&patches, |_, sorted| sorted.to_vec()) }
        };
        let levels = sizes.iter().enumerate().map(level).collect();
        Self { size: pictures.size(), count: pictures.len(), seed, directions, levels }
    }

    /// The distance of as many pictures of the same size, level by level from the finest details to what is left at 16
    /// pixels: along each direction the sorted values of the two sets are compared pair by pair, and the distance is
    /// the mean of all |a − b|.
    ///
    /// # Panics
    /// When they are of another number or size.
    pub fn distance(&self, got: &Pictures) -> Vec<Level> {
        assert!(
            got.len() == self.count && got.size() == self.size,
            "sliced_wasserstein: {} pictures of {:?} and {} of {:?}",
            got.len(),
            got.size(),
            self.count,
            self.size
        );
        let level = |(number, level): (usize, &SlicedLevel)| {
            let patches = descriptors(got, number, self.levels.len(), self.seed);
            let apart = |direction: usize, sorted: &[f32]| mean_difference(sorted, &level.sorted[direction]);
            // Summed in order, so that the sum does not depend on the number of threads.
            let all = self.directions.each(&patches, apart);
            Level { size: level.size, distance: 1e3 * all.iter().sum::<f64>() / all.len() as f64 }
        };
        self.levels.iter().enumerate().map(level).collect()
    }
}

/// The distance of two sets of pictures of one size: see [`Sliced`].
///
/// # Panics
/// When the sets differ in number or size, are empty, or hold pictures smaller than 16×16.
pub fn sliced_wasserstein(got: &Pictures, want: &Pictures, seed: u64) -> Vec<Level> {
    Sliced::new(want, seed).distance(got)
}

/// `[height, width]` of the levels of a picture, from its own on, each half the one before, down to 16 pixels.
pub fn level_sizes(size: [usize; 2]) -> Vec<[usize; 2]> {
    let half = |[height, width]: &[usize; 2]| {
        Some([height.div_ceil(2), width.div_ceil(2)]).filter(|half| half[0].min(half[1]) >= SMALLEST)
    };
    std::iter::successors(Some(size), half).collect()
}

/// The mean over levels.
pub fn mean_distance(levels: &[Level]) -> f64 {
    levels.iter().map(|level| level.distance).sum::<f64>() / levels.len() as f64
}

/// The mean of |a − b|.
fn mean_difference(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / a.len() as f64
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
    let mut pictures: Vec<Vec<f32>> = (0..set.len()).into_par_iter().map(patches).collect();
    for channel in 0..3 {
        let sum = |of: &(dyn Fn(f64) -> f64 + Sync)| {
            let of_picture =
                |values: &Vec<f32>| values.iter().skip(channel).step_by(3).map(|&v| of(f64::from(v))).sum();
            // Picture by picture, and then in order: the same on any number of threads.
            pictures.par_iter().map(of_picture).collect::<Vec<f64>>().iter().sum::<f64>()
        };
        let count = (set.len() * PATCHES * LENGTH / 3) as f64;
        let mean = sum(&|value| value) / count;
        let deviation = (sum(&|value| (value - mean).powi(2)) / count).sqrt();
        // A channel that is one value everywhere has no details.
        let scale = if deviation > 0.0 { 1.0 / deviation } else { 0.0 };
        let normalize = |value: &mut f32| *value = ((f64::from(*value) - mean) * scale) as f32;
        pictures.par_iter_mut().for_each(|values| values.iter_mut().skip(channel).step_by(3).for_each(normalize));
    }
    pictures.concat()
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
        let mean = |a: &Pictures, b: &Pictures| mean_distance(&sliced_wasserstein(a, b, 1));
        let (same, other) = (mean(&grey(1), &grey(2)), mean(&grey(1), &striped));
        assert!(same > 0.0 && 3.0 * same < other, "{same} {other}");
    }

    /// On the line the Wasserstein distance of two sets is the area between their distributions: of 0, 1 and 1, 2 it
    /// is 1.
    #[test]
    fn a_projection_compares_sorted_values() {
        let patch = |value: f32| [value; LENGTH];
        let [a, b] = [[1.0, 0.0], [1.0, 2.0]].map(|values| values.map(patch).concat());
        let directions = Directions::random(DIRECTIONS, LENGTH, 4);
        let want = directions.each(&b, |_, sorted| sorted.to_vec());
        let found = directions.each(&a, |direction, sorted| mean_difference(sorted, &want[direction]));
        for (number, found) in found.iter().enumerate() {
            // |sum of a direction's numbers|, of length 1.
            let mut random = Philox::new(4, u64::MAX - number as u64);
            let direction: Vec<f64> = (0..LENGTH).map(|_| f64::from(random.normal())).collect();
            let length = direction.iter().map(|value| value * value).sum::<f64>().sqrt();
            let expected = (direction.iter().sum::<f64>() / length).abs();
            assert!((found - expected).abs() < 1e-5, "{number}: {found} instead of {expected}");
        }
    }
}
