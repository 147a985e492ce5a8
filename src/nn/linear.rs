//! The fully connected layer.

use super::{Module, Parameter, init::Init};
use crate::{
    autograd::{Tape, Var},
    ops::matmul,
};

/// `torch.nn.Linear`: `y = x w + b`. The weights are `[in, out]`, PyTorch's transposed.
pub struct Linear {
    weight: Parameter,
    bias: Option<Parameter>,
}

impl Linear {
    /// A layer with PyTorch's first values: all from U(-1/√in, 1/√in).
    pub fn new(tape: &Tape, init: &mut Init, inputs: usize, outputs: usize, bias: bool) -> Self {
        let bound = 1.0 / (inputs as f32).sqrt();
        let weight = Parameter::drawn(tape, [inputs, outputs], |count| init.uniform(count, bound));
        let bias = bias.then(|| Parameter::new(tape, [outputs], &init.uniform(outputs, bound)));
        Self { weight, bias }
    }

    /// A layer with weights from N(0, `std`²), and zero biases.
    pub fn normal(tape: &Tape, init: &mut Init, inputs: usize, outputs: usize, std: f32) -> Self {
        let weight = Parameter::drawn(tape, [inputs, outputs], |count| init.normal(count, 0.0, std));
        Self { weight, bias: Some(Parameter::new(tape, [outputs], &vec![0.0; outputs])) }
    }
}

impl Module for Linear {
    fn forward(&self, x: &Var) -> Var {
        let bias = self.bias.as_ref().map(Parameter::var);
        matmul::linear(x, &self.weight.var(), bias.as_ref())
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        let weight = std::iter::once(("weight".to_owned(), self.weight.clone()));
        weight.chain(self.bias.iter().map(|b| ("bias".to_owned(), b.clone()))).collect()
    }
}
