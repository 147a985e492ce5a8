//! Convolution, its two gradients, transposed convolution, and zero padding. Channels last.
//!
//! A convolution is a sum of products, each of one `x` and one `w` for one `y`. [`Conv2d`] knows these triples, and the
//! three kernels are the three ways of reading one: into `y`, into `dx`, into `dw`.

use super::check;
use std::ops::Range;

/// Extents and hyper-parameters of one convolution; pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Pictures in the batch.
    pub n: usize,
    /// Rows of the input.
    pub h_in: usize,
    /// Columns of the input.
    pub w_in: usize,
    /// Channels of the input.
    pub c_in: usize,
    /// Rows of the output.
    pub h_out: usize,
    /// Columns of the output.
    pub w_out: usize,
    /// Channels of the output.
    pub c_out: usize,
    /// Rows of the kernel.
    pub k_h: usize,
    /// Columns of the kernel.
    pub k_w: usize,
    /// Pixels from one kernel position to the next.
    pub stride: [usize; 2],
    /// Zeros on each side of the input.
    pub padding: [usize; 2],
    /// Pixels from one tap of the kernel to the next.
    pub dilation: [usize; 2],
    /// Groups of channels; each sees its own alone.
    pub groups: usize,
}

impl Conv2d {
    /// The convolution of `x [n, h_in, w_in, c_in]` to `c_out` channels with a `kernel` of `[k_h, k_w]`; the output's
    /// extent is `⌊(h_in + 2·padding − dilation·(k_h − 1) − 1) / stride⌋ + 1`, and likewise across.
    ///
    /// # Panics
    /// If `groups` divides not both channel counts, or the dilated kernel is larger than the padded input.
    pub fn new(
        [n, h_in, w_in, c_in]: [usize; 4],
        c_out: usize,
        [k_h, k_w]: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        dilation: [usize; 2],
        groups: usize,
    ) -> Self {
        check_groups("conv2d", groups, c_in, c_out);
        let extent = |axis: usize, size: usize, k: usize| {
            let (padded, reach) = (size + 2 * padding[axis], dilation[axis] * (k - 1) + 1);
            assert!(
                padded >= reach,
                "conv2d: a kernel that reaches over {reach} does not fit a padded input of {padded}"
            );
            (padded - reach) / stride[axis] + 1
        };
        let (h_out, w_out) = (extent(0, h_in, k_h), extent(1, w_in, k_w));
        Self { n, h_in, w_in, c_in, h_out, w_out, c_out, k_h, k_w, stride, padding, dilation, groups }
    }

    /// `[n, h_in, w_in, c_in]`.
    pub fn x_shape(&self) -> [usize; 4] {
        [self.n, self.h_in, self.w_in, self.c_in]
    }

    /// `[k_h, k_w, c_in / groups, c_out]`.
    pub fn w_shape(&self) -> [usize; 4] {
        [self.k_h, self.k_w, self.c_in / self.groups, self.c_out]
    }

    /// `[n, h_out, w_out, c_out]`.
    pub fn y_shape(&self) -> [usize; 4] {
        [self.n, self.h_out, self.w_out, self.c_out]
    }

    /// Calls `product(x, w, y)` with the places of the three in every product that a depthwise convolution adds up.
    fn depthwise_products(&self, mut product: impl FnMut(usize, usize, usize)) {
        let Self { n, h_in, w_in, c_in, h_out, w_out, c_out, k_h, k_w, stride, padding, dilation, groups } = *self;
        assert!(c_in == groups && c_out == groups, "depthwise_conv2d: every channel is a group, got {self:?}");
        for (n, oh, ow) in positions(n, h_out, w_out) {
            for (kh, kw, channel) in positions(k_h, k_w, c_in) {
                let Some(ih) = (oh * stride[0] + kh * dilation[0]).checked_sub(padding[0]) else { continue };
                let Some(iw) = (ow * stride[1] + kw * dilation[1]).checked_sub(padding[1]) else { continue };
                if ih < h_in && iw < w_in {
                    let pixels = [(n * h_in + ih) * w_in + iw, kh * k_w + kw, (n * h_out + oh) * w_out + ow];
                    let [x, w, y] = pixels.map(|pixel| pixel * c_in + channel);
                    product(x, w, y);
                }
            }
        }
    }

