//! Padding, upsampling, average pooling and blurring as one op: a sparse matrix along the rows of each picture and one
//! along its columns.
//!
//! All of them are linear and separable, so [`Taps`] tells them apart and one kernel computes them. The gradient is the
//! same op with both matrices transposed, and so on to any order.

mod max_pool;
mod taps;

use bytemuck::{Pod, Zeroable};

pub use max_pool::max_pool2d;
pub use taps::{Tap, Taps};

use super::{
    launch::{is_gpu, vector_lanes},
    tile,
};
use crate::{
    autograd::Var,
    gpu::{Dispatch, Epilogue, Gpu},
    tensor::Tensor,
};

/// Rows and columns of each picture mapped by `down` and `across`: `x [n, h_in, w_in, c]` → `y [n, h_out, w_out, c]`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]` of as many rows and columns as the maps have inputs.
pub fn resample2d(x: &Var, down: &Taps, across: &Taps) -> Var {
    let [_, h, w, _] = x.shape().nhwc("resample2d");
    let inputs = [down.inputs(), across.inputs()];
    assert_eq!([h, w], inputs, "resample2d: the maps are for other pictures than {:?}", x.shape());
    let value = launch(x.value(), down, across);
    let (down, across) = (down.clone(), across.clone());
    Var::from_op("resample2d", value, &[x], move |dy, _| {
        vec![Some(resample2d(dy, &down.transposed(), &across.transposed()))]
    })
}

/// Mirror images around each picture, without a copy of the edge itself (`torch.nn.ReflectionPad2d`): `x [n, h, w, c]`
/// →
/// `[n, top + h + bottom, left + w + right, c]`; `sides` are `[top, bottom, left, right]`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, or a side is not below its extent.
pub fn reflection_pad2d(x: &Var, sides: [usize; 4]) -> Var {
    let ([_, h, w, _], [top, bottom, left, right]) = (x.shape().nhwc("reflection_pad2d"), sides);
    let fits = top.max(bottom) < h && left.max(right) < w;
    assert!(fits, "reflection_pad2d: sides {sides:?} have to be below the extents of {:?}", x.shape());
    resample2d(x, &Taps::reflect(h, top, bottom), &Taps::reflect(w, left, right))
}

/// Copies of the edges around each picture (`torch.nn.ReplicationPad2d`): `x [n, h, w, c]` →
/// `[n, top + h + bottom, left + w + right, c]`; `sides` are `[top, bottom, left, right]`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`.
pub fn replication_pad2d(x: &Var, sides: [usize; 4]) -> Var {
    let ([_, h, w, _], [top, bottom, left, right]) = (x.shape().nhwc("replication_pad2d"), sides);
    resample2d(x, &Taps::replicate(h, top, bottom), &Taps::replicate(w, left, right))
}

/// Each pixel `factor` by `factor` times (`torch.nn.functional.interpolate`, mode `nearest`): `x [n, h, w, c]` →
/// `[n, factor·h, factor·w, c]`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, or `factor` is 0.
pub fn upsample_nearest(x: &Var, factor: usize) -> Var {
    let [_, h, w, _] = x.shape().nhwc("upsample_nearest");
    resample2d(x, &Taps::nearest(h, factor), &Taps::nearest(w, factor))
}

/// Pictures of `to` = `[h_out, w_out]` pixels by straight lines between neighbours
/// (`torch.nn.functional.interpolate`, mode `bilinear`): `x [n, h, w, c]` → `[n, h_out, w_out, c]`. With
/// `align_corners` the corners' centres stay where they are, else the pictures' edges do.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, or an extent of `to` is 0.
pub fn upsample_bilinear(x: &Var, to: [usize; 2], align_corners: bool) -> Var {
    let [_, h, w, _] = x.shape().nhwc("upsample_bilinear");
    resample2d(x, &Taps::bilinear(h, to[0], align_corners), &Taps::bilinear(w, to[1], align_corners))
}

