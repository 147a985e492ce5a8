//! Activations as layers.

use super::Module;
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
}

impl Module for LeakyRelu {
    fn forward(&self, x: &Var) -> Var {
        activation::leaky_relu(x, self.negative_slope)
    }
}

impl Module for Sigmoid {
    fn forward(&self, x: &Var) -> Var {
        activation::sigmoid(x)
    }
}

impl Module for Silu {
    fn forward(&self, x: &Var) -> Var {
        activation::silu(x)
    }
}

impl Module for Tanh {
    fn forward(&self, x: &Var) -> Var {
        activation::tanh(x)
    }
}

impl Module for Softplus {
    fn forward(&self, x: &Var) -> Var {
        activation::softplus(x)
    }
}