    /// Calls `row(x, w, y)` for every product that the convolution adds up, those of one group's `c_out` at a time: the
    /// element at `x` times each element in the range `w` adds to that in the range `y`.
    ///
    /// `y[n,oh,ow,co] = Σ x[n,ih,iw,ci] · w[kh,kw,ci,co]` with `ih = oh·stride − padding + kh·dilation`, likewise
    /// `iw`, and `x` zero outside its bounds. `ci` counts within the group of `co`.
    fn products(&self, mut row: impl FnMut(usize, Range<usize>, Range<usize>)) {
        let Self { n, h_in, w_in, c_in, h_out, w_out, c_out, k_h, k_w, stride, padding, dilation, groups } = *self;
        let (c_in_group, c_out_group) = (c_in / groups, c_out / groups);
        for (n, oh, ow) in positions(n, h_out, w_out) {
            for (_, kh, kw) in positions(1, k_h, k_w) {
                let Some(ih) = (oh * stride[0] + kh * dilation[0]).checked_sub(padding[0]) else { continue };
                let Some(iw) = (ow * stride[1] + kw * dilation[1]).checked_sub(padding[1]) else { continue };
                if ih >= h_in || iw >= w_in {
                    continue;
                }
                let (x_pixel, y_pixel) = ((n * h_in + ih) * w_in + iw, (n * h_out + oh) * w_out + ow);
                for (_, g, ci) in positions(1, groups, c_in_group) {
                    let x = x_pixel * c_in + g * c_in_group + ci;
                    let w = ((kh * k_w + kw) * c_in_group + ci) * c_out + g * c_out_group;
                    let y = y_pixel * c_out + g * c_out_group;
                    row(x, w..w + c_out_group, y..y + c_out_group);
                }
            }
        }
    }
}

/// Cross-correlation without bias (`torch.nn.functional.conv2d`): `x [n, h_in, w_in, c_in]`,
/// `w [k_h, k_w, c_in / groups, c_out]` → `y [n, h_out, w_out, c_out]`.
pub fn conv2d(x: &[f64], w: &[f64], c: &Conv2d) -> Vec<f64> {
    check("conv2d", "x", x.len(), &c.x_shape());
    check("conv2d", "w", w.len(), &c.w_shape());
    let mut y = vec![0.0; c.y_shape().iter().product()];
    c.products(|x_at, w_at, y_at| add_scaled(&mut y[y_at], x[x_at], &w[w_at]));
    y
}

/// The gradient of [`conv2d`] by its input: `dy [n, h_out, w_out, c_out]`, `w` → `dx [n, h_in, w_in, c_in]`.
pub fn conv2d_backward_input(dy: &[f64], w: &[f64], c: &Conv2d) -> Vec<f64> {
    check("conv2d_backward_input", "dy", dy.len(), &c.y_shape());
    check("conv2d_backward_input", "w", w.len(), &c.w_shape());
    let mut dx = vec![0.0; c.x_shape().iter().product()];
    c.products(|x_at, w_at, y_at| dx[x_at] += dy[y_at].iter().zip(&w[w_at]).map(|(dy, w)| dy * w).sum::<f64>());
    dx
}

/// `dx[n,ih,iw,ci] = Σ z[n,oh,ow,kh,kw,ci]` over the taps and output pixels that the convolution, of one group, leads
/// there from (`torch.nn.functional.fold`): `z [n, h_out, w_out, k_h, k_w, c_in]` → `dx [n, h_in, w_in, c_in]`.
pub fn fold(z: &[f64], c: &Conv2d) -> Vec<f64> {
    assert_eq!(c.groups, 1, "fold: one group");
    check("fold", "z", z.len(), &[c.n * c.h_out * c.w_out, c.k_h * c.k_w, c.c_in]);
    let mut dx = vec![0.0; c.x_shape().iter().product()];
    let (pixel, channels) = (c.k_h * c.k_w * c.c_in, c.c_out);
    c.products(|x_at, w_at, y_at| dx[x_at] += z[y_at.start / channels * pixel + w_at.start / channels]);
    dx
}

