//! Layers: ops with parameters of their own, put together as in `torch.nn`.

mod activation;
mod conv;
pub mod init;
mod linear;
mod module;
mod norm;
mod residual;
mod resample;
mod sequential;

pub use self::{
    activation::{LeakyRelu, Relu, Sigmoid, Softplus, Tanh},
    conv::{Conv2d, ConvTranspose2d},
    linear::Linear,
    module::{Module, Parameter, parameter_count},
    norm::BatchNorm2d,
    residual::Residual,
    resample::{AvgPool2d, BlurPool2d, BlurUpsample2d, ReflectionPad2d, Upsample},
    sequential::Sequential,
};
