//! The rung for software adapters: register tiles shared between the lanes of a subgroup, without barriers. `lanes` is
//! the size of the adapter's subgroups; the device refuses these kernels where it is not fixed.

use super::Geometry;
use crate::{
    gpu::Dispatch,
    ops::{
        matmul::transposed,
        measured::Parts,
        register_tile::RegisterTile,
        tile::{add_parts, fold},
    },
    tensor::Tensor,
};

/// `x`, `w` → `y`.
pub fn conv2d(x: &Tensor, w: &Tensor, geometry: &Geometry, lanes: u32) -> Tensor {
    let y = Tensor::empty(x.gpu(), geometry.y_shape());
    let groups = geometry.config.groups;
    let (rows, cols) = (y.len() / geometry.c_out, geometry.c_out / groups);
    let tile = RegisterTile::holding(w.gpu(), "conv2d_lanes", [rows, cols], lanes);
    let tile = tile.or_measured(w.gpu(), "conv2d_lanes", || geometry.words());
    let count = groups * tile.count(rows, cols);
    let dispatch = launch("conv2d_lanes", [x, w], geometry, tile, [count, 1]);
    y.gpu().dispatch(dispatch.epilogue(true, w).bind(&y));
    y
}

/// `dy`, `w` → `dx`.
pub fn conv2d_backward_input(dy: &Tensor, w: &Tensor, geometry: &Geometry, lanes: u32) -> Tensor {
    let dx = Tensor::empty(dy.gpu(), geometry.x_shape());
    let (groups, [s_h, s_w], [k_h, k_w]) = (geometry.config.groups, geometry.config.stride, geometry.kernel);
    let cols = geometry.c_in / groups;
    // Lanes lie along the channels of dx, so those must be neighbours in the weights.
    let turned = transposed(w, [k_h * k_w, cols, geometry.c_out]);
    let rows = geometry.n * geometry.input[0].div_ceil(s_h) * geometry.input[1].div_ceil(s_w);
    let tile = RegisterTile::holding(w.gpu(), "conv2d_backward_input_lanes", [rows, cols], lanes);
    let tile = tile.or_measured(w.gpu(), "conv2d_backward_input_lanes", || geometry.words());
    let count = groups * s_h * s_w * tile.count(rows, cols);
    let dispatch = launch("conv2d_backward_input_lanes", [dy, &turned], geometry, tile, [count, 1]);
    dx.gpu().dispatch(dispatch.epilogue(true, &turned).bind(&dx));
    dx
}

/// `x`, `dy` → `dw`.
pub fn conv2d_backward_weight(x: &Tensor, dy: &Tensor, geometry: &Geometry, lanes: u32) -> Tensor {
    let (groups, shape) = (geometry.config.groups, geometry.w_shape());
    let [k_h, k_w] = geometry.kernel;
    let (depth, cols) = (geometry.c_in / groups, geometry.c_out / groups);
    let kernel = "conv2d_backward_weight_lanes";
    let tile = RegisterTile::holding(x.gpu(), kernel, [depth * k_w, cols], lanes);
    let tiles = |tile: &RegisterTile| {
        // As the kernel decides it: a run spans a row of taps where a single tap would not fill its tiles.
        let joined = groups == 1 && geometry.config.dilation[1] == 1 && !depth.is_multiple_of(tile.rows);
        let (runs, run) = if joined { (k_h, depth * k_w) } else { (k_h * k_w, depth) };
        groups * runs * tile.count(run, cols)
    };
    let pixels = geometry.n * geometry.output[0] * geometry.output[1];
    let parts = |tile: &RegisterTile| Some(splits(tiles(tile), pixels));
    let (tile, splits) = tile.or_measured_in_parts(x.gpu(), kernel, || geometry.words(), parts);
    let parts = Tensor::empty(x.gpu(), [splits, shape.len()]);
    let dispatch = launch(kernel, [x, dy], geometry, tile, [tiles(&tile), splits]);
    parts.gpu().dispatch(dispatch.bind(&parts));
    add_parts(&parts, shape)
}

/// Into how many parts the sum over the pixels is cut: so that there is work for many threads, and for each of them
/// enough to be worth a launch. It must not depend on the machine, because the order of the additions does on it.
fn splits(tiles: usize, pixels: usize) -> Parts {
    const WORKGROUPS: usize = 64;
    const PIXELS: usize = 64;
    let most = pixels.div_ceil(PIXELS);
    Parts { rule: WORKGROUPS.div_ceil(tiles).min(most), most }
}

/// A launch of `count` workgroups, and as many again for each split, with its inputs.
fn launch(
    name: &'static str,
    [a, b]: [&Tensor; 2],
    geometry: &Geometry,
    tile: RegisterTile,
    [count, splits]: [usize; 2],
) -> Dispatch {
    let [across, down] = fold(count);
    let dispatch = tile.tell(Dispatch::new(name, &geometry.params())).workgroups(across, down, splits);
    dispatch.bind(a).bind(b).work(geometry.flops(), geometry.bytes())
}