/// The gradient of [`conv2d`] by its weights: `x [n, h_in, w_in, c_in]`, `dy [n, h_out, w_out, c_out]` →
/// `dw [k_h, k_w, c_in / groups, c_out]`.
pub fn conv2d_backward_weight(x: &[f64], dy: &[f64], c: &Conv2d) -> Vec<f64> {
    check("conv2d_backward_weight", "x", x.len(), &c.x_shape());
    check("conv2d_backward_weight", "dy", dy.len(), &c.y_shape());
    let mut dw = vec![0.0; c.w_shape().iter().product()];
    c.products(|x_at, w_at, y_at| add_scaled(&mut dw[w_at], x[x_at], &dy[y_at]));
    dw
}

/// Depthwise convolution, where every channel is a group of its own: `x [n, h_in, w_in, c]`, `w [k_h, k_w, 1, c]` →
/// `y [n, h_out, w_out, c]`:
///
/// `y[n,oh,ow,ch] = Σ x[n,ih,iw,ch] · w[kh,kw,0,ch]` with `ih = oh·stride − padding + kh·dilation`, likewise `iw`, and
/// `x` zero outside its bounds.
pub fn depthwise_conv2d(x: &[f64], w: &[f64], c: &Conv2d) -> Vec<f64> {
    check("depthwise_conv2d", "x", x.len(), &c.x_shape());
    check("depthwise_conv2d", "w", w.len(), &c.w_shape());
    let mut y = vec![0.0; c.y_shape().iter().product()];
    c.depthwise_products(|x_at, w_at, y_at| y[y_at] += x[x_at] * w[w_at]);
    y
}

/// The gradient of [`depthwise_conv2d`] by its input: `dy [n, h_out, w_out, c]`, `w [k_h, k_w, 1, c]` →
/// `dx [n, h_in, w_in, c]`.
pub fn depthwise_conv2d_backward_input(dy: &[f64], w: &[f64], c: &Conv2d) -> Vec<f64> {
    check("depthwise_conv2d_backward_input", "dy", dy.len(), &c.y_shape());
    check("depthwise_conv2d_backward_input", "w", w.len(), &c.w_shape());
    let mut dx = vec![0.0; c.x_shape().iter().product()];
    c.depthwise_products(|x_at, w_at, y_at| dx[x_at] += dy[y_at] * w[w_at]);
    dx
}

/// The gradient of [`depthwise_conv2d`] by its weights: `x [n, h_in, w_in, c]`, `dy [n, h_out, w_out, c]` →
/// `dw [k_h, k_w, 1, c]`.
pub fn depthwise_conv2d_backward_weight(x: &[f64], dy: &[f64], c: &Conv2d) -> Vec<f64> {
    check("depthwise_conv2d_backward_weight", "x", x.len(), &c.x_shape());
    check("depthwise_conv2d_backward_weight", "dy", dy.len(), &c.y_shape());
    let mut dw = vec![0.0; c.w_shape().iter().product()];
    c.depthwise_products(|x_at, w_at, y_at| dw[w_at] += x[x_at] * dy[y_at]);
    dw
}

/// Extents and hyper-parameters of one transposed convolution; pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose2d {
    /// Pictures in the batch.
    pub n: usize,
    /// Rows of the input.
    pub h_in: usize,
    /// Columns of the input.
    pub w_in: usize,
    /// Channels of the input.
    pub c_in: usize,
    /// Rows of the output.
    pub h_out: usize,
    /// Columns of the output.
    pub w_out: usize,
    /// Channels of the output.
    pub c_out: usize,
    /// Rows of the kernel.
    pub k_h: usize,
    /// Columns of the kernel.
    pub k_w: usize,
    /// Output pixels from one stamp of the kernel to the next.
    pub stride: [usize; 2],
    /// Pixels cut off each side of the output.
    pub padding: [usize; 2],
    /// Pixels from one tap of the kernel to the next.
    pub dilation: [usize; 2],
    /// Groups of channels; each sees its own alone.
    pub groups: usize,
}

