//! What every recipe's run can be told, and what flags are made of.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use serde::de::DeserializeOwned;

use super::metric::{METRICS, Metric};
use crate::gpu::Precision;

/// The headings of the flags in the help.
pub(super) mod heading {
    pub const PICTURES: &str = "Pictures";
    pub const TRAINING: &str = "Training";
    pub const NETWORKS: &str = "Networks and optimizer";
    pub const REPORTS: &str = "Checkpoints and reports";
    pub const MACHINE: &str = "Machine";
}

/// The flags that the runs of all recipes have. What is not given comes from the preset, or at a resume from the run's
/// `config.toml`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RunFlags {
    /// Start from these values; every other flag overrides its part [default: the one that suits the adapter]
    #[arg(long, value_name = "NAME", help_heading = heading::TRAINING)]
    pub preset: Option<String>,

    /// Length of the run in steps, those before a resume included
    #[arg(long, value_name = "N", conflicts_with = "epochs", help_heading = heading::TRAINING,
        value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub steps: Option<u64>,

    /// Length of the run in passes through the pictures
    #[arg(long, value_name = "N", help_heading = heading::TRAINING,
        value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub epochs: Option<u64>,

    /// Pictures in a batch
    #[arg(long, value_name = "N", help_heading = heading::TRAINING, value_parser = |text: &str| count(text, 4096))]
    pub batch: Option<usize>,

    /// Pictures that are computed with at a time: a batch in parts of M has the gradients of the whole, in less memory
    /// and more time; 0 takes it whole [default: 0]
    #[arg(long, value_name = "M", help_heading = heading::TRAINING,
        value_parser = |text: &str| if text == "0" { Ok(0) } else { count(text, 4096) })]
    pub micro_batch: Option<usize>,

    /// Seed of every random choice: the same seed on the same adapter gives the same run, bit for bit [default: 0]
    #[arg(long, value_name = "N", help_heading = heading::TRAINING,
        value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,

    /// Shorten the gradients of a network to this norm where theirs is larger; 0 leaves them [default: 0]
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = weight)]
    pub clip_grad_norm: Option<f64>,

    /// Keep averages of the generators' weights with this decay, such as 0.999, and draw with them; 0 keeps none
    /// [default: 0]
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = decay)]
    pub ema: Option<f64>,

    /// The averages' half-life is at most this part of the steps so far, such as 0.05, so that they forget the first
    /// weights early; 0 is no limit [default: 0]
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = part)]
    pub ema_rampup: Option<f64>,

    /// Mirror each picture left to right with probability 1/2 (--flip=false switches it off at a resume)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        help_heading = heading::PICTURES)]
    pub flip: Option<bool>,

    /// Steps from one checkpoint to the next
    #[arg(long, value_name = "N", help_heading = heading::REPORTS,
        value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub checkpoint_every: Option<u64>,

    /// Keep the last K checkpoints in checkpoints/, each under its step's name; 0 keeps the newest alone [default: 0]
    #[arg(long, value_name = "K", help_heading = heading::REPORTS,
        value_parser = clap::value_parser!(u64).range(..=1 << 40))]
    pub keep_last: Option<u64>,

    /// When the training has diverged, go back to the last checkpoint and on with another seed, at most N times; 0 ends
    /// the run instead [default: 3]
    #[arg(long, value_name = "N", help_heading = heading::TRAINING,
        value_parser = clap::value_parser!(u64).range(..=100))]
    pub rollback: Option<u64>,

    /// Whether tensorboard/ gets event files beside report.html [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        help_heading = heading::REPORTS)]
    pub tensorboard: Option<bool>,

    /// Steps from one sheet of samples to the next
    #[arg(long, value_name = "N", help_heading = heading::REPORTS,
        value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub sample_every: Option<u64>,

    /// Steps from one row of losses.csv to the next [default: 10]
    #[arg(long, value_name = "N", help_heading = heading::REPORTS,
        value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub log_every: Option<u64>,

    /// Measure drawn pictures by this and keep the best checkpoint in checkpoints/best.safetensors: swd is the sliced
    /// Wasserstein distance to the pictures of the run, fid takes --inception. For recipes that draw from noise
    /// [default: none]
    #[arg(long, value_name = "NAME", help_heading = heading::REPORTS, value_parser = one_of::<Metric>(&METRICS))]
    pub metric: Option<Metric>,

    /// Steps from one value of the metric to the next [default: those between checkpoints]
    #[arg(long, value_name = "N", help_heading = heading::REPORTS,
        value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub metric_every: Option<u64>,

    /// Pictures that are drawn for it, and compared with as many of the run's, at most half of these [default: 512]
    #[arg(long, value_name = "N", help_heading = heading::REPORTS,
        value_parser = clap::value_parser!(u32).range(2..=65_536))]
    pub metric_pictures: Option<u32>,

    /// File of Inception's weights, for --metric fid: pytorch-fid's pt_inception-2015-12-05-6726825d.pth
    #[arg(long, value_name = "FILE", help_heading = heading::REPORTS)]
    pub inception: Option<PathBuf>,

    /// What to compute on: an index or a part of a name from --list-adapters, or for several processes of a machine an
    /// index each, such as 0,2 [default: the best GPU, else the CPU]
    #[arg(long, value_name = "NAME|INDEX", help_heading = heading::MACHINE)]
    pub adapter: Option<String>,

    /// Memory that the adapter has for this run, such as 8GiB, where its driver does not tell or tells otherwise; a run
    /// that needs more is refused before it takes any
    #[arg(long, value_name = "BYTES", value_parser = bytes, help_heading = heading::MACHINE)]
    pub memory: Option<u64>,

    /// How products are computed: mixed is f16 factors and f32 sums, on GPUs with cooperative matrices [default: f32]
    #[arg(long, value_name = "PRECISION", value_parser = one_of::<Precision>(&["f32", "mixed"]),
        help_heading = heading::MACHINE)]
    pub precision: Option<Precision>,
}

