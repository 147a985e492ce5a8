//! Normalisation as a layer.

use std::cell::Cell;

use super::{Module, Parameter, init::Init};
use crate::{
    autograd::{Tape, Var},
    ops::{
        elementwise::full,
        norm::{Running, batch_norm},
    },
    tensor::Tensor,
};

/// `torch.nn.BatchNorm2d`: eps 1e-5, momentum 0.1.
pub struct BatchNorm2d {
    weight: Parameter,
    bias: Parameter,
    running: Running,
    training: Cell<bool>,
}

impl BatchNorm2d {
    /// A layer with weights from N(1, `std`²) and zero biases, in training mode.
    pub fn new(tape: &Tape, init: &mut Init, channels: usize, std: f32) -> Self {
        Self {
            weight: Parameter::new(tape, [channels], &init.normal(channels, 1.0, std)),
            bias: Parameter::new(tape, [channels], &vec![0.0; channels]),
            running: Running { mean: full(tape.gpu(), [channels], 0.0), var: full(tape.gpu(), [channels], 1.0) },
            training: Cell::new(true),
        }
    }
}

impl Module for BatchNorm2d {
    fn forward(&self, x: &Var) -> Var {
        batch_norm(x, &self.weight.var(), &self.bias.var(), &self.running, self.training.get(), 0.1, 1e-5)
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        vec![("weight".to_owned(), self.weight.clone()), ("bias".to_owned(), self.bias.clone())]
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        vec![
            ("running_mean".to_owned(), self.running.mean.clone()),
            ("running_var".to_owned(), self.running.var.clone()),
        ]
    }

    fn train(&self, training: bool) {
        self.training.set(training);
    }
}