impl ConvTranspose2d {
    /// The transposed convolution of `x [n, h_in, w_in, c_in]` to `c_out` channels with a `kernel` of `[k_h, k_w]`; the
    /// output's extent is `(h_in − 1)·stride − 2·padding + dilation·(k_h − 1) + output_padding + 1`, and likewise
    /// across.
    ///
    /// # Panics
    /// If `groups` divides not both channel counts, if `output_padding` is not below the stride or the dilation, or
    /// if the padding leaves no output.
    #[expect(clippy::too_many_arguments, reason = "the arguments of torch.nn.functional.conv_transpose2d")]
    pub fn new(
        [n, h_in, w_in, c_in]: [usize; 4],
        c_out: usize,
        [k_h, k_w]: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        output_padding: [usize; 2],
        dilation: [usize; 2],
        groups: usize,
    ) -> Self {
        check_groups("conv_transpose2d", groups, c_in, c_out);
        let extent = |axis: usize, size: usize, k: usize| {
            let (extra, limit) = (output_padding[axis], stride[axis].max(dilation[axis]));
            assert!(
                extra < limit,
                "conv_transpose2d: output_padding {extra} is not below the stride or dilation, {limit}"
            );
            let whole = (size - 1) * stride[axis] + dilation[axis] * (k - 1) + 1 + extra;
            assert!(whole > 2 * padding[axis], "conv_transpose2d: padding {} leaves nothing of {whole}", padding[axis]);
            whole - 2 * padding[axis]
        };
        let (h_out, w_out) = (extent(0, h_in, k_h), extent(1, w_in, k_w));
        Self { n, h_in, w_in, c_in, h_out, w_out, c_out, k_h, k_w, stride, padding, dilation, groups }
    }

    /// The convolution of which this is the input gradient: from our output back to our input, with the same weights.
    pub fn conv(&self) -> Conv2d {
        let Self { n, h_in, w_in, c_in, h_out, w_out, c_out, k_h, k_w, stride, padding, dilation, groups } = *self;
        let (h_in, h_out, w_in, w_out, c_in, c_out) = (h_out, h_in, w_out, w_in, c_out, c_in);
        Conv2d { n, h_in, w_in, c_in, h_out, w_out, c_out, k_h, k_w, stride, padding, dilation, groups }
    }

    /// `[n, h_in, w_in, c_in]`.
    pub fn x_shape(&self) -> [usize; 4] {
        [self.n, self.h_in, self.w_in, self.c_in]
    }

    /// `[k_h, k_w, c_out / groups, c_in]`.
    pub fn w_shape(&self) -> [usize; 4] {
        [self.k_h, self.k_w, self.c_out / self.groups, self.c_in]
    }

    /// `[n, h_out, w_out, c_out]`.
    pub fn y_shape(&self) -> [usize; 4] {
        [self.n, self.h_out, self.w_out, self.c_out]
    }
}

