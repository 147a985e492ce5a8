//! Layers: ops with parameters of their own, put together as in `torch.nn`.

mod activation;
pub mod bands;
mod colour;
mod conv;
mod conv_rows;
mod embedding;
pub mod init;
mod linear;
mod minibatch_stddev;
mod module;
mod norm;
mod recompute;
mod resample;
mod residual;
mod sequential;
mod spectral_norm;
mod structure;

pub use self::{
    activation::{Glu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh},
    colour::SwapColours,
    conv::{Conv2d, ConvTranspose2d},
    embedding::Embedding,
    linear::Linear,
    minibatch_stddev::MinibatchStddev,
    module::{Module, Parameter, parameter_count},
    norm::{BatchNorm2d, GroupNorm, InstanceNorm2d},
    resample::{AvgPool2d, BlurPool2d, BlurUpsample2d, ReflectionPad2d, Upsample},
    residual::Residual,
    sequential::Sequential,
    spectral_norm::SpectralNorm,
    structure::{Layer, Norm, RowMap, Rowwise},
};
