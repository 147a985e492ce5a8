//! Activations as layers.

use super::{Layer, Module};
use crate::{
    autograd::Var,
    ops::{activation, elementwise::mul, shape::slice_channels},
};

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

/// `torch.nn.GLU` over channels: the first half of them, times the sigmoid of the second (Dauphin et al., 2017);
/// `x [.., 2c]` → `[.., c]`.
pub struct Glu;

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

impl Module for Glu {
    fn forward(&self, x: &Var) -> Var {
        let c = x.shape().channels();
        assert!(c.is_multiple_of(2), "Glu: the channels of {:?} have no halves", x.shape());
        mul(&slice_channels(x, 0..c / 2), &activation::sigmoid(&slice_channels(x, c / 2..c)))
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Pointwise(self)])
    }
}
