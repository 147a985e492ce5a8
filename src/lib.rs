//! Sumi (墨, ink): a GPU compute engine in hand-written WGSL, and the GANs on it that draw anime.
//!
//! The modules in reading order; each imports only from those before it. `ARCHITECTURE.md` says why, and leads from the
//! equations to the code; `shaders/README.md` is the table of contents of the kernels.
//!
//! | module | what |
//! |---|---|
//! | [`reference`](mod@reference) | what every kernel computes, in a few lines of f64 each |
//! | [`philox`] | the one source of random choices |
//! | [`parallel`] | several processes that train together |
//! | [`gpu`] | devices: memory, kernels, lists of commands |
//! | [`tensor`] | a shape and its memory |
//! | [`autograd`] | the tape |
//! | [`ops`] | differentiable ops |
//! | [`nn`] | layers |
//! | [`optim`] | optimizers |
//! | [`models`] | networks |
//! | [`data`] | pictures |
//! | [`weights`] | weights of others, in and out |
//! | [`train`] | recipes, runs, checkpoints |
//! | [`tune`] | the fastest tiles for an adapter |
//!
//! `examples/own_gan.rs` puts them together in a hundred lines.

pub mod autograd;
pub mod data;
pub mod gpu;
pub mod models;
pub mod nn;
pub mod ops;
pub mod optim;
pub mod parallel;
pub mod philox;
pub mod reference;
pub mod tensor;
pub mod train;
pub mod tune;
pub mod weights;
