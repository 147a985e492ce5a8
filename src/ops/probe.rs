//! Kernels that measure a device instead of computing something anybody wants. The probe of its memory is
//! [`super::elementwise::copy_into`].

use bytemuck::{Pod, Zeroable};

use super::launch::Count;
use crate::{gpu::Dispatch, tensor::Tensor};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Fma {
    count: u32,
    rounds: u32,
    scale: f32,
    shift: f32,
}

/// `v ← scale · v + shift`, 16 · `rounds` times, on each element of `x`: 32 · `rounds` flops for 8 bytes. Not
/// differentiable.
pub fn fma(x: &Tensor, rounds: u32, scale: f32, shift: f32) -> Tensor {
    let y = Tensor::empty(x.gpu(), x.shape());
    let count = Count::of(x).count;
    let dispatch = Dispatch::new("fma", &Fma { count, rounds, scale, shift }).invocations((count as usize).div_ceil(4));
    let elements = x.len() as f64;
    x.gpu().dispatch(dispatch.bind(x).bind(&y).work(32.0 * f64::from(rounds) * elements, 8.0 * elements));
    y
}
