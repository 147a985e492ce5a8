//! The rung for GPUs: matrix products from tiles in workgroup memory. `coop` is the same with another multiplier.

use super::{Conv2d, Geometry};
use crate::{
    gpu::Dispatch,
    ops::{
        matmul::{self, transposed},
        tile::{Multiplier, Tile, add_parts, fold},
    },
    tensor::Tensor,
};

/// `x`, `w` → `y`.
pub fn conv2d(x: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    conv2d_by(Multiplier::Invocations, x, w, geometry)
}

pub(super) fn conv2d_by(by: Multiplier, x: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    if let Some([rows, terms, cols]) = as_product(geometry) {
        return matmul::from_tiles(&x.reshape([rows, terms]), &w.reshape([terms, cols]), by)
            .reshape(geometry.y_shape());
    }
    let (groups, shape) = (geometry.config.groups, geometry.y_shape());
    let (rows, cols) = (shape.len() / geometry.c_out, geometry.c_out / groups);
    let (rule, terms) = (Tile::of(x.gpu(), by, rows, cols, groups), geometry.w_shape().len() / geometry.c_out);
    let count = |tile: &Tile| Some(groups * tile.count(rows, cols));
    let kernel = by.name("conv2d_tiled", "conv2d_coop");
    let (tile, parts) = rule.or_measured(x.gpu(), kernel, || geometry.words(), terms, count);
    let y = Tensor::empty(x.gpu(), [parts, shape.len()]);
    let grid = (tile, tile.count(rows, cols), parts * groups);
    let dispatch = launch(kernel, [x, w], geometry, grid, [geometry.c_in / groups, cols]);
    y.gpu().dispatch(dispatch.epilogue(true, w).bind(&y));
    add_parts(&y, shape)
}

/// `dy`, `w` → `dx`.
pub fn conv2d_backward_input(dy: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    conv2d_backward_input_by(Multiplier::Invocations, dy, w, geometry)
}

pub(super) fn conv2d_backward_input_by(by: Multiplier, dy: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    if let Some([rows, terms, cols]) = as_product(geometry) {
        let turned = transposed(w, [1, terms, cols]).reshape([cols, terms]);
        return matmul::from_tiles(&dy.reshape([rows, cols]), &turned, by).reshape(geometry.x_shape());
    }
    let ([s_h, s_w], [k_h, k_w], [t_h, t_w]) = (geometry.config.stride, geometry.kernel, geometry.tap_step());
    let (groups, shape) = (geometry.config.groups, geometry.x_shape());
    let (depth, cols) = (geometry.c_out / groups, geometry.c_in / groups);
    // Neighbouring channels of dx must be neighbours in the weights.
    let turned = transposed(w, [k_h * k_w, cols, geometry.c_out]);
    // Pixels and taps of the largest phase; a workgroup that the others do not need has nothing to do.
    let rows = geometry.n * geometry.input[0].div_ceil(s_h) * geometry.input[1].div_ceil(s_w);
    let terms = k_h.div_ceil(t_h) * k_w.div_ceil(t_w) * depth;
    let batch = s_h * s_w * groups;
    let (rule, count) = (Tile::of(dy.gpu(), by, rows, cols, batch), |tile: &Tile| Some(batch * tile.count(rows, cols)));
    let kernel = by.name("conv2d_backward_input_tiled", "conv2d_backward_input_coop");
    let (tile, parts) = rule.or_measured(dy.gpu(), kernel, || geometry.words(), terms, count);
    let dx = Tensor::empty(dy.gpu(), [parts, shape.len()]);
    let grid = (tile, tile.count(rows, cols), parts * batch);
    let dispatch = launch(kernel, [dy, &turned], geometry, grid, [depth, cols]);
    dx.gpu().dispatch(dispatch.epilogue(true, &turned).bind(&dx));
    add_parts(&dx, shape)
}

/// `x`, `dy` → `dw`.
pub fn conv2d_backward_weight(x: &Tensor, dy: &Tensor, geometry: &Geometry) -> Tensor {
    conv2d_backward_weight_by(Multiplier::Invocations, x, dy, geometry)
}

pub(super) fn conv2d_backward_weight_by(by: Multiplier, x: &Tensor, dy: &Tensor, geometry: &Geometry) -> Tensor {
    if let Some([rows, terms, cols]) = as_product(geometry) {
        let turned = transposed(x, [1, rows, terms]).reshape([terms, rows]);
        return matmul::from_tiles(&turned, &dy.reshape([rows, cols]), by).reshape(geometry.w_shape());
    }
    let (groups, shape) = (geometry.config.groups, geometry.w_shape());
    let (rows, cols) = (shape.len() / geometry.c_out, geometry.c_out / groups);
    let pixels = geometry.y_shape().len() / geometry.c_out;
    // The pixels are cut finer than any tile is, so that large tiles need not be many.
    let rule = Tile::for_long_sums(x.gpu(), by, rows, cols);
    let count = |tile: &Tile| tile.suits_long_sums().then(|| groups * tile.count(rows, cols));
    let kernel = by.name("conv2d_backward_weight_tiled", "conv2d_backward_weight_coop");
    let (tile, parts) = rule.or_measured(x.gpu(), kernel, || geometry.words(), pixels, count);
    let dw = Tensor::empty(x.gpu(), [parts, shape.len()]);
    let grid = (tile, tile.count(rows, cols), parts * groups);
    let dispatch = launch(kernel, [x, dy], geometry, grid, [geometry.c_in / groups, cols]);
    dw.gpu().dispatch(dispatch.bind(&dw));
    add_parts(&dw, shape)
}

/// `[rows, terms, cols]` of the matrix product that a convolution is without any gathering: one whose kernel is as
/// large as the picture, or is a single pixel.
fn as_product(geometry: &Geometry) -> Option<[usize; 3]> {
    let Geometry { n, input, c_in, output, c_out, kernel, config } = *geometry;
    let Conv2d { stride, padding, dilation, groups } = config;
    let plain = padding == [0, 0] && groups == 1;
    let whole = kernel == input && dilation == [1, 1];
    let single = kernel == [1, 1] && stride == [1, 1];
    match plain {
        true if whole => Some([n, input[0] * input[1] * c_in, c_out]),
        true if single => Some([n * output[0] * output[1], c_in, c_out]),
        _ => None,
    }
}

/// A launch with its inputs: a kernel, its tile, how many of them, and how often these (along z); `channels` are the
/// neighbouring ones of `a` and of `b`.
fn launch(
    name: &'static str,
    [a, b]: [&Tensor; 2],
    geometry: &Geometry,
    (tile, tiles, z): (Tile, usize, usize),
    channels: [usize; 2],
) -> Dispatch {
    let [x, y] = fold(tiles);
    let dispatch = tile.tell(Dispatch::new(name, &geometry.params()), a.gpu(), channels);
    let dispatch = dispatch.workgroups(x, y, z).bind(a).bind(a).bind(b).bind(b);
    dispatch.work(geometry.flops(), geometry.bytes())
}
