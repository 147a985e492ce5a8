//! The rung of the native adapter where one side of a convolution has a few channels, which would leave most of a
//! vector's lanes idle: they lie along the channels of the other side. It runs on every adapter.

use super::{Geometry, panels::splits};
use crate::{
    gpu::{Dispatch, Gpu},
    ops::{
        matmul::transposed,
        tile::{self, add_parts},
        variants::tiles,
    },
    tensor::Tensor,
};

/// Channels that are few, and what those of the other side are a multiple of.
const FEW: usize = 4;
const LANES: usize = 16;

/// Whether `y` has so few channels, and `x` as many as fill vectors.
pub fn fits(geometry: &Geometry) -> bool {
    geometry.c_out <= FEW && geometry.c_in.is_multiple_of(LANES) && geometry.config.groups == 1
}

/// Whether that is faster than panels forward, too: where a lane has a single tap to sum up, there are as many of the
/// lanes' sums to be added.
pub fn pays(geometry: &Geometry) -> bool {
    fits(geometry) && geometry.kernel != [1, 1]
}

/// Whether `x` has so few channels, its gradient is a convolution of `y` to them, and that pays.
pub fn pays_for_input_gradient(geometry: &Geometry) -> bool {
    geometry.turned().is_some_and(|turned| pays(&turned))
}

/// `x`, `w` → `y`.
///
/// # Panics
/// When the convolution does not fit ([`fits`]).
pub fn conv2d(x: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    let taps = geometry.kernel[0] * geometry.kernel[1];
    let w = match geometry.c_out {
        1 => w.clone(),
        _ => transposed(w, [taps, geometry.c_in, geometry.c_out]),
    };
    forward(x, &w, geometry, false)
}

/// `dy`, `w` → `dx`.
///
/// # Panics
/// When the convolution does not fit ([`pays_for_input_gradient`]).
pub fn conv2d_backward_input(dy: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    let turned = geometry.turned().unwrap_or_else(|| panic!("conv2d_thin: not the input gradient of {geometry:?}"));
    forward(dy, w, &turned, true)
}

/// `x`, `w [k_h, k_w, c_out, c_in]` → `y`, the taps last to first if `flip`.
fn forward(x: &Tensor, w: &Tensor, geometry: &Geometry, flip: bool) -> Tensor {
    assert!(fits(geometry), "conv2d_thin: too many channels of y or an odd number of x in {geometry:?}");
    let y = Tensor::empty(x.gpu(), geometry.y_shape());
    let pixels = y.len() / geometry.c_out;
    let mut all = tiles("conv2d_thin", ["LANES", "ROWS", "OUT"], x.gpu().adapter().compiles());
    let wanted = |tile: &[usize; 3]| tile[2] >= geometry.c_out;
    let [_, rows, out] = all.find(wanted).unwrap_or_else(|| panic!("conv2d_thin has no tile for {geometry:?}"));
    let [across, down] = tile::fold(pixels.div_ceil(rows));
    let dispatch = Dispatch::new("conv2d_thin", &geometry.params()).constant("LANES", LANES as u32);
    let dispatch = dispatch.constant("ROWS", rows as u32).constant("OUT", out as u32).constant("FLIP", u32::from(flip));
    let dispatch = dispatch.workgroups(across, down, 1).bind(x).bind(w).bind(&y);
    x.gpu().dispatch(dispatch.work(geometry.flops(), geometry.bytes()));
    y
}

/// `x`, `dy` → `dw`.
///
/// # Panics
/// When the convolution does not fit ([`fits`]).
pub fn conv2d_backward_weight(x: &Tensor, dy: &Tensor, geometry: &Geometry) -> Tensor {
    const NAME: &str = "conv2d_backward_weight_thin";
    assert!(fits(geometry), "{NAME}: too many channels of y or an odd number of x in {geometry:?}");
    let shape = geometry.w_shape();
    let (tile, tiles) = weight_tile(x.gpu(), NAME, geometry);
    let splits = splits(tiles, geometry).rule;
    let parts = Tensor::empty(x.gpu(), [splits, shape.len()]);
    let [across, down] = tile::fold(tiles);
    let [taps, out, cols] = tile.map(|extent| extent as u32);
    let dispatch = Dispatch::new(NAME, &geometry.params()).constant("LANES", LANES as u32).constant("TAPS", taps);
    let dispatch = dispatch.constant("OUT", out).constant("COLS", cols).workgroups(across, down, splits);
    let dispatch = dispatch.bind(x).bind(dy).bind(&parts);
    x.gpu().dispatch(dispatch.work(geometry.flops(), geometry.bytes()));
    add_parts(&parts, shape)
}

/// The tile `[taps, out, cols]` that takes the fewest instructions, and how many of them there are.
fn weight_tile(gpu: &Gpu, name: &str, geometry: &Geometry) -> ([usize; 3], usize) {
    let [k_h, k_w] = geometry.kernel;
    let all = tiles(name, ["LANES", "TAPS", "OUT", "COLS"], gpu.adapter().compiles());
    let counted = all.map(|[_, taps, out, cols]| {
        let count = geometry.c_in.div_ceil(cols * LANES) * k_w.div_ceil(taps) * k_h * geometry.c_out.div_ceil(out);
        (count * (taps * out * cols + taps * cols + out), ([taps, out, cols], count))
    });
    let cheapest = counted.min_by_key(|(cost, _)| *cost);
    cheapest.unwrap_or_else(|| panic!("{name} has no tile")).1
}