/// A value with a name of its own, as `config.toml` spells it; `names` are all of them.
pub(super) fn one_of<T: DeserializeOwned + Clone + Send + Sync + 'static>(names: &[&'static str]) -> ValueParser {
    let value = |name: String| serde_json::from_value::<T>(name.into());
    PossibleValuesParser::new(names.iter().copied()).try_map(value).into()
}

pub(super) fn picture_size(text: &str) -> Result<usize, String> {
    let size = text.parse().ok().filter(|size: &usize| size.is_power_of_two() && (16..=512).contains(size));
    size.ok_or_else(|| format!("{text} is not a power of two from 16 to 512"))
}

pub(super) fn count(text: &str, most: usize) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("{text} is not a whole number from 1 to {most}"))
}

/// A size in bytes: a number with a unit.
fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, f64); 7] =
        [("GiB", 1073741824.0), ("MiB", 1048576.0), ("KiB", 1024.0), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("", 1.0)];
    let (unit, factor) = UNITS.iter().find(|(unit, _)| text.ends_with(unit)).expect("every text ends with nothing");
    let number = text.strip_suffix(unit).and_then(|number| number.trim().parse::<f64>().ok());
    let bytes = number.map(|number| number * factor).filter(|bytes| (1.0..1e18).contains(bytes));
    bytes.map(|bytes| bytes as u64).ok_or_else(|| format!("{text} is no size in bytes, such as 8GiB or 512MiB"))
}

/// The weight of a loss.
pub(super) fn weight(text: &str) -> Result<f64, String> {
    let weight = text.parse().ok().filter(|weight: &f64| (0.0..=1e6).contains(weight));
    weight.ok_or_else(|| format!("{text} is not a number from 0 to 1000000"))
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| *rate > 0.0 && *rate <= 1.0);
    rate.ok_or_else(|| format!("{text} is not a number above 0 and up to 1"))
}

/// A part of a whole.
pub(super) fn part(text: &str) -> Result<f64, String> {
    let part = text.parse().ok().filter(|part: &f64| (0.0..=1.0).contains(part));
    part.ok_or_else(|| format!("{text} is not a number from 0 to 1"))
}

pub(super) fn decay(text: &str) -> Result<f64, String> {
    let decay = text.parse().ok().filter(|decay: &f64| (0.0..1.0).contains(decay));
    decay.ok_or_else(|| format!("{text} is not a number from 0 to below 1"))
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_in_bytes_have_units() {
        assert_eq!(bytes("8GiB"), Ok(8 << 30));
        assert_eq!(bytes("1.5 MiB"), Ok(3 << 19));
        assert_eq!((bytes("2GB"), bytes("4096")), (Ok(2_000_000_000), Ok(4096)));
        for wrong in ["", "GiB", "-1GiB", "8gigs", "0", "nan", "inf", "1e99"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
