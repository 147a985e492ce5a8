//! What is needed to compare the pictures that generators draw with those that one of them learns from.

use std::path::Path;

use super::Painter;
use crate::{
    data::{Labels, Pictures, compare::Features},
    gpu::Gpu,
    ops::elementwise::unpack_bytes,
    train::{
        Error, checkpoint::Header, config::RunConfig, metric::Reference, pictures, report::Folder, run::Listener,
        sample,
    },
};

/// Pictures that a discriminator is shown at a time, always: kernels may sum in another order for another batch.
const BATCH: usize = 16;

/// The pictures of a run, or of the run that a checkpoint file lies in: `count` of them and as many others, or half of
/// them each where there are fewer.
///
/// # Errors
/// When there is no run, it does not draw from noise, or its pictures cannot be read.
pub fn reference(run: &Path, count: usize, seed: u64, tell: &mut dyn Listener) -> Result<Reference, Error> {
    let (config, size) = config_of(run)?;
    let set = pictures::read(&config, size, tell)?.pictures;
    Reference::split(&set, count, seed, &config.source)
}

/// As many pictures as the reference has, drawn by a checkpoint's generator.
///
/// # Errors
/// When the checkpoint cannot be used, draws pictures of another size, or the device failed.
pub fn drawn(gpu: &Gpu, checkpoint: &Path, reference: &Reference) -> Result<(Pictures, Header), Error> {
    let (trainer, header) = sample::restore(gpu, checkpoint)?;
    let size = [trainer.size(); 2];
    if size != reference.pictures.size() {
        return Err(Error::Config(format!(
            "{} draws pictures of {2}×{2} pixels, and the first run of {1}×{1}; compare runs of one size",
            checkpoint.display(),
            reference.pictures.width(),
            size[0]
        )));
    }
    let bytes = sample::draw(&*trainer, reference.seed, reference.pictures.len())?;
    Ok((Pictures::new(size, bytes, Labels::none()), header))
}

/// A run's own discriminator, to compare pictures by what it sees in them.
pub struct OwnFeatures {
    trainer: Box<dyn Painter>,
    /// Steps that it has learnt for.
    pub steps: u64,
}

impl OwnFeatures {
    /// The discriminator of a checkpoint.
    ///
    /// # Errors
    /// When the checkpoint cannot be used, or the device failed.
    pub fn of(gpu: &Gpu, checkpoint: &Path) -> Result<Self, Error> {
        let (trainer, header) = sample::restore(gpu, checkpoint)?;
        trainer.discriminator().train(false);
        Ok(Self { trainer, steps: header.steps() })
    }

    /// What its last hidden layer makes of pictures of its size.
    ///
    /// # Errors
    /// When the device failed.
    pub fn features(&self, pictures: &Pictures) -> Result<Features, Error> {
        let ([height, width], tape) = (pictures.size(), self.trainer.tape());
        let (each, mut values, mut length) = (3 * height * width, Vec::new(), 0);
        for bytes in pictures.pixels().chunks(BATCH * each) {
            let mut batch = bytes.to_vec();
            batch.resize(BATCH * each, 0);
            let found = tape.no_grad(|| {
                let x = tape.constant(unpack_bytes(tape.gpu(), [BATCH, height, width, 3], &batch));
                self.trainer.features(&x)
            });
            length = found.shape().len() / BATCH;
            values.extend_from_slice(&found.value().to_vec()?[..bytes.len() / each * length]);
        }
        Ok(Features::new(length, &values))
    }
}

/// The configuration of a run, or of the run that a checkpoint file lies in, and the side of its pictures.
///
/// # Errors
/// When there is no run, or it does not draw from noise.
pub(crate) fn config_of(run: &Path) -> Result<(RunConfig, usize), Error> {
    let config = folder_of(run)?.read_config()?;
    let draws_not =
        || Error::Config(format!("{} is a run of {}, which does not draw from noise", run.display(), config.recipe));
    let size = config.networks.drawn_size().ok_or_else(draws_not)?;
    Ok((config, size))
}

/// The folder of a run, also of a file in it or in its `checkpoints`.
fn folder_of(run: &Path) -> Result<Folder, Error> {
    let above = run.ancestors().skip(1).take(2).filter(|_| run.is_file());
    let found = above.map(Folder::open).find_map(Result::ok);
    found.map_or_else(|| Folder::open(run), Ok)
}
