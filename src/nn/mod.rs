//! Layers: ops with parameters of their own, put together as in `torch.nn`.

mod activation;
mod conv;
pub mod init;
mod linear;
mod module;
mod norm;
mod residual;
mod sequential;

pub use self::{
    activation::{LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh},
    conv::{Conv2d, ConvTranspose2d},
    linear::Linear,
    module::{Module, Parameter, parameter_count},
    norm::BatchNorm2d,
    residual::Residual,
    sequential::Sequential,
};
