//! Sumi (墨, ink): a GPU compute engine in hand-written WGSL, and the GANs on it that draw anime.

pub mod autograd;
pub mod data;
pub mod gpu;
pub mod models;
pub mod nn;
pub mod ops;
pub mod optim;
pub mod philox;
pub mod reference;
pub mod tensor;
pub mod train;
