//! The device behind wgpu: Vulkan, Metal and DX12. The only folder that names wgpu.

mod adapters;
mod budget;
mod device;
mod encode;
pub(super) mod interface;
mod kept;
mod memory;
mod pace;
mod pipeline;
mod timing;

pub(super) use self::adapters::{adapters, open};
