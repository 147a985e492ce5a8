//! The device on the CPU: our kernels as native code, which `sumi-native` holds. The only folder that names that crate.

mod adapters;
mod device;
mod reads;

pub(super) use self::adapters::{adapters, open};

/// Bytes of memory that this machine, or the container that we run in, can still give without swapping.
pub fn available_memory() -> u64 {
    sumi_native::machine_memory().available
}
