//! The rung for GPUs with matrix units: as [`super::tiled`], by cooperative matrices, factors rounded to f16 and sums
//! in f32.

use super::{Geometry, tiled};
use crate::{ops::tile::Multiplier, tensor::Tensor};

/// `x`, `w` → `y`.
pub fn conv2d(x: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    tiled::conv2d_by(Multiplier::Matrices, x, w, geometry)
}

/// `dy`, `w` → `dx`.
pub fn conv2d_backward_input(dy: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    tiled::conv2d_backward_input_by(Multiplier::Matrices, dy, w, geometry)
}

/// `x`, `dy` → `dw`.
pub fn conv2d_backward_weight(x: &Tensor, dy: &Tensor, geometry: &Geometry) -> Tensor {
    tiled::conv2d_backward_weight_by(Multiplier::Matrices, x, dy, geometry)
}
