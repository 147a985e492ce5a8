//! The distance of two sets of features as normal distributions (Fréchet 1957; Dowson and Landau, "The Fréchet distance
//! between multivariate normal distributions", 1982). Of Inception's features it is FID (Heusel et al., 2017).

use nalgebra::{DMatrix, DVector};

use super::Features;

/// The mean and the covariance of features.
pub struct Gaussian {
    mean: DVector<f64>,
    /// A matrix F with `Fᵀ F` = the covariance, its rows as few as may be.
    root: DMatrix<f64>,
}

impl Gaussian {
    /// Of at least two pictures. The covariance is that of a sample: sums over the pictures divided by one less than
    /// their number.
    ///
    /// # Panics
    /// When there is one picture.
    pub fn of(features: &Features) -> Self {
        let count = features.count();
        assert!(count > 1, "a covariance takes two pictures or more");
        let mean = features.columns().column_mean();
        let mut root = features.columns().transpose();
        for (mut column, mean) in root.column_iter_mut().zip(&mean) {
            column.add_scalar_mut(-mean);
        }
        root /= ((count - 1) as f64).sqrt();
        // Of many pictures: Σ = V Λ Vᵀ, and F = Λ^½ Vᵀ.
        if count > features.length() {
            let eigen = (root.transpose() * &root).symmetric_eigen();
            root = eigen.eigenvectors.transpose();
            for (mut row, value) in root.row_iter_mut().zip(&eigen.eigenvalues) {
                row *= value.max(0.0).sqrt();
            }
        }
        Self { mean, root }
    }
}

/// `|μ₁ − μ₂|² + Tr Σ₁ + Tr Σ₂ − 2 Tr (Σ₁ Σ₂)^½`. With `Σ = Fᵀ F` the eigenvalues of `Σ₁ Σ₂` are the squares of the
/// singular values of `F₁ F₂ᵀ`, so that the last trace is the sum of these. No root of a matrix is taken, and sets
/// smaller than their features are long, whose covariances have no inverse, take no care.
///
/// # Panics
/// When the features are of different lengths.
pub fn frechet_distance(a: &Gaussian, b: &Gaussian) -> f64 {
    assert_eq!(a.mean.len(), b.mean.len(), "features of one network are compared");
    let common: f64 = (&a.root * b.root.transpose()).singular_values().sum();
    let distance = (&a.mean - &b.mean).norm_squared();
    distance + a.root.norm_squared() + b.root.norm_squared() - 2.0 * common
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::philox::Philox;

    fn normal(count: usize, length: usize, seed: u64, mean: f32, spread: f32) -> Features {
        let mut random = Philox::new(seed, 0);
        let values: Vec<f32> = (0..count * length).map(|_| mean + spread * random.normal()).collect();
        Features::new(length, &values)
    }

    #[test]
    fn a_set_is_at_no_distance_from_itself_whatever_its_size() {
        for count in [2, 5, 30] {
            let set = Gaussian::of(&normal(count, 8, 1, 0.5, 2.0));
            assert!(frechet_distance(&set, &set).abs() < 1e-9);
        }
    }

    /// N(0, 1) and N(1, 4) along each of three axes: 3 · (1 + (2 − 1)²).
    #[test]
    fn of_many_pictures_it_is_that_of_their_distributions() {
        let [one, other] = [(1, 0.0, 1.0), (2, 1.0, 2.0)]
            .map(|(seed, mean, spread)| Gaussian::of(&normal(20_000, 3, seed, mean, spread)));
        let found = frechet_distance(&one, &other);
        assert!((found - 6.0).abs() < 0.15, "{found}");
    }

    /// Fewer pictures than numbers, and more: both ways to a root give one distance.
    #[test]
    fn both_roots_are_of_the_same_covariance() {
        let (few, many) = (normal(6, 8, 3, 0.0, 1.0), normal(12, 8, 4, 0.3, 1.5));
        let direct = |features: &Features| {
            let mean = features.columns().column_mean();
            let mut root = features.columns().transpose();
            root.column_iter_mut().zip(&mean).for_each(|(mut column, mean)| column.add_scalar_mut(-mean));
            root /= ((features.count() - 1) as f64).sqrt();
            Gaussian { mean, root }
        };
        let found = frechet_distance(&Gaussian::of(&few), &Gaussian::of(&many));
        let expected = frechet_distance(&direct(&few), &direct(&many));
        assert!((found - expected).abs() < 1e-9 * expected, "{found} instead of {expected}");
    }
}
