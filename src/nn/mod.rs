//! Layers: ops with parameters of their own, put together as in `torch.nn`.

mod activation;
pub mod bands;
mod colour;
mod conv;
mod conv_rows;
pub mod init;
mod linear;
mod module;
mod norm;
mod resample;
mod residual;
mod sequential;
mod spectral_norm;
mod structure;

pub use self::{
    activation::{LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh},
    colour::SwapColours,
    conv::{Conv2d, ConvTranspose2d},
    linear::Linear,
    module::{Module, Parameter, parameter_count},
    norm::{BatchNorm2d, GroupNorm, InstanceNorm2d},
    resample::{AvgPool2d, BlurPool2d, BlurUpsample2d, ReflectionPad2d, Upsample},
    residual::Residual,
    sequential::Sequential,
    spectral_norm::SpectralNorm,
    structure::{Layer, Norm, RowMap, Rowwise},
};
