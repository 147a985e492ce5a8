//! Stochastic gradient descent with momentum.

use bytemuck::{Pod, Zeroable};

use super::{average::Averages, packed::Packed};
use crate::{
    gpu::{Buffer, Dispatch},
    nn::Parameter,
    parallel::World,
    tensor::Tensor,
};

/// Hyper-parameters of stochastic gradient descent, with PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdConfig {
    /// Learning rate.
    pub lr: f64,
    /// Part of the last step that is taken again.
    pub momentum: f64,
    /// As [`AdamConfig::max_grad_norm`](super::AdamConfig::max_grad_norm).
    pub max_grad_norm: Option<f64>,
    /// As [`AdamConfig::ema`](super::AdamConfig::ema).
    pub ema: Option<f64>,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self { lr: 1e-3, momentum: 0.0, max_grad_norm: None, ema: None }
    }
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    count: u32,
    momentum: f32,
    averaged: u32,
}

/// `torch.optim.SGD` with momentum: `b ← μ b + g`, `p ← p − lr b`; one launch updates all
/// parameters, and their averages where those are kept.
pub struct Sgd {
    packed: Packed,
    buffer: Buffer,
    averages: Averages,
    config: SgdConfig,
}

impl Sgd {
    /// An optimizer of `parameters`, whose values move into memory of its own.
    pub fn new(parameters: Vec<(String, Parameter)>, config: SgdConfig) -> Self {
        let packed = Packed::new(parameters);
        let buffer = packed.moment();
        let averages = Averages::new(&packed, config.ema);
        Self { packed, buffer, averages, config }
    }

    /// From now on steps are taken along the mean gradients of these processes, which must have the same parameters.
    pub fn average_over(&mut self, world: &World) {
        self.packed.average_over(world);
    }

    /// Updates all parameters from the gradients that backward has left, and forgets these.
    ///
    /// # Panics
    /// When a parameter has no gradient.
    pub fn step(&mut self) {
        let SgdConfig { lr, momentum, max_grad_norm, .. } = self.config;
        let gradients = self.packed.gather();
        let verdict = self.packed.verdict(max_grad_norm);
        let gpu = self.packed.gpu();
        let step = gpu.upload(&[lr, self.averages.decay()].map(|c| c as f32));
        let (count, averaged) = (self.packed.count(), self.averages.kept());
        let params = Params { count, momentum: momentum as f32, averaged };
        let elements = 4.0 * f64::from(params.count);
        let dispatch = Dispatch::new("sgd", &params)
            .invocations(params.count as usize)
            .bind(&step)
            .bind(verdict)
            .bind(gradients)
            .bind(self.packed.values())
            .bind(&self.buffer)
            .bind(self.averages.buffer());
        let averaged = f64::from(averaged);
        gpu.dispatch(dispatch.work((5.0 + 3.0 * averaged) * elements, (20.0 + 8.0 * averaged) * elements));
    }

    /// Forgets the gradients that backward has left.
    pub fn zero_grad(&self) {
        self.packed.zero_grad();
    }

    /// Changes the learning rate of the steps to come.
    pub fn set_lr(&mut self, lr: f64) {
        self.config.lr = lr;
    }

    /// The `momentum_buffer` of each parameter, named after it.
    pub fn moments(&self) -> Vec<(String, Tensor)> {
        let parts = self.packed.parts(&self.buffer);
        parts.into_iter().map(|(name, part)| (format!("{name}.momentum_buffer"), part)).collect()
    }

    /// The average of each parameter, named after it (`.average`); none without [`SgdConfig::ema`].
    pub fn averages(&self) -> Vec<(String, Tensor)> {
        self.averages.named(&self.packed)
    }

    /// Puts the averages in the place of the parameters, where averages are kept.
    pub fn use_averages(&self) {
        self.averages.take_over(&self.packed);
    }
}
