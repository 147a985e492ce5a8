//! The kernel distance of two sets of features (Bińkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs", ICLR
//! 2018). Of Inception's features it is KID.

use rayon::prelude::*;

use super::Features;
use crate::philox::Philox;

/// How many parts of the sets are compared, and pictures of a part at most.
const PARTS: usize = 100;
const LARGEST: usize = 1000;

/// The stream of a seed that parts are picked by.
const PICKED: u64 = 2 << 40;

/// The squared maximum mean discrepancy of parts of two sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KernelDistance {
    /// Its mean over the parts; without bias, so that it may be below 0 for sets of one kind.
    pub mean: f64,
    /// Its standard deviation over the parts.
    pub deviation: f64,
    /// How many parts there were; one where it is the whole.
    pub parts: usize,
    /// Pictures of a part.
    pub pictures: usize,
}

/// The unbiased estimate of the squared maximum mean discrepancy under the kernel `(x · y / length + 1)³`, over 100
/// parts of at most 1000 pictures picked at random; once where both sets are no larger than a part.
///
/// # Panics
/// When the features are of different lengths, or a set is of one picture.
pub fn kernel_distance(a: &Features, b: &Features, seed: u64) -> KernelDistance {
    let pictures = LARGEST.min(a.count()).min(b.count());
    let parts = if pictures == a.count() && pictures == b.count() { 1 } else { PARTS };
    let part = |number: usize| {
        let picked = |set: &Features, stream: u64| {
            let mut order: Vec<usize> = (0..set.count()).collect();
            Philox::new(seed, PICKED + 2 * number as u64 + stream).shuffle(&mut order);
            set.picked(&order[..pictures])
        };
        squared_discrepancy(&picked(a, 0), &picked(b, 1))
    };
    let found: Vec<f64> = (0..parts).into_par_iter().map(part).collect();
    let mean = found.iter().sum::<f64>() / parts as f64;
    let variance = found.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / parts as f64;
    KernelDistance { mean, deviation: variance.sqrt(), parts, pictures }
}

/// Of sets of one size m: the means of the kernel over the pairs of different pictures of each, less twice the mean
/// over all pairs between them.
fn squared_discrepancy(a: &Features, b: &Features) -> f64 {
    let m = a.count();
    assert!(m > 1, "a discrepancy takes two pictures or more");
    let kernel = |product: &f64| (product / a.length() as f64 + 1.0).powi(3);
    let sum = |one: &Features, other: &Features, without_itself: bool| {
        let row = |number: usize, products: &[f64]| {
            let itself = if without_itself { kernel(&products[number]) } else { 0.0 };
            products.iter().map(kernel).sum::<f64>() - itself
        };
        one.products(other, row).iter().sum::<f64>()
    };
    let different = (m * (m - 1)) as f64;
    sum(a, a, true) / different + sum(b, b, true) / different - 2.0 * sum(a, b, false) / (m * m) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(count: usize, seed: u64, mean: f32) -> Features {
        let mut random = Philox::new(seed, 0);
        Features::new(4, &(0..4 * count).map(|_| mean + random.normal()).collect::<Vec<_>>())
    }

    #[test]
    fn sets_of_one_kind_are_about_nought_apart_and_others_are_not() {
        let (one, same, other) = (normal(1500, 1, 0.0), normal(1500, 2, 0.0), normal(1500, 3, 1.0));
        let (near, far) = (kernel_distance(&one, &same, 5), kernel_distance(&one, &other, 5));
        assert_eq!((near.parts, near.pictures), (100, 1000));
        assert!(near.mean.abs() < 0.05 && near.deviation > 0.0 && far.mean > 1.0, "{near:?} {far:?}");
        assert_eq!(kernel_distance(&one, &same, 5), near, "the same again");
        let small = kernel_distance(&normal(9, 1, 0.0), &normal(9, 2, 0.0), 5);
        assert_eq!((small.parts, small.pictures, small.deviation), (1, 9, 0.0));
    }
}
