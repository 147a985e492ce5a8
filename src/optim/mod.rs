//! Optimizers: one launch updates all parameters.

mod adam;
mod average;
pub mod clip;
mod loss_scale;
mod packed;
mod sgd;

pub use self::{
    adam::{Adam, AdamConfig},
    loss_scale::{LossScale, LossScaleConfig, count_not_finite, judge_gradients},
    sgd::{Sgd, SgdConfig},
};
