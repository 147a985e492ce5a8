//! Pictures from a trained generator.

use std::path::Path;

use super::{
    Error,
    checkpoint::{Checkpoint, Header},
    latent::{BATCH, Points, way},
    noise::{Painter, painter},
};
use crate::{gpu, gpu::Gpu, ops::random::Random, philox::Philox};

/// The step that sample noise is drawn as: no training ever comes so far, so that it is never trained on.
const STEP: u64 = u64::MAX;

/// The streams of a seed that numbers beyond a threshold are drawn again from: each number has its own.
const AGAIN: u64 = 1 << 60;

/// Which pictures are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Choice {
    /// Another seed gives others.
    pub seed: u64,
    /// The noise is truncated to ± this number (Brock, Donahue and Simonyan, 2019, section 3.1): a number beyond it is
    /// drawn again until it is not. The smaller it is, the more usual and the more alike are the pictures; those within
    /// the threshold by themselves stay what they were.
    pub truncation: Option<f32>,
    /// The class of all pictures, where the run has classes; `None`: one after the other.
    pub class: Option<u32>,
}

impl Choice {
    /// The pictures of a seed.
    pub fn of(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }
}

impl From<u64> for Choice {
    fn from(seed: u64) -> Self {
        Self::of(seed)
    }
}

/// A trainer with the state of a checkpoint file, to draw with: where averages of the weights were kept, the generator
/// has these.
///
/// # Errors
/// When the file cannot be used, is of a recipe that draws from pictures, or the device failed.
pub fn restore(gpu: &Gpu, path: &Path) -> Result<(Box<dyn Painter>, Header), Error> {
    let checkpoint = Checkpoint::read(path)?;
    let Some(mut trainer) = painter(gpu, &checkpoint) else {
        return Err(Error::Config(format!(
            "{} is a checkpoint of {}, which draws pictures from pictures: give `stylize --weights` its run",
            path.display(),
            checkpoint.header.recipe
        )));
    };
    checkpoint.load_into(path, &mut *trainer)?;
    trainer.generator_adam().use_averages();
    gpu.finish()?;
    Ok((trainer, checkpoint.header))
}

/// `count` pictures, bytes `[count, size, size, 3]`. Each depends on the seed and its place alone.
///
/// # Errors
/// When the device failed.
pub fn draw(trainer: &dyn Painter, choice: impl Into<Choice>, count: usize) -> Result<Vec<u8>, gpu::Error> {
    let mut bytes = Vec::new();
    for batch in batches(trainer, choice, count) {
        bytes.extend(batch?);
    }
    Ok(bytes)
}

/// The same pictures, some at a time, bytes `[n, size, size, 3]` each, for whoever wants more than memory holds. An
/// item is an error when the device failed.
pub fn batches(
    trainer: &dyn Painter,
    choice: impl Into<Choice>,
    count: usize,
) -> impl Iterator<Item = Result<Vec<u8>, gpu::Error>> {
    noise(trainer, choice.into(), count).map(|points| points?.draw(trainer))
}

/// The points that those pictures are drawn from.
///
/// # Errors
/// When the device failed.
pub fn points(trainer: &dyn Painter, choice: impl Into<Choice>, count: usize) -> Result<Points, gpu::Error> {
    let mut points = Points::none(trainer.nz());
    for batch in noise(trainer, choice.into(), count) {
        points.extend(&batch?);
    }
    Ok(points)
}

/// They come as many at a time as are drawn together.
fn noise(trainer: &dyn Painter, choice: Choice, count: usize) -> impl Iterator<Item = Result<Points, gpu::Error>> {
    let nz = trainer.nz();
    let random = Random::new(trainer.tape().gpu(), choice.seed, STEP);
    (0..count).step_by(BATCH).map(move |first| {
        let mut noise = random.normal([BATCH, 1, 1, nz]).to_vec()?;
        noise.truncate((count - first).min(BATCH) * nz);
        if let Some(threshold) = choice.truncation {
            let places = (first * nz) as u64..;
            noise.iter_mut().zip(places).for_each(|(z, place)| *z = truncated(*z, threshold, choice.seed, place));
        }
        let points = Points::new(nz, noise);
        // One class after the other, where there are classes and none is asked for.
        let class = |place: usize| choice.class.unwrap_or((place % trainer.classes().len().max(1)) as u32);
        let classes = (first..first + points.len()).map(class).collect();
        Ok(points.of_classes(classes))
    })
}

/// A row of `columns` points for each class, the noise of a column the same in every row; without classes the one row.
///
/// # Errors
/// When the device failed.
pub fn by_class(trainer: &dyn Painter, choice: impl Into<Choice>, columns: usize) -> Result<Points, gpu::Error> {
    let row = points(trainer, choice, columns)?;
    let mut all = Points::none(row.nz());
    for class in 0..trainer.classes().len().max(1) {
        all.extend(&row.clone().of_classes(vec![class as u32; columns]));
    }
    Ok(all)
}

/// The number of a class that a generator knows.
///
/// # Errors
/// When there is none of that name: the sentence lists them.
pub fn class_of(trainer: &dyn Painter, name: &str) -> Result<u32, Error> {
    let classes = trainer.classes();
    let missing = || match classes.is_empty() {
        true => "this run knows no classes; leave --label out, or train one with --labels".to_owned(),
        false => format!("this run knows no class '{name}'; it has {}", classes.join(", ")),
    };
    let place = classes.iter().position(|class| class == name);
    place.map(|place| place as u32).ok_or_else(|| Error::Config(missing()))
}

/// The number itself where it is within the threshold, else the first that is of a stream of its own.
///
/// # Panics
/// When the threshold is not above 0: no number would be within it.
fn truncated(z: f32, threshold: f32, seed: u64, place: u64) -> f32 {
    assert!(threshold > 0.0, "noise is truncated to a threshold above 0, not to {threshold}");
    let mut again = Philox::new(seed, AGAIN + place);
    let mut z = z;
    while z.abs() > threshold {
        z = again.normal();
    }
    z
}

/// `count` pictures, two at least, on the way from the first picture of the seed to the second, bytes `[count, size,
/// size, 3]`.
///
/// # Errors
/// When the device failed.
pub fn interpolate(trainer: &dyn Painter, choice: impl Into<Choice>, count: usize) -> Result<Vec<u8>, gpu::Error> {
    way::through(&points(trainer, choice, 2)?, count.max(2) - 1).draw(trainer)
}

#[cfg(test)]
mod tests {
    use super::truncated;
    use crate::philox::Philox;

    #[test]
    fn truncated_noise_is_normal_within_its_threshold() {
        let (mut noise, threshold) = (Philox::new(4, 0), 1.0);
        let drawn: Vec<f32> = (0..4000).map(|_| noise.normal()).collect();
        let kept: Vec<f32> = drawn.iter().zip(0..).map(|(z, place)| truncated(*z, threshold, 4, place)).collect();
        assert!(kept.iter().all(|z| z.abs() <= threshold));
        assert!(drawn.iter().zip(&kept).all(|(z, kept)| z.abs() > threshold || z == kept));
        // The variance of the normal distribution within ±1: 1 − 2 φ(1) / (2 Φ(1) − 1).
        let variance = kept.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>() / 4000.0;
        assert!((variance - 0.2911).abs() < 0.02, "{variance}");
        assert_eq!(truncated(3.0, threshold, 4, 7), truncated(5.0, threshold, 4, 7), "seed and place alone decide");
    }
}
