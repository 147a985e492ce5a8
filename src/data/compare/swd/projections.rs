//! Patches projected on random directions, and sorted along each.

use nalgebra::{DMatrix, DMatrixView};
use rayon::prelude::*;

use crate::philox::Philox;

/// Directions that are projected on together, as one matrix product.
const GROUP: usize = 64;

/// Bits of a sort's pass, and how many passes make 32 bits.
const DIGIT: u32 = 11;
const PASSES: u32 = 3;

/// Random directions, of length 1 each.
pub struct Directions {
    length: usize,
    /// In groups of [`GROUP`] or fewer: a row for each.
    groups: Vec<DMatrix<f32>>,
}

impl Directions {
    /// `count` directions among vectors of `length` numbers: each is its own stream of the seed.
    pub fn random(count: usize, length: usize, seed: u64) -> Self {
        let one = |number: usize| {
            let mut random = Philox::new(seed, u64::MAX - number as u64);
            let direction: Vec<f32> = (0..length).map(|_| random.normal()).collect();
            let norm = direction.iter().map(|value| value * value).sum::<f32>().sqrt();
            direction.into_iter().map(move |value| value / norm)
        };
        let group = |first: usize| {
            let numbers = first..count.min(first + GROUP);
            DMatrix::from_row_iterator(numbers.len(), length, numbers.flat_map(one))
        };
        Self { length, groups: (0..count).step_by(GROUP).map(group).collect() }
    }

    /// What `of` makes of each direction: of its number, and of the projections of all patches on it, sorted. `patches`
    /// are one behind the other.
    pub fn each<T: Send>(&self, patches: &[f32], of: impl Fn(usize, &[f32]) -> T + Sync) -> Vec<T> {
        let count = patches.len() / self.length;
        // A column each, as they lie: in nalgebra 0.35 the product of a view with strides of its own, where it has few
        // rows, writes beyond its end.
        let patches = DMatrixView::from_slice(patches, self.length, count);
        let of_group = |(number, group): (usize, &DMatrix<f32>)| {
            let (projected, mut spare) = (group * patches, vec![0; count]);
            let sorted = (0..group.nrows()).map(|place| {
                let mut keys: Vec<u32> = projected.row(place).iter().map(|value| key_of(*value)).collect();
                sort(&mut keys, &mut spare);
                let values: Vec<f32> = keys.iter().map(|key| value_of(*key)).collect();
                of(number * GROUP + place, &values)
            });
            sorted.collect::<Vec<T>>()
        };
        self.groups.par_iter().enumerate().flat_map_iter(of_group).collect()
    }
}

/// The bits of a number, so changed that whole numbers in order are numbers in order: of negative ones all bits are
/// turned, of others the sign alone.
fn key_of(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn value_of(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key })
}

/// Sorts by digits, the lowest first: three passes, each of which counts, and then moves everything once. `spare` is as
/// long.
fn sort(keys: &mut Vec<u32>, spare: &mut Vec<u32>) {
    const DIGITS: usize = 1 << DIGIT;
    let mut places = vec![[0_u32; DIGITS]; PASSES as usize];
    let digit = |key: u32, pass: u32| (key >> (pass * DIGIT)) as usize % DIGITS;
    for key in keys.iter() {
        (0..PASSES).for_each(|pass| places[pass as usize][digit(*key, pass)] += 1);
    }
    for (pass, places) in (0..PASSES).zip(&mut places) {
        let mut next = 0;
        for place in places.iter_mut() {
            (*place, next) = (next, next + *place);
        }
        for key in keys.iter() {
            let place = &mut places[digit(*key, pass)];
            spare[*place as usize] = *key;
            *place += 1;
        }
        std::mem::swap(keys, spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_the_values_and_sorting_is_sorting() {
        let mut random = Philox::new(5, 0);
        let mut values: Vec<f32> = (0..3000).map(|place| random.normal() * 10_f32.powi(place % 60 - 30)).collect();
        values.extend([0.0, -0.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, 1.0, 1.0]);
        let mut keys: Vec<u32> = values.iter().map(|value| key_of(*value)).collect();
        let mut spare = vec![0; keys.len()];
        sort(&mut keys, &mut spare);
        values.sort_unstable_by(f32::total_cmp);
        let sorted: Vec<u32> = keys.iter().map(|key| value_of(*key).to_bits()).collect();
        assert_eq!(sorted, values.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
    }

    #[test]
    fn projections_are_scalar_products_in_order() {
        let directions = Directions::random(GROUP + 3, 7, 3);
        let mut random = Philox::new(4, 0);
        let patches: Vec<f32> = (0..7 * 5).map(|_| random.normal()).collect();
        let found = directions.each(&patches, |number, sorted| (number, sorted.to_vec()));
        assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (0..GROUP + 3).collect::<Vec<_>>());
        for (number, sorted) in found {
            let direction = directions.groups[number / GROUP].row(number % GROUP);
            assert!((direction.norm() - 1.0).abs() < 1e-6);
            let dot = |patch: &[f32]| patch.iter().zip(&direction).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            let mut expected: Vec<f64> = patches.chunks_exact(7).map(dot).collect();
            expected.sort_unstable_by(f64::total_cmp);
            assert!(sorted.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5), "{number}");
        }
    }
}
