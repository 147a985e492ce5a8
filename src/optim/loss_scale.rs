//! Dynamic loss scaling: small gradients are lifted over what f16 can hold.

use bytemuck::{Pod, Zeroable};

use crate::{
    autograd::Tape,
    gpu::{Dispatch, Precision},
    tensor::Tensor,
};

/// Invocations that look for gradients that are not finite.
const PARTS: usize = 4096;

/// Hyper-parameters of dynamic loss scaling, with the names and defaults of `torch.amp.GradScaler`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossScaleConfig {
    /// The first factor.
    pub init_scale: f32,
    /// What it is multiplied by after `growth_interval` good steps in a row.
    pub growth_factor: f32,
    /// What it is multiplied by after a step with a gradient that is not finite.
    pub backoff_factor: f32,
    /// Good steps in a row after which it grows.
    pub growth_interval: u32,
}

impl Default for LossScaleConfig {
    fn default() -> Self {
        Self { init_scale: 65536.0, growth_factor: 2.0, backoff_factor: 0.5, growth_interval: 2000 }
    }
}

/// `torch.amp.GradScaler`, all of it on the device: whether a step is left out is never read back.
///
/// Every [`backward`](crate::autograd::Var::backward) on its tape begins with the factor instead of 1. An optimizer's
/// step finds it on the tape of its parameters, takes the gradients times 1 / factor, and changes nothing where one of
/// them is not finite. [`LossScale::update`] ends a training step. The bias correction of Adam counts steps that were
/// left out, where PyTorch's does not.
pub struct LossScale {
    state: Tensor,
    config: LossScaleConfig,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Update {
    growth: f32,
    backoff: f32,
    interval: f32,
}

impl LossScale {
    /// Scales the losses of `tape` from here on.
    pub fn new(tape: &Tape, config: LossScaleConfig) -> Self {
        let state = Tensor::from_slice(tape.gpu(), [4], &[config.init_scale, 0.0, 0.0, 0.0]);
        tape.scale_losses(&state);
        Self { state, config }
    }

    /// The same with PyTorch's values, where the device computes products in mixed precision.
    pub fn where_mixed(tape: &Tape) -> Option<Self> {
        (tape.gpu().precision() == Precision::Mixed).then(|| Self::new(tape, LossScaleConfig::default()))
    }

    /// Ends a training step, in which any number of optimizers took theirs: the factor shrinks where one of them was
    /// left out, and grows after enough steps without that.
    pub fn update(&self) {
        let LossScaleConfig { growth_factor, backoff_factor, growth_interval, .. } = self.config;
        let params = Update { growth: growth_factor, backoff: backoff_factor, interval: growth_interval as f32 };
        self.state.gpu().dispatch(Dispatch::new("update_loss_scale", &params).bind(&self.state).work(2.0, 24.0));
    }

    /// The state by name, for a checkpoint: `[factor, good steps, found, unused]`.
    pub fn tensor(&self) -> (String, Tensor) {
        (Self::NAME.to_owned(), self.state.clone())
    }

    /// The state's name in a checkpoint.
    pub const NAME: &'static str = "loss_scale";
}

/// How many of `gradients` are not finite, in parts: `[parts]`. They are read to the end of their last vec4.
pub fn count_not_finite(gradients: &Tensor) -> Tensor {
    let (gpu, count) = (gradients.gpu(), gradients.len().div_ceil(4));
    let parts = Tensor::empty(gpu, [count.min(PARTS)]);
    let dispatch = Dispatch::new("count_not_finite", &[count as u32, parts.len() as u32]).invocations(parts.len());
    let elements = gradients.len() as f64;
    gpu.dispatch(dispatch.bind(gradients).bind(&parts).work(elements, 4.0 * elements));
    parts
}

/// The verdict `[1 / factor, whether the step is left out]` of a state that begins with the factor; noted there too.
pub fn judge_gradients(parts: &Tensor, state: &Tensor) -> Tensor {
    let verdict = Tensor::empty(parts.gpu(), [2]);
    let dispatch = Dispatch::new("judge_gradients", &[parts.len() as u32]).bind(parts).bind(state).bind(&verdict);
    parts.gpu().dispatch(dispatch.work(parts.len() as f64, 4.0 * parts.len() as f64));
    verdict
}
