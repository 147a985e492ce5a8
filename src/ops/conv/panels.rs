//! The rung for the native adapter: register tiles in vectors of `lanes` (8 or 16), the weights packed into panels. It
//! runs on every adapter. Where channels are few, [`thin`] has lanes along the others.

use super::{Geometry, thin};
use crate::{
    gpu::Dispatch,
    ops::{
        matmul::panels_seen,
        measured::Parts,
        panels::Matrices,
        register_tile::RegisterTile,
        tile::{self, add_parts},
    },
    tensor::Tensor,
};

/// `x`, `w` → `y`.
pub fn conv2d(x: &Tensor, w: &Tensor, geometry: &Geometry, lanes: u32) -> Tensor {
    if thin::pays(geometry) {
        return thin::conv2d(x, w, geometry);
    }
    // A row of the matrix for each (kh, kw, ci).
    let (groups, c_out, taps) = (geometry.config.groups, geometry.c_out, geometry.kernel.iter().product());
    let weights = Matrices {
        batch: groups,
        rows: [taps, geometry.c_in / groups],
        cols: c_out / groups,
        batch_stride: c_out / groups,
        row_strides: [w.len() / taps, c_out],
        col_stride: 1,
        reversed: false,
    };
    forward(x, w, &weights, geometry, lanes)
}

/// `x`, and the weights as the matrices that this view of `w` shows → `y`.
fn forward(x: &Tensor, w: &Tensor, weights: &Matrices, geometry: &Geometry, lanes: u32) -> Tensor {
    let y = Tensor::empty(x.gpu(), geometry.y_shape());
    let (rows, cols) = (y.len() / geometry.c_out, weights.cols);
    let tile = RegisterTile::cheapest(x.gpu(), "conv2d_panels", [rows, cols, weights.rows()], lanes);
    let tile = tile.or_measured(x.gpu(), "conv2d_panels", || geometry.words());
    let packed = weights.pack(w, &tile);
    let count = geometry.config.groups * tile.count(rows, cols);
    let dispatch = launch("conv2d_panels", [x, &packed], &geometry.in_a_line(), tile, [count, 1]);
    y.gpu().dispatch(dispatch.epilogue(true, &packed).bind(&y));
    y
}

/// `dy`, `w` → `dx`.
pub fn conv2d_backward_input(dy: &Tensor, w: &Tensor, geometry: &Geometry, lanes: u32) -> Tensor {
    if thin::pays_for_input_gradient(geometry) {
        return thin::conv2d_backward_input(dy, w, geometry);
    }
    // So few channels of dx that most lanes would be idle: all taps of a pixel of dy side by side fill them.
    let narrow = 2 * geometry.c_in <= lanes as usize && geometry.c_out >= lanes as usize;
    if narrow && geometry.config.groups == 1 {
        return fold(&products_of_taps(dy, w, geometry, lanes), geometry, lanes);
    }
    let (groups, c_out, taps) = (geometry.config.groups, geometry.c_out, geometry.kernel.iter().product());
    // A row of the matrix for each (kh, kw, co).
    let weights = Matrices {
        batch: groups,
        rows: [taps, c_out / groups],
        cols: geometry.c_in / groups,
        batch_stride: c_out / groups,
        row_strides: [w.len() / taps, 1],
        col_stride: c_out,
        reversed: false,
    };
    if let Some(turned) = geometry.turned() {
        return forward(dy, w, &Matrices { reversed: true, ..weights }, &turned, lanes);
    }
    let dx = Tensor::empty(dy.gpu(), geometry.x_shape());
    let [s_h, s_w] = geometry.config.stride;
    // Pixels of the largest phase; a workgroup that the others do not need has nothing to do.
    let rows = geometry.n * geometry.input[0].div_ceil(s_h) * geometry.input[1].div_ceil(s_w);
    let kernel = "conv2d_backward_input_panels";
    // A phase has its share of the taps.
    let depth = weights.rows().div_ceil(s_h * s_w);
    let tile = RegisterTile::cheapest(dy.gpu(), kernel, [rows, weights.cols, depth], lanes);
    let tile = tile.or_measured(dy.gpu(), kernel, || geometry.words());
    let packed = weights.pack(w, &tile);
    let count = groups * s_h * s_w * tile.count(rows, weights.cols);
    let dispatch = launch(kernel, [dy, &packed], geometry, tile, [count, 1]);
    dx.gpu().dispatch(dispatch.epilogue(true, &packed).bind(&dx));
    dx
}

/// Each pixel of `dy` times each tap of `w`, of one group: `[n · h_out · w_out, k_h · k_w · c_in]`.
fn products_of_taps(dy: &Tensor, w: &Tensor, geometry: &Geometry, lanes: u32) -> Tensor {
    let (c_out, cols) = (geometry.c_out, w.len() / geometry.c_out);
    let (row_strides, col_stride) = ([0, 1], c_out);
    let turned =
        Matrices { batch: 1, rows: [1, c_out], cols, batch_stride: 0, row_strides, col_stride, reversed: false };
    panels_seen(dy, w, turned, dy.len() / c_out, lanes)
}

