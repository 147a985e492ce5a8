//! The shortcut.

use super::{Layer, Module, Parameter, Sequential};
use crate::{autograd::Var, ops::elementwise::add, tensor::Tensor};

/// `x + f(x)` (He et al., 2016), with layers `f` that keep the shape. State has the names it has in `f`.
pub struct Residual {
    layers: Sequential,
}

impl Residual {
    /// A shortcut past `layers`.
    pub fn new(layers: Sequential) -> Self {
        Self { layers }
    }

    /// What the shortcut goes past.
    pub fn layers(&self) -> &Sequential {
        &self.layers
    }
}

impl Module for Residual {
    fn forward(&self, x: &Var) -> Var {
        add(x, &self.layers.forward(x))
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        self.layers.parameters()
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        self.layers.buffers()
    }

    fn train(&self, training: bool) {
        self.layers.train(training);
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Residual(self.layers.structure()?)])
    }
}