/// Transposed convolution without bias (`torch.nn.functional.conv_transpose2d`), as it is told: every input pixel
/// stamps the kernel, scaled by itself, onto the output. `x [n, h_in, w_in, c_in]`, `w [k_h, k_w, c_out / groups,
/// c_in]` → `y [n, h_out, w_out, c_out]`:
///
/// `y[n,oh,ow,co] += x[n,ih,iw,ci] · w[kh,kw,co,ci]` with `oh = ih·stride − padding + kh·dilation`, likewise `ow`,
/// dropped where that leaves the output. `co` counts within the group of `ci`.
pub fn conv_transpose2d(x: &[f64], w: &[f64], c: &ConvTranspose2d) -> Vec<f64> {
    check("conv_transpose2d", "x", x.len(), &c.x_shape());
    check("conv_transpose2d", "w", w.len(), &c.w_shape());
    let (c_in_group, c_out_group) = (c.c_in / c.groups, c.c_out / c.groups);
    let mut y = vec![0.0; c.y_shape().iter().product()];
    for (n, ih, iw) in positions(c.n, c.h_in, c.w_in) {
        for (_, kh, kw) in positions(1, c.k_h, c.k_w) {
            let Some(oh) = (ih * c.stride[0] + kh * c.dilation[0]).checked_sub(c.padding[0]) else { continue };
            let Some(ow) = (iw * c.stride[1] + kw * c.dilation[1]).checked_sub(c.padding[1]) else { continue };
            if oh >= c.h_out || ow >= c.w_out {
                continue;
            }
            let (x_pixel, y_pixel) = ((n * c.h_in + ih) * c.w_in + iw, (n * c.h_out + oh) * c.w_out + ow);
            for (g, co, ci) in positions(c.groups, c_out_group, c_in_group) {
                let ci = g * c_in_group + ci;
                let stamp = w[((kh * c.k_w + kw) * c_out_group + co) * c.c_in + ci];
                y[y_pixel * c.c_out + g * c_out_group + co] += x[x_pixel * c.c_in + ci] * stamp;
            }
        }
    }
    y
}

/// Rows and columns of zeros around each picture (`torch.nn.functional.pad`): `x [n, h, w, c]` →
/// `y [n, top + h + bottom, left + w + right, c]`. `shape` is that of `x`, `sides` are `[top, bottom, left, right]`.
pub fn pad2d(x: &[f64], shape: [usize; 4], sides: [usize; 4]) -> Vec<f64> {
    check("pad2d", "x", x.len(), &shape);
    let ([n, h, w, c], [top, bottom, left, right]) = (shape, sides);
    let (h_out, w_out) = (top + h + bottom, left + w + right);
    let mut y = vec![0.0; n * h_out * w_out * c];
    for (n, ih, iw) in positions(n, h, w) {
        for ci in 0..c {
            y[((n * h_out + top + ih) * w_out + left + iw) * c + ci] = x[((n * h + ih) * w + iw) * c + ci];
        }
    }
    y
}

/// The adjoint of [`pad2d`]: rows and columns cut off each picture, `x [n, h, w, c]` →
/// `y [n, h − top − bottom, w − left − right, c]`. `shape` is that of `x`, `sides` are `[top, bottom, left, right]`.
pub fn crop2d(x: &[f64], shape: [usize; 4], sides: [usize; 4]) -> Vec<f64> {
    check("crop2d", "x", x.len(), &shape);
    let ([n, h, w, c], [top, bottom, left, right]) = (shape, sides);
    assert!(top + bottom <= h && left + right <= w, "crop2d: cannot cut {sides:?} off a picture of {shape:?}");
    let (h_out, w_out) = (h - top - bottom, w - left - right);
    let mut y = vec![0.0; n * h_out * w_out * c];
    for (n, oh, ow) in positions(n, h_out, w_out) {
        for ci in 0..c {
            y[((n * h_out + oh) * w_out + ow) * c + ci] = x[((n * h + top + oh) * w + left + ow) * c + ci];
        }
    }
    y
}

/// `into += scale · row`.
fn add_scaled(into: &mut [f64], scale: f64, row: &[f64]) {
    into.iter_mut().zip(row).for_each(|(into, row)| *into += scale * row);
}

/// Every triple of indices below the given extents, the last fastest.
fn positions(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k))))
}

/// Panics, naming `op`, unless `groups` divides both channel counts.
fn check_groups(op: &str, groups: usize, c_in: usize, c_out: usize) {
    let fits = groups > 0 && c_in.is_multiple_of(groups) && c_out.is_multiple_of(groups);
    assert!(fits, "{op}: {groups} groups do not divide {c_in} channels in and {c_out} out");
}
