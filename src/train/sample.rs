//! Pictures from a trained generator.

use std::path::Path;

use super::{
    Error,
    checkpoint::{Checkpoint, Header},
    config::Networks,
    dcgan::Trainer,
    report::sheet::to_bytes,
};
use crate::{gpu, gpu::Gpu, ops::random::Random, tensor::Tensor};

/// Pictures are drawn so many at a time, however many are wanted: kernels may sum in another order for another batch,
/// and the same seed is to give the same pictures.
const BATCH: usize = 16;

/// The step that sample noise is drawn as: no training ever comes so far, so that it is never trained on.
const STEP: u64 = u64::MAX;

/// A trainer with the state of a DCGAN's checkpoint file, to draw with: where averages of the weights were kept, the
/// generator has these.
///
/// # Errors
/// When the file cannot be used, is of another recipe, or the device failed.
pub fn restore(gpu: &Gpu, path: &Path) -> Result<(Trainer, Header), Error> {
    let checkpoint = Checkpoint::read(path)?;
    let Networks::Dcgan(config) = &checkpoint.header.config else {
        return Err(Error::Config(format!(
            "{} is a checkpoint of {}, which draws pictures from pictures: give `stylize --weights` its run",
            path.display(),
            checkpoint.header.recipe
        )));
    };
    let mut trainer = Trainer::new(gpu, config);
    checkpoint.load_into(path, &mut trainer)?;
    trainer.generator_adam.use_averages();
    gpu.finish()?;
    Ok((trainer, checkpoint.header))
}

/// `count` pictures, bytes `[count, size, size, 3]`. Each depends on the seed and its place alone.
///
/// # Errors
/// When the device failed.
pub fn draw(trainer: &Trainer, seed: u64, count: usize) -> Result<Vec<u8>, gpu::Error> {
    let mut bytes = Vec::new();
    for batch in batches(trainer, seed, count) {
        bytes.extend(batch?);
    }
    Ok(bytes)
}

/// The same pictures, some at a time, bytes `[n, size, size, 3]` each, for whoever wants more than memory holds. An
/// item is an error when the device failed.
pub fn batches(trainer: &Trainer, seed: u64, count: usize) -> impl Iterator<Item = Result<Vec<u8>, gpu::Error>> {
    let random = Random::new(trainer.tape().gpu(), seed, STEP);
    (0..count).step_by(BATCH).map(move |first| {
        let noise = random.normal([BATCH, 1, 1, trainer.config().nz]);
        let mut bytes = to_bytes(&trainer.draw(&noise).to_vec()?);
        bytes.truncate((count - first).min(BATCH) * 3 * trainer.config().size.pow(2));
        Ok(bytes)
    })
}

/// `count` pictures on the way from the first picture of the seed to the second, bytes `[count, size, size, 3]`.
///
/// # Errors
/// When the device failed.
pub fn interpolate(trainer: &Trainer, seed: u64, count: usize) -> Result<Vec<u8>, gpu::Error> {
    let (gpu, nz) = (trainer.tape().gpu(), trainer.config().nz);
    let noise = Random::new(gpu, seed, STEP).normal([BATCH, 1, 1, nz]).to_vec()?;
    let at = |place: usize| {
        let t = place as f64 / (count.max(2) - 1) as f64;
        spherical(&noise[..nz], &noise[nz..2 * nz], t.min(1.0))
    };
    let mut bytes = Vec::new();
    for first in (0..count).step_by(BATCH) {
        let rows: Vec<f32> = (first..first + BATCH).flat_map(at).collect();
        let rows = Tensor::from_slice(gpu, [BATCH, 1, 1, nz], &rows);
        bytes.extend(to_bytes(&trainer.draw(&rows).to_vec()?));
    }
    bytes.truncate(count * 3 * trainer.config().size.pow(2));
    Ok(bytes)
}

/// The point at `t` in [0, 1] of the great circle from `a` to `b` (Shoemake 1985): with ω the angle between them,
/// (sin((1 − t) ω) a + sin(t ω) b) / sin ω. Normal noise lies near a sphere, and on the straight line between two
/// points of it the generator would see lengths that it was never shown.
fn spherical(a: &[f32], b: &[f32], t: f64) -> Vec<f32> {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let angle = (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).clamp(-1.0, 1.0).acos();
    // Of two points in one direction, or in opposite ones, the circle is not determined: the line will do.
    let [from, to] = match angle.sin() {
        sine if sine < 1e-6 => [1.0 - t, t],
        sine => [((1.0 - t) * angle).sin() / sine, (t * angle).sin() / sine],
    };
    a.iter().zip(b).map(|(a, b)| (from * f64::from(*a) + to * f64::from(*b)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::spherical;

    #[test]
    fn a_great_circle_is_followed_at_even_speed() {
        let (a, b) = ([2.0, 0.0], [0.0, 2.0]);
        assert_eq!(spherical(&a, &b, 0.0), a);
        let third = spherical(&a, &b, 1.0 / 3.0);
        assert!((third[0] - 3f32.sqrt()).abs() < 1e-6 && (third[1] - 1.0).abs() < 1e-6);
        assert_eq!(spherical(&a, &a, 0.25), a);
    }
}
