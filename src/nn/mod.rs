//! Layers: ops with parameters of their own, put together as in `torch.nn`.

pub mod init;
mod module;
mod sequential;

pub use self::{
    module::{Module, Parameter, parameter_count},
    sequential::Sequential,
};
