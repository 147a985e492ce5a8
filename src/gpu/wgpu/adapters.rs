//! Finding adapters and opening a device on one.

use std::sync::{Arc, OnceLock};

use wgpu::{Backends, CooperativeScalarType, DeviceType, Features};

use super::{device::WgpuDevice, kept::Kept, pipeline::Pipelines};
use crate::gpu::{AdapterInfo, AdapterKind, Cache, Error, Limits, Options, Precision};

/// The optional features that kernels or profiles use where they exist.
const WANTED: [(Features, &str); 3] = [
    (Features::SUBGROUP, "subgroups"),
    (Features::TIMESTAMP_QUERY, "timestamps"),
    (Features::PIPELINE_CACHE, "pipeline cache"),
];

/// What kernels with cooperative matrices need. Asked for only where somebody wants them: the interface to it is not
/// settled, and the memory model that drivers are told changes with it.
const COOPERATIVE: Features = Features::EXPERIMENTAL_COOPERATIVE_MATRIX.union(Features::SHADER_F16);

/// One instance for the process: drivers have crashed when several were created at once.
fn instance() -> &'static wgpu::Instance {
    static INSTANCE: OnceLock<wgpu::Instance> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
        wgpu::Instance::new(descriptor)
    })
}

fn found() -> &'static [wgpu::Adapter] {
    static FOUND: OnceLock<Vec<wgpu::Adapter>> = OnceLock::new();
    FOUND.get_or_init(|| pollster::block_on(instance().enumerate_adapters(Backends::all())))
}

/// The adapters of this machine.
pub(in crate::gpu) fn adapters() -> Vec<AdapterInfo> {
    found().iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect()
}

fn describe(index: usize, adapter: &wgpu::Adapter) -> AdapterInfo {
    let (info, limits, features) = (adapter.get_info(), adapter.limits(), adapter.features());
    let fixed = info.subgroup_min_size == info.subgroup_max_size && info.subgroup_min_size > 1;
    let cooperative = cooperative(adapter);
    let known = WANTED.iter().filter(|(f, _)| features.contains(*f)).map(|(_, name)| *name);
    AdapterInfo {
        index,
        name: info.name,
        kind: match info.device_type {
            DeviceType::DiscreteGpu => AdapterKind::Discrete,
            DeviceType::IntegratedGpu => AdapterKind::Integrated,
            DeviceType::VirtualGpu | DeviceType::Other => AdapterKind::Virtual,
            DeviceType::Cpu => AdapterKind::Software,
        },
        interface: info.backend.to_str().to_owned(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        limits: Limits {
            binding_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            invocations: limits.max_compute_invocations_per_workgroup,
            workgroups: limits.max_compute_workgroups_per_dimension,
            offset_alignment: u64::from(limits.min_storage_buffer_offset_alignment),
        },
        features: known.chain(cooperative.then_some("cooperative matrices")).map(str::to_owned).collect(),
        lanes: (fixed && features.contains(Features::SUBGROUP)).then_some(info.subgroup_min_size),
        cooperative,
    }
}

/// Whether subgroups multiply 16 by 16 matrices of f16 and add them up in f32.
fn cooperative(adapter: &wgpu::Adapter) -> bool {
    let fitting = |p: &wgpu::CooperativeMatrixProperties| {
        [p.m_size, p.n_size, p.k_size] == [16; 3]
            && (p.ab_type, p.cr_type) == (CooperativeScalarType::F16, CooperativeScalarType::F32)
    };
    adapter.features().contains(COOPERATIVE | Features::SUBGROUP)
        && adapter.cooperative_matrix_properties().iter().any(fitting)
}

/// Opens a device with everything we use that the adapter has, what mixed precision needs only if that is wanted.
#[expect(unsafe_code, reason = "wgpu's cooperative matrices are an experiment of theirs, which has to be acknowledged")]
pub(in crate::gpu) fn open(
    info: &AdapterInfo,
    options: &Options,
    cache: Option<Cache>,
) -> Result<Arc<WgpuDevice>, Error> {
    let adapter = found().get(info.index).ok_or(Error::NoAdapter)?;
    let mut wanted = WANTED.iter().fold(Features::empty(), |all, (feature, _)| all | *feature);
    let cooperative = options.precision == Precision::Mixed && info.cooperative;
    let mut experimental_features = wgpu::ExperimentalFeatures::disabled();
    if cooperative {
        wanted |= COOPERATIVE;
        // SAFETY: what may be undefined is what a faulty driver or wgpu makes of our kernels with cooperative matrices;
        // they keep in bounds, and `ops::mixed` holds what they compute against f32 before anybody relies on them.
        experimental_features = unsafe { wgpu::ExperimentalFeatures::enabled() };
    }
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("sumi"),
        required_features: adapter.features() & wanted,
        required_limits: adapter.limits(),
        experimental_features,
        // We pool memory ourselves, so the allocator below need not reserve large blocks.
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
        .map_err(|e| Error::Refused { adapter: info.name.clone(), reason: e.to_string() })?;
    let kept = cache.filter(|_| device.features().contains(Features::PIPELINE_CACHE));
    let kept = kept.and_then(|cache| Kept::open(&device, &adapter.get_info(), cache));
    let (info, pipelines) = (AdapterInfo { cooperative, ..info.clone() }, Pipelines::new(options.checked, kept));
    Ok(Arc::new(WgpuDevice::new(info, device, queue, pipelines)))
}
