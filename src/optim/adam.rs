//! Adam.

use bytemuck::{Pod, Zeroable};

use super::{average::Averages, packed::Packed};
use crate::{
    gpu::{Buffer, Dispatch},
    nn::Parameter,
    parallel::World,
    tensor::Tensor,
};

/// Hyper-parameters of Adam, with PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamConfig {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the first and second moment.
    pub betas: [f64; 2],
    /// Added to the divisor.
    pub eps: f64,
    /// Largest norm of all gradients together: longer ones are shortened to it (`torch.nn.utils.clip_grad_norm_`).
    pub max_grad_norm: Option<f64>,
    /// Decay of averages of the parameters (`average ← ema · average + (1 − ema) · p`), where they are to be kept.
    pub ema: Option<f64>,
    /// The averages' half-life is at most this part of the steps so far, so that first weights are soon forgotten
    /// (Karras et al., 2020); 0 is no limit.
    pub ema_rampup: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, max_grad_norm: None, ema: None, ema_rampup: 0.0 }
    }
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    count: u32,
    beta1: f32,
    beta2: f32,
    eps: f32,
    averaged: u32,
}

/// `torch.optim.Adam` (Kingma and Ba, 2015), bias correction as PyTorch's: one launch updates all parameters, and
/// their averages where those are kept.
pub struct Adam {
    packed: Packed,
    m: Buffer,
    v: Buffer,
    averages: Averages,
    config: AdamConfig,
    steps: u64,
}

impl Adam {
    /// An optimizer of `parameters`, whose values move into memory of its own.
    pub fn new(parameters: Vec<(String, Parameter)>, config: AdamConfig) -> Self {
        let packed = Packed::new(parameters);
        let (m, v) = (packed.moment(), packed.moment());
        let averages = Averages::new(&packed, config.ema);
        Self { packed, m, v, averages, config, steps: 0 }
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
        self.steps += 1;
        let AdamConfig { lr, betas: [beta1, beta2], eps, max_grad_norm, .. } = self.config;
        // In f64, as PyTorch's: 1 - β2ᵗ of small t has few digits left in f32.
        let power = self.steps as f64;
        let [rate, spread] = [lr / (1.0 - beta1.powf(power)), 1.0 / (1.0 - beta2.powf(power)).sqrt()];
        let gradients = self.packed.gather();
        let verdict = self.packed.verdict(max_grad_norm);
        let gpu = self.packed.gpu();
        let step = gpu.upload(&[rate, spread, self.decay()].map(|c| c as f32));
        let (count, averaged) = (self.packed.count(), self.averages.kept());
        let params = Params { count, beta1: beta1 as f32, beta2: beta2 as f32, eps: eps as f32, averaged };
        let elements = 4.0 * f64::from(params.count);
        let dispatch = Dispatch::new("adam", &params)
            .invocations(params.count as usize)
            .bind(&step)
            .bind(verdict)
            .bind(gradients)
            .bind(self.packed.values())
            .bind(&self.m)
            .bind(&self.v)
            .bind(self.averages.buffer());
        let averaged = f64::from(averaged);
        gpu.dispatch(dispatch.work((16.0 + 3.0 * averaged) * elements, (28.0 + 8.0 * averaged) * elements));
    }

    /// The averages' decay in this step.
    fn decay(&self) -> f64 {
        let (decay, half_life) = (self.averages.decay(), self.config.ema_rampup * self.steps as f64);
        if half_life > 0.0 { decay.min(0.5f64.powf(1.0 / half_life)) } else { decay }
    }

    /// The gradients that the last step used, by the parameter's name; zero before the first. Of a scaled loss they are
    /// scaled.
    pub fn gradients(&self) -> Vec<(String, Tensor)> {
        self.packed.gradients()
    }

    /// Forgets the gradients that backward has left.
    pub fn zero_grad(&self) {
        self.packed.zero_grad();
    }

    /// Changes the learning rate of the steps to come.
    pub fn set_lr(&mut self, lr: f64) {
        self.config.lr = lr;
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Sets the number of steps taken, after the moments were loaded.
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// The first (`exp_avg`) and second (`exp_avg_sq`) moment of each parameter, named after it.
    pub fn moments(&self) -> Vec<(String, Tensor)> {
        let named = |moment, suffix: &str| {
            let parts: Vec<(String, Tensor)> = self.packed.parts(moment);
            parts.into_iter().map(|(name, part)| (format!("{name}.{suffix}"), part)).collect::<Vec<_>>()
        };
        [named(&self.m, "exp_avg"), named(&self.v, "exp_avg_sq")].concat()
    }

    /// The average of each parameter, named after it (`.average`); none without [`AdamConfig::ema`].
    pub fn averages(&self) -> Vec<(String, Tensor)> {
        self.averages.named(&self.packed)
    }

    /// Puts the averages in the place of the parameters, where averages are kept: for drawing, when training is over.
    pub fn use_averages(&self) {
        self.averages.take_over(&self.packed);
    }

    /// Runs `body` with the averages in the place of the parameters, where averages are kept: for drawing while
    /// training goes on. What `body` records sees the averages, what is recorded after it the parameters.
    pub fn with_averages<T>(&self, body: impl FnOnce() -> T) -> T {
        if self.config.ema.is_none() {
            return body();
        }
        let parameters = self.packed.copy();
        self.use_averages();
        let result = body();
        self.packed.restore(&parameters);
        result
    }
}