/// Means of `kernel` = `[k_h, k_w]` pixels, `stride` apart (`torch.nn.functional.avg_pool2d`): `x [n, h, w, c]` →
/// `[n, ⌊(h − k_h) / stride⌋ + 1, ⌊(w − k_w) / stride⌋ + 1, c]`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, the kernel does not fit into it, or is 0, or the stride is.
pub fn avg_pool2d(x: &Var, kernel: [usize; 2], stride: [usize; 2]) -> Var {
    let [_, h, w, _] = x.shape().nhwc("avg_pool2d");
    let fits = (1..=h).contains(&kernel[0]) && (1..=w).contains(&kernel[1]) && stride.iter().all(|s| *s > 0);
    assert!(fits, "avg_pool2d: a kernel of {kernel:?} with stride {stride:?} does not fit {:?}", x.shape());
    resample2d(x, &Taps::average(h, kernel[0], stride[0]), &Taps::average(w, kernel[1], stride[1]))
}

/// The same over pictures with `padding` rows and columns on each side, which do not count: a mean is that of the
/// pixels that are there (`torch.nn.functional.avg_pool2d` with `count_include_pad=False`): `x [n, h, w, c]` → `[n, ⌊(h
/// + 2·padding − k_h) / stride⌋ + 1, …, c]`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, the kernel does not fit into it, a stride is 0, or a padding is not below its
/// kernel.
pub fn avg_pool2d_inside(x: &Var, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Var {
    let [_, h, w, _] = x.shape().nhwc("avg_pool2d_inside");
    let along = |n: usize, axis: usize| Taps::average_inside(n, kernel[axis], stride[axis], padding[axis]);
    resample2d(x, &along(h, 0), &along(w, 1))
}

/// Pictures mirrored left to right (`torch.flip`, dims 3 of NCHW): `x [n, h, w, c]` → the same shape.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`.
pub fn flip_horizontal(x: &Var) -> Var {
    let [_, h, w, _] = x.shape().nhwc("flip_horizontal");
    resample2d(x, &Taps::identity(h), &Taps::reversed(w))
}

/// Pictures of half the extent, blurred before by `[1, 2, 1] / 4` along each axis, reflected at the edges: `x [n, h, w,
/// c]` → `[n, ⌊(h − 1) / 2⌋ + 1, ⌊(w − 1) / 2⌋ + 1, c]`. Zhang, "Making convolutional networks shift-invariant again"
/// (2019).
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, or has a single row or column.
pub fn blur_pool2d(x: &Var) -> Var {
    let [_, h, w, _] = x.shape().nhwc("blur_pool2d");
    assert!(h > 1 && w > 1, "blur_pool2d: {:?} has no second row or column to reflect", x.shape());
    resample2d(x, &Taps::blur_down(h), &Taps::blur_down(w))
}

/// Pictures of twice the extent by the transpose of a blur with `[1, 3, 3, 1] / 4` along each axis, edges repeated:
/// `x [n, h, w, c]` → `[n, 2·h, 2·w, c]`. The counterpart of [`blur_pool2d`]; its numbers are those of
/// [`upsample_bilinear`] to twice the extent without `align_corners`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`.
pub fn blur_upsample2d(x: &Var) -> Var {
    let [_, h, w, _] = x.shape().nhwc("blur_upsample2d");
    resample2d(x, &Taps::blur_up(h), &Taps::blur_up(w))
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    n: u32,
    h_in: u32,
    w_in: u32,
    h_out: u32,
    w_out: u32,
    c: u32,
    runs: u32,
    share: u32,
    epilogue: Epilogue,
}

fn launch(x: &Tensor, down: &Taps, across: &Taps) -> Tensor {
    let gpu = x.gpu();
    let [n, h_in, w_in, c] = x.shape().nhwc("resample2d");
    let [h_out, w_out] = [down.outputs(), across.outputs()];
    let y = Tensor::empty(gpu, [n, h_out, w_out, c]);
    // Elements of a line that a workgroup owns, about: a GPU wants many workgroups, a CPU none that is soon over.
    let piece = if is_gpu(gpu) { 512 } else { 2048 };
    let runs = runs(across, (piece / c).max(1));
    let share = runs.len().div_ceil((w_out * c).div_ceil(piece));
    let params = Params {
        n: n as u32,
        h_in: h_in as u32,
        w_in: w_in as u32,
        h_out: h_out as u32,
        w_out: w_out as u32,
        c: c as u32,
        runs: runs.len() as u32,
        share: share as u32,
        epilogue: Epilogue::NONE,
    };
    let [lanes, rows] = workgroup(gpu, w_out * c / runs.len());
    let [lines_across, lines_down] = tile::fold(n * h_out);
    let dispatch = Dispatch::new("resample2d", &params).constant("LANES", lanes).constant("ROWS", rows);
    let dispatch = dispatch.workgroups(lines_across, lines_down, runs.len().div_ceil(share));
    let starts = (0..=h_out).map(|row| down.start(row) as u32);
    let down_table = gpu.constant(&with_taps(starts, down));
    let across_table = gpu.constant(&with_taps(runs.into_iter().flatten(), across));
    let dispatch = dispatch.bind(x).bind(&down_table).bind(&across_table).epilogue(false, &down_table).bind(&y);
    let flops = 2.0 * (n * c) as f64 * down.len() as f64 * across.len() as f64;
    gpu.dispatch(dispatch.work(flops, 4.0 * (x.len() + y.len()) as f64));
    y
}

/// `LANES` and `ROWS` for runs of so many elements: on a GPU 64 invocations that waste few lanes on short runs.
fn workgroup(gpu: &Gpu, elements: usize) -> [u32; 2] {
    if !is_gpu(gpu) {
        return [vector_lanes(gpu), 1];
    }
    let lanes = (elements.next_power_of_two() as u32).clamp(4, 64);
    [lanes, 64 / lanes]
}

/// The outputs in runs of at most `most`: neighbours whose taps lie one input further each and weigh the same. Of each
/// run its first output, how many it has, and the first and the end of the taps of its first one.
fn runs(taps: &Taps, most: usize) -> Vec<[u32; 4]> {
    let mut runs: Vec<[u32; 4]> = Vec::new();
    let mut first = 0;
    for output in 0..taps.outputs() {
        let (head, row) = (taps.row(first), taps.row(output));
        let follows = |(a, b): (&Tap, &Tap)| b.index == a.index + output - first && b.weight == a.weight;
        let alike = head.len() == row.len() && head.iter().zip(row).all(follows);
        match runs.last_mut() {
            Some(run) if alike && output - first < most => run[1] += 1,
            _ => {
                first = output;
                runs.push([output, 1, taps.start(output), taps.start(output + 1)].map(|v| v as u32));
            }
        }
    }
    runs
}

/// A table as the kernel reads it: what leads into the taps, and then for each tap its index and its weight's bits.
fn with_taps(lead: impl Iterator<Item = u32>, taps: &Taps) -> Vec<u32> {
    let rows = (0..taps.outputs()).flat_map(|output| taps.row(output));
    lead.chain(rows.flat_map(|tap| [tap.index as u32, tap.weight.to_bits()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padding_is_one_run_between_its_borders() {
        assert_eq!(runs(&Taps::identity(9), 100), [[0, 9, 0, 1]]);
        assert_eq!(runs(&Taps::reflect(5, 2, 1), 100), [[0, 1, 0, 1], [1, 1, 1, 2], [2, 5, 2, 3], [7, 1, 7, 8]]);
        assert_eq!(runs(&Taps::zeros(3, 2, 0), 100), [[0, 2, 0, 0], [2, 3, 0, 1]]);
        assert_eq!(runs(&Taps::identity(5), 2), [[0, 2, 0, 1], [2, 2, 2, 3], [4, 1, 4, 5]]);
    }

    #[test]
    fn where_a_picture_grows_each_output_is_its_own_run() {
        assert_eq!(runs(&Taps::bilinear(4, 8, false), 100).len(), 8);
        // Two outputs read the same input, which is not one further.
        assert_eq!(runs(&Taps::nearest(2, 2), 100).len(), 3, "but the last of one input and the first of the next");
    }
}
