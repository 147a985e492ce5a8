//! Averages of the parameters over the steps, kept by the optimizers' own kernels.

use super::packed::Packed;
use crate::{gpu::Buffer, ops::elementwise::copy_into, tensor::Tensor};

/// `average ← decay · average + (1 − decay) · p` after each step, from the first values on; or nothing.
pub(super) struct Averages {
    decay: Option<f64>,
    buffer: Buffer,
}

impl Averages {
    /// The averages of these parameters, where a decay is given.
    pub(super) fn new(packed: &Packed, decay: Option<f64>) -> Self {
        let Some(decay) = decay else {
            // What the kernels are bound to and never touch.
            return Self { decay: None, buffer: packed.gpu().buffer(16) };
        };
        assert!((0.0..1.0).contains(&decay), "the decay of averages is from 0 to below 1, got {decay}");
        let buffer = packed.moment();
        let averages = Self { decay: Some(decay), buffer };
        for ((_, parameter), (_, average)) in packed.parameters().iter().zip(averages.parts(packed)) {
            copy_into(parameter.var().value(), &average);
        }
        averages
    }

    /// The decay as the kernels are told it; they do not look where there are none.
    pub(super) fn decay(&self) -> f64 {
        self.decay.unwrap_or(0.0)
    }

    /// 1 where averages are kept, else 0.
    pub(super) fn kept(&self) -> u32 {
        u32::from(self.decay.is_some())
    }

    /// Their memory.
    pub(super) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// The average of each parameter, by the parameter's name; none where none are kept.
    pub(super) fn parts(&self, packed: &Packed) -> Vec<(String, Tensor)> {
        self.decay.map(|_| packed.parts(&self.buffer)).unwrap_or_default()
    }

    /// The same as a state names them.
    pub(super) fn named(&self, packed: &Packed) -> Vec<(String, Tensor)> {
        let parts = self.parts(packed).into_iter();
        parts.map(|(name, part)| (format!("{name}.average"), part)).collect()
    }

    /// Puts the averages in the place of the parameters, where averages are kept.
    pub(super) fn take_over(&self, packed: &Packed) {
        for ((_, average), (_, parameter)) in self.parts(packed).iter().zip(packed.parameters()) {
            copy_into(average, parameter.var().value());
        }
    }
}
