//! The first rung: one invocation per output element, the formula itself.

use super::Geometry;
use crate::{gpu::Dispatch, tensor::Tensor};

/// `x`, `w` → `y`.
pub fn conv2d(x: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    launch("conv2d_naive", x, w, Tensor::empty(x.gpu(), geometry.y_shape()), geometry)
}

/// `dy`, `w` → `dx`.
pub fn conv2d_backward_input(dy: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    launch("conv2d_backward_input_naive", dy, w, Tensor::empty(dy.gpu(), geometry.x_shape()), geometry)
}

/// `x`, `dy` → `dw`.
pub fn conv2d_backward_weight(x: &Tensor, dy: &Tensor, geometry: &Geometry) -> Tensor {
    launch("conv2d_backward_weight_naive", x, dy, Tensor::empty(x.gpu(), geometry.w_shape()), geometry)
}

fn launch(name: &'static str, a: &Tensor, b: &Tensor, output: Tensor, geometry: &Geometry) -> Tensor {
    let dispatch = Dispatch::new(name, &geometry.params()).invocations(output.len()).bind(a).bind(b).bind(&output);
    output.gpu().dispatch(dispatch.work(geometry.flops(), geometry.bytes()));
    output
}
