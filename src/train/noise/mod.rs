//! What the recipes from noise to pictures have in common: one set of pictures, a generator that is to draw more of
//! them, and a discriminator that tells its pictures from real ones.

pub mod measure;
mod recipe;
mod settings;

pub use self::settings::Flags;
pub(super) use self::{
    recipe::{Batches, read},
    settings::Fields,
};

use super::{checkpoint::Checkpoint, config::Networks, dcgan, faces, pending::Pending, recipe::Trained};
use crate::{
    autograd::{Tape, Var},
    gpu::{self, Gpu},
    nn::Module,
    ops::rows::Indices,
    optim::Adam,
    tensor::Tensor,
};

/// A recipe from noise to pictures, without its pictures.
pub trait Painter: Trained {
    /// The tape that it computes on.
    fn tape(&self) -> &Tape;

    /// Side of the pictures in pixels.
    fn size(&self) -> usize;

    /// Length of the noise vector.
    fn nz(&self) -> usize;

    /// Seed of every random choice.
    fn seed(&self) -> u64;

    /// The names of the pictures' classes; none where nothing is known about them.
    fn classes(&self) -> &[String];

    /// The names of a step's figures.
    fn columns(&self) -> &'static [&'static str];

    /// A step's figures as a person reads them.
    fn describe(&self, figures: &[f32]) -> String;

    /// One step on a batch of pictures, bytes `[N, size, size, 3]`, and the class of each where there are classes:
    /// noise is drawn, the discriminator learns, then the generator. Records and submits; does not wait.
    ///
    /// # Errors
    /// When the device failed.
    fn step(&mut self, pictures: &[u8], labels: Option<&[u32]>) -> Result<Pending, gpu::Error>;

    /// Pictures `[n, size, size, 3]` in [-1, 1] of noise `[n, 1, 1, nz]`, and the class of each where there are
    /// classes, with a history.
    ///
    /// # Panics
    /// When there are classes and no labels, or labels and no classes.
    fn generate(&self, noise: &Var, labels: Option<&Indices>) -> Var;

    /// What the discriminator's last hidden layer makes of pictures `[n, size, size, 3]`.
    fn features(&self, pictures: &Var) -> Var;

    /// Noise to pictures.
    fn generator(&self) -> &dyn Module;

    /// Pictures to logits.
    fn discriminator(&self) -> &dyn Module;

    /// The generator's optimizer, which keeps the averages of its weights.
    fn generator_adam(&self) -> &Adam;

    /// The networks in a sentence.
    fn introduction(&self) -> String;

    /// Classes on the device; `None` where there are none.
    ///
    /// # Panics
    /// When a label is no class, or there are labels and no classes.
    fn indices(&self, labels: Option<&[u32]>) -> Option<Indices> {
        labels.map(|labels| Indices::new(self.tape().gpu(), labels, self.classes().len()))
    }

    /// The pictures of [`Painter::generate`], with the running statistics of normalisation. Leaves the generator in
    /// training mode, whichever it was in.
    ///
    /// # Panics
    /// When there are classes and no labels, or labels and no classes.
    fn draw(&self, noise: &Tensor, labels: Option<&[u32]>) -> Tensor {
        self.generator().train(false);
        let labels = self.indices(labels);
        let noise = self.tape().constant(noise.clone());
        let pictures = self.tape().no_grad(|| self.generate(&noise, labels.as_ref()));
        self.generator().train(true);
        pictures.value().clone()
    }
}

/// Networks for a checkpoint, with first values; `None` where it is one of a recipe from picture to picture.
pub(super) fn painter(gpu: &Gpu, checkpoint: &Checkpoint) -> Option<Box<dyn Painter>> {
    Some(match &checkpoint.header.config {
        Networks::Dcgan(config) => Box::new(dcgan::Trainer::new(gpu, config)),
        Networks::Faces(config) => Box::new(faces::Trainer::new(gpu, config)),
        Networks::Cyclegan(_) | Networks::Cut(_) | Networks::Anime(_) => return None,
    })
}
