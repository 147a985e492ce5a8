//! Compiled kernels, each variant once.

use std::{borrow::Cow, collections::HashMap};

use wgpu::{BindGroupLayoutEntry, BindingType, BufferBindingType, ShaderStages};

use super::{device::Bound, kept::Kept};
use crate::gpu::{
    AdapterInfo, Error, Kernel,
    adapter::MOST_LANES,
    device::{Pipeline, PipelineId},
    shader::{self, Access, Compiled},
};

/// The cache of pipelines and of what has been bound to them.
pub(super) struct Pipelines {
    checked: bool,
    /// What the driver has compiled in earlier runs.
    kept: Option<Kept>,
    by_kernel: HashMap<Kernel, Pipeline>,
    compiled: Vec<(wgpu::ComputePipeline, wgpu::BindGroupLayout)>,
    pub(super) bound: Bound,
}

impl Pipelines {
    pub(super) fn new(checked: bool, kept: Option<Kept>) -> Self {
        Self { checked, kept, by_kernel: HashMap::new(), compiled: Vec::new(), bound: Bound::new() }
    }

    pub(super) fn compiled(&self, id: PipelineId) -> &(wgpu::ComputePipeline, wgpu::BindGroupLayout) {
        &self.compiled[id.0 as usize]
    }

    pub(super) fn get(
        &mut self,
        device: &wgpu::Device,
        info: &AdapterInfo,
        kernel: &Kernel,
    ) -> Result<Pipeline, Error> {
        if let Some(pipeline) = self.by_kernel.get(kernel) {
            return Ok(*pipeline);
        }
        let overrides: Vec<_> = kernel.overrides.iter().map(|(name, value)| (*name, f64::from(*value))).collect();
        let shader = shader::compile(kernel.name, &overrides)?;
        supported(kernel.name, &shader, info)?;
        let entries: Vec<_> = shader.bindings.iter().map(|b| layout_entry(b.index, b.access)).collect();
        let layout =
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            bind_group_layouts: &[Some(&layout)],
            ..Default::default()
        });
        let module = self.module(device, kernel.name, shader.module);
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            // Our kernels write workgroup memory before they read it.
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: self.checked,
                ..Default::default()
            },
            cache: self.kept.as_ref().map(Kept::cache),
        });
        let storage = || shader.bindings.iter().skip(1);
        let known = Pipeline {
            id: PipelineId(self.compiled.len() as u32),
            workgroup_size: shader.workgroup_size,
            bindings: storage().count(),
            writes: storage().filter(|b| b.access == Access::ReadWrite).fold(0, |bits, b| bits | 1 << (b.index - 1)),
            params_bytes: shader.params_size as usize,
        };
        self.compiled.push((pipeline, layout));
        self.by_kernel.insert(kernel.clone(), known);
        Ok(known)
    }

    #[expect(
        unsafe_code,
        reason = "the shaders are ours: the suite proves on a checked device that they keep in bounds"
    )]
    fn module(&self, device: &wgpu::Device, name: &str, module: wgpu::naga::Module) -> wgpu::ShaderModule {
        let source = wgpu::ShaderSource::Naga(Cow::Owned(module));
        let descriptor = wgpu::ShaderModuleDescriptor { label: Some(name), source };
        if self.checked {
            return device.create_shader_module(descriptor);
        }
        // SAFETY: every kernel is run by the test suite on a checked device, with guard zones behind every tensor, over
        // shapes at and around its tile sizes; its loops all end.
        unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) }
    }
}

/// Refuses a shader that asks for more than the adapter has.
fn supported(kernel: &str, shader: &Compiled, info: &AdapterInfo) -> Result<(), Error> {
    let limits = &info.limits;
    let needs = if shader.uses_cooperative && !info.cooperative {
        "cooperative matrices of f16 with sums in f32, on a device opened for mixed precision".to_owned()
    } else if shader.uses_subgroups && info.lanes.is_none_or(|lanes| lanes > MOST_LANES) {
        format!("subgroups of a fixed size, at most {MOST_LANES}")
    } else if shader.workgroup_size.iter().product::<u32>() > limits.invocations {
        format!("workgroups of {:?} invocations", shader.workgroup_size)
    } else if shader.workgroup_bytes > limits.workgroup_bytes {
        format!("{} bytes of workgroup memory", shader.workgroup_bytes)
    } else {
        return Ok(());
    };
    Err(Error::Unsupported { kernel: kernel.to_owned(), needs, adapter: info.name.clone() })
}

fn layout_entry(index: u32, access: Access) -> BindGroupLayoutEntry {
    let ty = match access {
        Access::Uniform => BufferBindingType::Uniform,
        Access::Read => BufferBindingType::Storage { read_only: true },
        Access::ReadWrite => BufferBindingType::Storage { read_only: false },
    };
    BindGroupLayoutEntry {
        binding: index,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer { ty, has_dynamic_offset: access == Access::Uniform, min_binding_size: None },
        count: None,
    }
}

#[cfg(test)]
mod tests {
    use super::supported;
    use crate::gpu::{AdapterInfo, device::fake::adapter, shader};

    #[test]
    fn what_an_adapter_lacks_is_refused_by_name() {
        let check = |kernel: &str, info: &AdapterInfo| {
            supported(kernel, &shader::compile(kernel, &[]).expect("it compiles"), info).map_err(|e| e.to_string())
        };
        let refused = |kernel: &str, info: &AdapterInfo, needs: &str| {
            let message = check(kernel, info).expect_err("the adapter lacks something");
            assert!(message.contains(needs) && message.contains(kernel) && message.contains(&info.name), "{message}");
        };
        let able = adapter();
        check("matmul_lanes", &able).expect("it has subgroups");
        check("matmul_tiled", &able).expect("it has workgroup memory");
        refused("matmul_coop", &able, "cooperative matrices");
        check("matmul_coop", &AdapterInfo { cooperative: true, ..able.clone() }).expect("it has matrices");
        refused("matmul_lanes", &AdapterInfo { lanes: None, ..able.clone() }, "subgroups of a fixed size");
        let mut narrow = able.clone();
        narrow.limits.invocations = 8;
        refused("matmul_tiled", &narrow, "invocations");
        let mut small = able;
        small.limits.workgroup_bytes = 16;
        refused("matmul_tiled", &small, "bytes of workgroup memory");
    }
}
