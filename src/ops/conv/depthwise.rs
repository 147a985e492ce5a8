//! Convolution where each channel is a group: no matrix product, because no channel meets another. One rung for every
//! adapter: lanes lie along the channels, and nothing is shared between them.

use super::Geometry;
use crate::{
    gpu::{Dispatch, Gpu},
    ops::{
        launch::{is_gpu, vector_lanes},
        tile::{self, add_parts},
        variants::tiles,
    },
    tensor::Tensor,
};

/// `x`, `w` → `y`.
///
/// # Panics
/// When the channels are not groups of their own.
pub fn conv2d(x: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    let y = Tensor::empty(x.gpu(), geometry.y_shape());
    let [h_out, w_out] = geometry.output;
    lines("depthwise_conv2d", [x, w, &y], geometry, h_out, w_out);
    y
}

/// `dy`, `w` → `dx`.
///
/// # Panics
/// When the channels are not groups of their own.
pub fn conv2d_backward_input(dy: &Tensor, w: &Tensor, geometry: &Geometry) -> Tensor {
    let dx = Tensor::empty(dy.gpu(), geometry.x_shape());
    let [h_in, w_in] = geometry.input;
    // Pixels of the largest phase of a line.
    let width = w_in.div_ceil(geometry.config.stride[1]);
    lines("depthwise_conv2d_backward_input", [dy, w, &dx], geometry, h_in, width);
    dx
}

/// `x`, `dy` → `dw`.
///
/// # Panics
/// When the channels are not groups of their own.
pub fn conv2d_backward_weight(x: &Tensor, dy: &Tensor, geometry: &Geometry) -> Tensor {
    let shape = geometry.w_shape();
    let parts = Tensor::empty(x.gpu(), [parts(geometry), shape.len()]);
    const NAME: &str = "depthwise_conv2d_backward_weight";
    const CONSTANTS: [&str; 2] = ["LANES", "TAPS"];
    let variant = variant(NAME, CONSTANTS, x.gpu(), geometry);
    let [lanes, taps] = variant;
    let count = geometry.c_out.div_ceil(lanes) * (geometry.kernel[0] * geometry.kernel[1]).div_ceil(taps);
    let splits = parts.shape().dims()[0];
    launch(NAME, [x, dy, &parts], geometry, (CONSTANTS, variant), [count, splits]);
    add_parts(&parts, shape)
}

/// A kernel whose workgroups own neighbours of a line of the output, which has so many lines a picture, so wide.
fn lines(name: &'static str, tensors: [&Tensor; 3], geometry: &Geometry, height: usize, width: usize) {
    const CONSTANTS: [&str; 3] = ["LANES", "TILES", "PIXELS"];
    let gpu = tensors[0].gpu();
    let variant = variant(name, CONSTANTS, gpu, geometry);
    let [lanes, tiles, pixels] = variant;
    let count = geometry.n * height * width.div_ceil(tiles * pixels);
    // A GPU has a workgroup for each block of channels.
    let blocks = if is_gpu(gpu) { geometry.c_out.div_ceil(lanes) } else { 1 };
    launch(name, tensors, geometry, (CONSTANTS, variant), [count, blocks]);
}

/// The constants of a kernel, `LANES` first: few lanes for few channels on a GPU, else a vector of the CPU.
fn variant<const N: usize>(name: &str, constants: [&str; N], gpu: &Gpu, geometry: &Geometry) -> [usize; N] {
    let wanted = match is_gpu(gpu) {
        true if geometry.c_out > 32 => 64,
        true => 32,
        false => vector_lanes(gpu) as usize,
    };
    let mut all = tiles(name, constants, is_gpu(gpu));
    all.find(|variant| variant[0] == wanted).unwrap_or_else(|| panic!("{name} has no variant of {wanted} lanes"))
}

/// Into how many parts the sum over the lines is cut: so that a part's lines stay in a core's cache, and that a GPU has
/// work for its cores even where channels are few. It must not depend on the machine, because the order of the
/// additions does on it.
fn parts(geometry: &Geometry) -> usize {
    const BYTES: usize = 1 << 20;
    const WORKGROUPS: usize = 128;
    const CHANNELS: usize = 64; // of a workgroup of a GPU
    let lines = geometry.n * geometry.output[0];
    let line = 4 * geometry.c_in * (geometry.input[1] * geometry.config.stride[0] + geometry.output[1]);
    let busy = WORKGROUPS.div_ceil(geometry.c_in.div_ceil(CHANNELS));
    (lines * line).div_ceil(BYTES).max(busy).min(lines)
}

/// Records a launch of `count` workgroups, and as many again for each layer.
fn launch<const N: usize>(
    name: &'static str,
    [a, b, output]: [&Tensor; 3],
    geometry: &Geometry,
    (constants, variant): ([&'static str; N], [usize; N]),
    [count, layers]: [usize; 2],
) {
    assert!(geometry.is_depthwise(), "{name}: every channel has to be a group, got {geometry:?}");
    let [across, down] = tile::fold(count);
    let dispatch = Dispatch::new(name, &geometry.params()).workgroups(across, down, layers);
    let told = |dispatch: Dispatch, (name, value)| dispatch.constant(name, value as u32);
    let dispatch = constants.into_iter().zip(variant).fold(dispatch, told);
    output.gpu().dispatch(dispatch.bind(a).bind(b).bind(output).work(geometry.flops(), geometry.bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ops::conv::Conv2d, tensor::Shape};

    fn parts_of(x: [usize; 4]) -> usize {
        let config = Conv2d { padding: [1, 1], groups: x[3], ..Conv2d::default() };
        parts(&Geometry::of_convolution("case", Shape::from(x), Shape::from([3, 3, 1, x[3]]), &config))
    }

    #[test]
    fn parts_fit_a_cache_and_are_many_and_no_line_is_cut() {
        assert_eq!(parts_of([4, 32, 32, 256]), 32, "four lines of 64 KiB");
        assert_eq!(parts_of([64, 32, 32, 16]), 128, "work for many cores");
        assert_eq!(parts_of([1, 3, 1000, 512]), 3, "a line is not cut");
    }
}
