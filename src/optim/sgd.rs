//! Stochastic gradient descent with momentum.

use bytemuck::{Pod, Zeroable};

use super::{loss_scale::verdict, packed::Packed};
use crate::{
    gpu::{Buffer, Dispatch},
    nn::Parameter,
    tensor::Tensor,
};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    count: u32,
    momentum: f32,
}

/// `torch.optim.SGD` with momentum: `b ← μ b + g`, `p ← p − lr b`; one launch updates all parameters.
pub struct Sgd {
    packed: Packed,
    buffer: Buffer,
    lr: f64,
    momentum: f64,
}

impl Sgd {
    /// An optimizer of `parameters`, whose values move into memory of its own.
    pub fn new(parameters: Vec<(String, Parameter)>, lr: f64, momentum: f64) -> Self {
        let packed = Packed::new(parameters);
        let buffer = packed.moment();
        Self { packed, buffer, lr, momentum }
    }

    /// Updates all parameters from the gradients that backward has left, and forgets these.
    ///
    /// # Panics
    /// When a parameter has no gradient.
    pub fn step(&mut self) {
        let gradients = self.packed.gather();
        let verdict = verdict(&self.packed);
        let gpu = self.packed.gpu();
        let step = gpu.upload(&[self.lr as f32]);
        let params = Params { count: self.packed.count(), momentum: self.momentum as f32 };
        let elements = 4.0 * f64::from(params.count);
        let dispatch = Dispatch::new("sgd", &params)
            .invocations(params.count as usize)
            .bind(&step)
            .bind(verdict)
            .bind(gradients)
            .bind(self.packed.values())
            .bind(&self.buffer);
        gpu.dispatch(dispatch.work(4.0 * elements, 20.0 * elements));
    }

    /// Forgets the gradients that backward has left.
    pub fn zero_grad(&self) {
        self.packed.zero_grad();
    }

    /// Changes the learning rate of the steps to come.
    pub fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }

    /// The `momentum_buffer` of each parameter, named after it.
    pub fn moments(&self) -> Vec<(String, Tensor)> {
        let parts = self.packed.parts(&self.buffer);
        parts.into_iter().map(|(name, part)| (format!("{name}.momentum_buffer"), part)).collect()
    }
}
