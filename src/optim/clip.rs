//! Clipping of gradients by the norm of all of them together (`torch.nn.utils.clip_grad_norm_`). The norm never leaves
//! the device.

use bytemuck::{Pod, Zeroable};

use crate::{gpu::Dispatch, tensor::Tensor};

/// Sums that the squares are added up into at most: enough for all cores of a GPU, few enough for one workgroup.
const PARTS: usize = 4096;

/// Fours of elements that a part has at least, where there are as many.
const FOURS: usize = 16;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Squares {
    count: u32,
    split: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Factor {
    split: u32,
    most: f32,
}

/// The squares of `x`, added up into some parts, whose number depends on the number of elements alone: `[split]`.
///
/// # Panics
/// When the elements are not whole fours.
pub fn sum_squares(x: &Tensor) -> Tensor {
    assert!(x.len().is_multiple_of(4), "sum_squares: {:?} is not in whole fours", x.shape());
    let count = x.len() / 4;
    let split = count.div_ceil(FOURS).clamp(1, PARTS);
    let parts = Tensor::empty(x.gpu(), [split]);
    let params = Squares { count: count as u32, split: split as u32 };
    let dispatch = Dispatch::new("sum_squares", &params).invocations(split).bind(x).bind(&parts);
    x.gpu().dispatch(dispatch.work(2.0 * x.len() as f64, 4.0 * (x.len() + split) as f64));
    parts
}

/// The `verdict` on gradients, `[factor, whether the step is left out]`, with a factor that brings their norm to at
/// most `max_norm`, of the sums of their squares `[split]` before they are multiplied by anything.
pub fn clip_factor(parts: &Tensor, verdict: &Tensor, max_norm: f64) -> Tensor {
    let clipped = Tensor::empty(parts.gpu(), [2]);
    let params = Factor { split: parts.len() as u32, most: max_norm as f32 };
    let dispatch = Dispatch::new("clip_factor", &params).bind(parts).bind(verdict).bind(&clipped);
    parts.gpu().dispatch(dispatch.work(parts.len() as f64, 4.0 * parts.len() as f64));
    clipped
}
