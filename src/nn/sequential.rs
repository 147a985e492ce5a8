//! Layers one after the other.

use super::{Module, Parameter};
use crate::{autograd::Var, tensor::Tensor};

/// Each layer's output is the next one's input (`torch.nn.Sequential`). State is named by the layer's place:
/// `0.weight`.
#[derive(Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Module>>,
}

impl Sequential {
    /// No layers yet: the identity.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer behind the others.
    pub fn with(mut self, layer: impl Module + 'static) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    fn named<T>(&self, of: impl Fn(&dyn Module) -> Vec<(String, T)>) -> Vec<(String, T)> {
        let layers = self.layers.iter().enumerate();
        layers
            .flat_map(|(place, layer)| of(&**layer).into_iter().map(move |(n, state)| (format!("{place}.{n}"), state)))
            .collect()
    }
}

impl Module for Sequential {
    fn forward(&self, x: &Var) -> Var {
        self.layers.iter().fold(x.clone(), |x, layer| layer.forward(&x))
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        self.named(|layer| layer.parameters())
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        self.named(|layer| layer.buffers())
    }

    fn train(&self, training: bool) {
        for layer in &self.layers {
            layer.train(training);
        }
    }
}
