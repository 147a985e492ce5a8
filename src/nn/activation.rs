//! Activations as layers.

use super::{Layer, Module};
use crate::{autograd::Var, ops::activation};

/// `torch.nn.ReLU`.
pub struct Relu;

/// `torch.nn.LeakyReLU`.
pub struct LeakyRelu {
    /// Slope for negative inputs.
    pub negative_slope: f32,
}

/// `torch.nn.Sigmoid`.
pub struct Sigmoid;

/// `torch.nn.SiLU`.
pub struct Silu;

/// `torch.nn.Tanh`.
pub struct Tanh;

/// `torch.nn.Softplus`.
pub struct Softplus;

impl Module for Relu {
    fn forward(&self, x: &Var) -> Var {
        activation::relu(x)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Pointwise(self)])
    }
}

impl Module for LeakyRelu {
    fn forward(&self, x: &Var) -> Var {
        activation::leaky_relu(x, self.negative_slope)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Pointwise(self)])
    }
}

impl Module for Sigmoid {
    fn forward(&self, x: &Var) -> Var {
        activation::sigmoid(x)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Pointwise(self)])
    }
}

impl Module for Silu {
    fn forward(&self, x: &Var) -> Var {
        activation::silu(x)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Pointwise(self)])
    }
}

impl Module for Tanh {
    fn forward(&self, x: &Var) -> Var {
        activation::tanh(x)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Pointwise(self)])
    }
}

impl Module for Softplus {
    fn forward(&self, x: &Var) -> Var {
        activation::softplus(x)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Pointwise(self)])
    }
}
