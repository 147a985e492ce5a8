//! What optimizers do beside Adam's update: clip, and keep averages.

use serde::{Deserialize, Serialize};

use crate::optim::AdamConfig;

/// The values, 0 where something is not done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// Largest norm of all gradients of an optimizer together.
    #[serde(default, skip_serializing_if = "is_off")]
    pub clip_grad_norm: f64,
    /// Decay of the averages of the generators' weights.
    #[serde(default, skip_serializing_if = "is_off")]
    pub ema: f64,
    /// The averages' half-life is at most this part of the steps so far.
    #[serde(default, skip_serializing_if = "is_off")]
    pub ema_rampup: f64,
}

fn is_off(value: &f64) -> bool {
    *value == 0.0
}

impl Update {
    /// The optimizer of generators, whose weights are averaged.
    pub fn of_generators(&self, adam: AdamConfig) -> AdamConfig {
        AdamConfig { ema: (self.ema > 0.0).then_some(self.ema), ema_rampup: self.ema_rampup, ..self.of_others(adam) }
    }

    /// The optimizer of any other network.
    pub fn of_others(&self, adam: AdamConfig) -> AdamConfig {
        AdamConfig { max_grad_norm: (self.clip_grad_norm > 0.0).then_some(self.clip_grad_norm), ..adam }
    }
}
