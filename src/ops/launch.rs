//! What launches of one shape have in common.

use bytemuck::{Pod, Zeroable};

use crate::{
    gpu::{Dispatch, Family, Gpu, Map},
    tensor::Tensor,
};

/// Params of a kernel that treats every element alike.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(super) struct Count {
    /// vec4s in the tensor. The last may reach past its end, into memory that is ours and that nobody reads.
    pub count: u32,
}

impl Count {
    pub(super) fn of(tensor: &Tensor) -> Self {
        Self { count: tensor.len().div_ceil(4) as u32 }
    }
}

/// Launches a kernel that reads `inputs`, all of one size, and writes one element for each of theirs.
///
/// # Panics
/// When the shapes of the inputs differ.
pub(super) fn pointwise(name: &'static str, params: &impl Pod, inputs: &[&Tensor]) -> Tensor {
    launch_pointwise(Dispatch::new(name, params), name, inputs)
}

/// As [`pointwise`], for one that is a map which the kernel before it may do.
pub(super) fn pointwise_map(name: &'static str, params: &impl Pod, inputs: &[&Tensor], map: Map) -> Tensor {
    launch_pointwise(Dispatch::new(name, params).map(map), name, inputs)
}

fn launch_pointwise(dispatch: Dispatch, name: &'static str, inputs: &[&Tensor]) -> Tensor {
    let first = inputs[0];
    for other in &inputs[1..] {
        assert_eq!(first.shape(), other.shape(), "{name}: shapes differ");
    }
    let output = Tensor::empty(first.gpu(), first.shape());
    let count = first.len();
    let mut dispatch = dispatch.invocations(count.div_ceil(4));
    for input in inputs {
        dispatch = dispatch.bind(*input);
    }
    let bytes = 4.0 * count as f64 * (inputs.len() + 1) as f64;
    first.gpu().dispatch(dispatch.bind(&output).work(count as f64, bytes));
    output
}

/// Whether work is to be cut for a GPU: into many workgroups of many invocations.
pub(super) fn is_gpu(gpu: &Gpu) -> bool {
    gpu.family() == Family::Tiled && gpu.adapter().compiles()
}

/// Invocations of a workgroup that is a vector of the CPU, 8 or 16.
pub(super) fn vector_lanes(gpu: &Gpu) -> u32 {
    if gpu.adapter().lanes.is_some_and(|lanes| lanes <= 8) { 8 } else { 16 }
}
