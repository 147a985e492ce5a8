//! The image pool: it fills, then gives back old pictures half of the time, the same ones for the same seed.

use sumi::{tensor::Tensor, train::translate::ImagePool};

use crate::common::gpu;

const SHOWN: usize = 200;

/// What a pool of `size` gives for pictures that are each filled with their number.
fn given(size: usize, seed: u64, number: u64) -> (Vec<usize>, ImagePool) {
    let gpu = gpu();
    let mut pool = ImagePool::new(&gpu, size, [3, 5], seed, number);
    let show = |n: usize| {
        let out = pool.exchange(&Tensor::from_slice(&gpu, [1, 3, 5, 3], &[n as f32; 45]));
        assert_eq!(out.shape().dims(), [1, 3, 5, 3]);
        let values = out.to_vec().expect("the device answers");
        assert!(values.iter().all(|v| *v == values[0]), "picture {n} comes in pieces: {values:?}");
        values[0] as usize
    };
    ((0..SHOWN).map(show).collect(), pool)
}

#[test]
fn a_pool_fills_and_then_exchanges_half_of_what_it_is_shown() {
    let (given, pool) = given(4, 7, 0);
    assert_eq!(given[..4], [0, 1, 2, 3]);
    let mut kept = vec![0, 1, 2, 3];
    let mut exchanged = 0;
    for (n, out) in given.iter().enumerate().skip(4).filter(|(n, out)| n != *out) {
        let place = kept.iter().position(|k| k == out).unwrap_or_else(|| panic!("{out} for {n} is not in the pool"));
        kept[place] = n;
        exchanged += 1;
    }
    // Half of 196, give or take three standard deviations.
    assert!((77..=119).contains(&exchanged), "{exchanged} of 196");
    let tensor = pool.tensor().expect("a pool with places");
    let held = tensor.to_vec().expect("the device answers");
    let held: Vec<usize> = held.chunks(held.len() / 4).map(|picture| picture[0] as usize).collect();
    assert_eq!((held, pool.shown()), (kept, SHOWN as u64));
}

#[test]
fn choices_are_those_of_seed_and_pool() {
    let first = given(4, 7, 0).0;
    assert_eq!(first, given(4, 7, 0).0);
    assert_ne!(first, given(4, 8, 0).0, "another seed");
    assert_ne!(first, given(4, 7, 1).0, "the other pool");
}

#[test]
fn a_pool_without_places_gives_what_it_is_shown() {
    let (given, pool) = given(0, 7, 0);
    assert_eq!(given, (0..SHOWN).collect::<Vec<_>>());
    assert!(pool.tensor().is_none());
}
