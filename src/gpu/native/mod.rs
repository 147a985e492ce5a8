//! The device on the CPU: our kernels as native code, which `sumi-native` holds. The only folder that names that crate.

mod adapters;
mod device;
mod reads;

pub(super) use self::adapters::{adapters, open};
