//! Compiled kernels, each variant once.

use std::{borrow::Cow, collections::HashMap};

use wgpu::{BindGroupLayoutEntry, BindingType, BufferBindingType, ShaderStages};

use super::device::Bound;
use crate::gpu::{
    AdapterInfo, Error, Kernel,
    device::{Pipeline, PipelineId},
    shader::{self, Access},
};

/// The cache of pipelines and of what has been bound to them.
pub(super) struct Pipelines {
    checked: bool,
    by_kernel: HashMap<Kernel, Pipeline>,
    compiled: Vec<(wgpu::ComputePipeline, wgpu::BindGroupLayout)>,
    pub(super) bound: Bound,
}

impl Pipelines {
    pub(super) fn new(checked: bool) -> Self {
        Self { checked, by_kernel: HashMap::new(), compiled: Vec::new(), bound: Bound::new() }
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
        let unsupported = |needs: &str| Error::Unsupported {
            kernel: kernel.name.to_owned(),
            needs: needs.to_owned(),
            adapter: info.name.clone(),
        };
        if shader.uses_subgroups && info.lanes.is_none() {
            return Err(unsupported("subgroups of a fixed size"));
        }
        if shader.workgroup_size.iter().product::<u32>() > info.limits.invocations {
            return Err(unsupported(&format!("workgroups of {:?} invocations", shader.workgroup_size)));
        }
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
            cache: None,
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
    fn module(&self, device: &wgpu::Device, name: &str, module: naga::Module) -> wgpu::ShaderModule {
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
