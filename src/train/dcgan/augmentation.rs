//! How a run augments the pictures that its discriminator sees: always, or as often as ADA finds right.

use super::Regularization;
use crate::{
    autograd::Var,
    gpu::Gpu,
    ops::random::Random,
    parallel::World,
    tensor::Tensor,
    train::augment::{Ada, AdaConfig, DiffAugment, always},
};

/// What is done to pictures, and with which probability.
pub(super) struct Augmentation {
    changes: DiffAugment,
    always: Tensor,
    ada: Option<Ada>,
}

impl Augmentation {
    /// What the values ask for, if anything.
    pub fn new(gpu: &Gpu, values: &Regularization) -> Option<Self> {
        let changes = values.augment.clone()?;
        let adapting =
            AdaConfig { target: values.ada_target as f32, speed: values.ada_images as f32, ..AdaConfig::default() };
        let ada = (values.ada_target > 0.0).then(|| Ada::new(gpu, adapting));
        Some(Self { changes, always: always(gpu), ada })
    }

    /// Pictures `[N, H, W, 3]`, changed.
    pub fn apply(&self, pictures: &Var, random: &Random, world: &World) -> Var {
        let probability = self.ada.as_ref().map_or(&self.always, Ada::probability);
        self.changes.apply(pictures, random, probability, world)
    }

    /// Learns the logits of a step's real pictures.
    pub fn observe(&self, logits: &Var, world: &World) {
        if let Some(ada) = &self.ada {
            ada.observe(logits.value(), logits.shape().dims()[0], world);
        }
    }

    /// The state, by name.
    pub fn tensors(&self) -> Vec<(String, Tensor)> {
        self.ada.iter().map(Ada::tensor).collect()
    }
}