/// Products of pixels and taps, of one group, added up where they belong (`torch.nn.functional.fold`):
/// `z [n · h_out · w_out, k_h · k_w · c_in]` → `dx`.
///
/// # Panics
/// When `z` has not as many elements.
pub fn fold(z: &Tensor, geometry: &Geometry, lanes: u32) -> Tensor {
    let pixels = geometry.y_shape().len() / geometry.c_out;
    let pixel = geometry.w_shape().len() / geometry.c_out;
    assert_eq!(z.len(), pixels * pixel, "fold: {:?} is not a product for {geometry:?}", z.shape());
    let dx = Tensor::empty(z.gpu(), geometry.x_shape());
    let [across, down] = tile::fold(geometry.n * geometry.input[0]);
    let dispatch = Dispatch::new("fold", &geometry.params()).constant("LANES", lanes).workgroups(across, down, 1);
    let bytes = 4.0 * (z.len() + dx.len()) as f64;
    z.gpu().dispatch(dispatch.bind(z).bind(&dx).work(z.len() as f64, bytes));
    dx
}

/// `x`, `dy` → `dw`.
pub fn conv2d_backward_weight(x: &Tensor, dy: &Tensor, geometry: &Geometry, lanes: u32) -> Tensor {
    if thin::fits(geometry) {
        return thin::conv2d_backward_weight(x, dy, geometry);
    }
    let (groups, shape, [k_h, k_w]) = (geometry.config.groups, geometry.w_shape(), geometry.kernel);
    let (depth, cols) = (geometry.c_in / groups, geometry.c_out / groups);
    // As the kernel decides it.
    let joined = groups == 1 && geometry.config.dilation[1] == 1;
    let (runs, run) = if joined { (k_h, depth * k_w) } else { (k_h * k_w, depth) };
    let kernel = "conv2d_backward_weight_panels";
    let tile = RegisterTile::cheapest_for_long_sums(x.gpu(), kernel, [run, cols], lanes);
    let tiles = |tile: &RegisterTile| groups * runs * tile.count(run, cols);
    let parts = |tile: &RegisterTile| {
        let splits = || splits(tiles(tile), geometry);
        (tile.rows <= run).then(splits)
    };
    let (tile, splits) = tile.or_measured_in_parts(x.gpu(), kernel, || geometry.words(), parts);
    let parts = Tensor::empty(x.gpu(), [splits, shape.len()]);
    let pixels = Matrices {
        batch: groups,
        rows: [1, dy.len() / geometry.c_out],
        cols,
        batch_stride: cols,
        row_strides: [0, geometry.c_out],
        col_stride: 1,
        reversed: false,
    };
    // Channels that fill one panel lie as they are wanted.
    let packed = if geometry.c_out == tile.width() && groups == 1 { dy.clone() } else { pixels.pack(dy, &tile) };
    let dispatch = launch(kernel, [x, &packed], geometry, tile, [tiles(&tile), splits]);
    parts.gpu().dispatch(dispatch.bind(&parts));
    add_parts(&parts, shape)
}

/// Into how many parts the sum over the pixels of a weight gradient is cut: so that there is work for many threads, and
/// a part reads no more than a cache holds, but with enough pixels to be worth adding it to the others. It must not
/// depend on the machine, because the order of the additions does on it.
pub(super) fn splits(tiles: usize, geometry: &Geometry) -> Parts {
    const WORKGROUPS: usize = 64;
    const FEWEST_PIXELS: usize = 64;
    const MOST_PIXELS: usize = 1024;
    const MOST_VALUES: usize = 1 << 18; // of x, under a line of the kernel
    let lines = geometry.n * geometry.output[0];
    let pixels = lines * geometry.output[1];
    let wanted = WORKGROUPS.div_ceil(tiles).min(pixels.div_ceil(FEWEST_PIXELS));
    let most = MOST_PIXELS.min(MOST_VALUES / (geometry.c_in * geometry.config.stride[1]).min(MOST_VALUES));
    Parts { rule: wanted.max(pixels.div_ceil(most)).min(lines), most: lines }
}

/// A launch of `count` workgroups, and as many again for each split, with its inputs.
fn launch(
    name: &'static str,
    [a, b]: [&Tensor; 2],
    geometry: &Geometry,
    tile: RegisterTile,
    [count, splits]: [usize; 2],
) -> Dispatch {
    let [across, down] = tile::fold(count);
    let dispatch = tile.tell(Dispatch::new(name, &geometry.params())).workgroups(across, down, splits);
    dispatch.bind(a).bind(b).work(geometry.flops(), geometry.bytes())
}

#[cfg(test)]
mod tests {
    use super::{super::Conv2d, *};

    #[test]
    fn splits_are_many_enough_and_long_enough() {
        let splits = |tiles, [n, h, w, c_in]: [usize; 4]| {
            let (x, weights) = ([n, h, w, c_in].into(), [3, 3, c_in, 8].into());
            let config = Conv2d { padding: [1, 1], ..Conv2d::default() };
            splits(tiles, &Geometry::of_convolution("conv2d", x, weights, &config)).rule
        };
        assert_eq!(splits(1, [16, 32, 32, 8]), 64, "work for many threads");
        assert_eq!(splits(1, [1, 4, 16, 8]), 1, "few pixels are one part");
        assert_eq!(splits(1000, [64, 32, 32, 8]), 64, "no more pixels than a cache holds");
        assert_eq!(splits(1000, [64, 32, 32, 1024]), 256, "nor values");
        assert_eq!(splits(1, [1, 2, 10_000, 8]), 2, "a line is not cut");
    }
}
