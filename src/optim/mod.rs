//! Optimizers: one launch updates all parameters.

mod adam;
mod packed;
mod sgd;

pub use self::{
    adam::{Adam, AdamConfig},
    sgd::Sgd,
};
