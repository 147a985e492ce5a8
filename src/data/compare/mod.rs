//! How near pictures come to others, and how near one comes without learning anything.
//!
//! [`likeness`] measures by three figures: PSNR, SSIM (`ssim`) and the distance of colours in Lab (`lab`).
//! [`match_colours`] and [`posterise_with_edges`] (`baselines`) are what a translation has to beat, beside the
//! photograph left as it is. [`sliced_wasserstein`] (`swd`) compares sets of pictures that are no pairs; so do
//! [`frechet_distance`], [`kernel_distance`] and [`precision_recall`] with what a network makes of them (`features`).

mod baselines;
mod features;
mod frechet;
mod kernel;
mod lab;
mod neighbours;
mod ssim;
mod swd;

use rayon::prelude::*;
use serde::Serialize;

use super::Pictures;

pub use baselines::{ColourStatistics, match_colours, posterise_with_edges};
pub use features::Features;
pub use frechet::{Gaussian, frechet_distance};
pub use kernel::{KernelDistance, kernel_distance};
pub use lab::{delta_e, lab_of_rgb, rgb_of_lab};
pub use neighbours::{PrecisionRecall, precision_recall};
pub use ssim::ssim;
pub use swd::{Level, Sliced, level_sizes, mean_distance, sliced_wasserstein};

/// How near one picture comes to another, or the mean over many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Likeness {
    /// Peak signal-to-noise ratio in dB ([`psnr`]); more is nearer.
    pub psnr: f64,
    /// Structural similarity ([`ssim`]), at most 1; more is nearer.
    pub ssim: f64,
    /// Mean distance of colours in Lab ([`delta_e`]); less is nearer.
    pub delta_e: f64,
}

/// The likeness of each picture of one set to that of the same number in another: the mean of the figures of each pair.
///
/// Panics where the sets differ in number or size, are empty, or hold pictures smaller than 11×11.
pub fn likeness(got: &Pictures, want: &Pictures) -> Likeness {
    assert!(
        got.len() == want.len() && got.size() == want.size() && !got.is_empty(),
        "likeness: {} pictures of {:?} and {} of {:?}",
        got.len(),
        got.size(),
        want.len(),
        want.size()
    );
    let size = got.size();
    let figures: Vec<[f64; 3]> = (0..got.len())
        .into_par_iter()
        .map(|index| {
            let (got, want) = (got.picture(index), want.picture(index));
            [psnr(got, want), ssim(got, want, size), delta_e(got, want)]
        })
        .collect();
    let mean = |figure: usize| figures.iter().map(|figures| figures[figure]).sum::<f64>() / figures.len() as f64;
    Likeness { psnr: mean(0), ssim: mean(1), delta_e: mean(2) }
}

/// Peak signal-to-noise ratio in dB: 10 · log₁₀(255² / MSE), the mean squared error over all pixels and channels of one
/// picture, [height, width, 3]. Infinite for equal pictures.
///
/// Panics where the lengths differ.
pub fn psnr(got: &[u8], want: &[u8]) -> f64 {
    assert!(got.len() == want.len(), "psnr: pictures of {} and {} bytes", got.len(), want.len());
    let squares: u64 = got.iter().zip(want).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
    10.0 * (255.0 * 255.0 * got.len() as f64 / squares as f64).log10()
}
