//! Optimizers: one launch updates all parameters.

mod adam;
mod average;
pub mod clip;
mod packed;
mod sgd;

pub use self::{
    adam::{Adam, AdamConfig},
    sgd::{Sgd, SgdConfig},
};
