//! Convolution, transposed convolution and their gradients; zero padding. Channels last.
//!
//! A convolution is bilinear: a sum of products of one `x`, one `w` and one `y`. There are three ways to read them,
//! into `y`, into `x` and into `w`, and each of the three is the derivative of the other two. So three kernels serve
//! [`conv2d`], [`conv_transpose2d`] and the gradients of both, and gradients of gradients need no more.
//!
//! | op | by its first argument | by its second |
//! |---|---|---|
//! | `y = forward(x, w)` | `input_gradient(dy, w)` | `weight_gradient(x, dy)` |
//! | `x = input_gradient(y, w)` | `forward(dx, w)` | `weight_gradient(dx, y)` |
//! | `w = weight_gradient(x, y)` | `input_gradient(y, dw)` | `forward(x, dw)` |

pub mod coop;
pub mod depthwise;
mod geometry;
pub mod lanes;
pub mod naive;
mod pad;
pub mod panels;
pub mod thin;
pub mod tiled;

pub use geometry::{ConvShape, Geometry};
pub use pad::{crop2d, pad2d};

use super::{reduce::add_channels, tile::is_mixed};
use crate::{autograd::Var, gpu::Family};

/// Hyper-parameters of a convolution, in PyTorch's words; pairs are `[height, width]`. The default is stride 1, no
/// padding, dilation 1, one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    /// Input pixels from one output pixel to the next.
    pub stride: [usize; 2],
    /// Rows or columns of zeros on each side of the input.
    pub padding: [usize; 2],
    /// Input pixels from one tap of the kernel to the next.
    pub dilation: [usize; 2],
    /// Parts that the channels are cut into; each output channel sees its own part of the input alone.
    pub groups: usize,
}

impl Default for Conv2d {
    fn default() -> Self {
        Self { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 }
    }
}

impl Conv2d {
    /// The output's extent along an axis, `⌊(size + 2·padding − dilation·(k − 1) − 1) / stride⌋ + 1`; `None` where the
    /// kernel is larger than the padded input.
    fn output(&self, axis: usize, size: usize, k: usize) -> Option<usize> {
        let room = (size + 2 * self.padding[axis]).checked_sub(self.dilation[axis] * (k - 1) + 1)?;
        Some(room / self.stride[axis] + 1)
    }

    fn check(&self, op: &str) {
        let positive = self.stride.iter().chain(&self.dilation).chain([&self.groups]).all(|v| *v > 0);
        assert!(positive, "{op}: stride, dilation and groups start from 1, got {self:?}");
    }
}

/// Cross-correlation (`torch.nn.functional.conv2d`): `x [n, h_in, w_in, c_in]`, `w [k_h, k_w, c_in / groups, c_out]`,
/// `bias [c_out]` → `y [n, h_out, w_out, c_out]`.
///
/// # Panics
/// When the shapes do not fit.
pub fn conv2d(x: &Var, w: &Var, bias: Option<&Var>, config: &Conv2d) -> Var {
    let geometry = Geometry::of_convolution("conv2d", x.shape(), w.shape(), config);
    biased(forward(x, w, geometry), bias)
}

/// The gradient of [`conv2d`] by its input, of `input` = `[h_in, w_in]` pixels: `dy [n, h_out, w_out, c_out]`,
/// `w [k_h, k_w, c_in / groups, c_out]` → `dx [n, h_in, w_in, c_in]`.
///
/// # Panics
/// When the shapes do not fit.
pub fn conv2d_backward_input(dy: &Var, w: &Var, input: [usize; 2], config: &Conv2d) -> Var {
    let geometry = Geometry::of_input_gradient("conv2d_backward_input", dy.shape(), w.shape(), input, config);
    input_gradient(dy, w, geometry)
}

/// The gradient of [`conv2d`] by its weights, of a `kernel` = `[k_h, k_w]`: `x [n, h_in, w_in, c_in]`,
/// `dy [n, h_out, w_out, c_out]` → `dw [k_h, k_w, c_in / groups, c_out]`.
///
/// # Panics
/// When the shapes do not fit.
pub fn conv2d_backward_weight(x: &Var, dy: &Var, kernel: [usize; 2], config: &Conv2d) -> Var {
    let geometry = Geometry::of_weight_gradient("conv2d_backward_weight", x.shape(), dy.shape(), kernel, config);
    weight_gradient(x, dy, geometry)
}

/// Transposed convolution (`torch.nn.functional.conv_transpose2d`), the input gradient of a convolution used as a
/// layer: `x [n, h_in, w_in, c_in]`, `w [k_h, k_w, c_out / groups, c_in]`, `bias [c_out]` →
/// `y [n, h_out, w_out, c_out]` with
/// `h_out = (h_in − 1)·stride − 2·padding + dilation·(k_h − 1) + output_padding + 1`.
///
/// # Panics
/// When the shapes do not fit.
pub fn conv_transpose2d(x: &Var, w: &Var, bias: Option<&Var>, config: &Conv2d, output_padding: [usize; 2]) -> Var {
    let geometry = Geometry::of_transpose("conv_transpose2d", x.shape(), w.shape(), config, output_padding);
    biased(input_gradient(x, w, geometry), bias)
}

/// `y + bias`, which is `[c_out]`.
fn biased(y: Var, bias: Option<&Var>) -> Var {
    match bias {
        Some(bias) => add_channels(&y, bias),
        None => y,
    }
}

fn forward(x: &Var, w: &Var, geometry: Geometry) -> Var {
    let value = match x.value().gpu().family() {
        _ if geometry.is_depthwise() => depthwise::conv2d(x.value(), w.value(), &geometry),
        _ if is_mixed(x.value().gpu(), geometry.product_into_y()) => coop::conv2d(x.value(), w.value(), &geometry),
        Family::Tiled => tiled::conv2d(x.value(), w.value(), &geometry),
        Family::Lanes { lanes } => lanes::conv2d(x.value(), w.value(), &geometry, lanes),
        Family::Panels { lanes } => panels::conv2d(x.value(), w.value(), &geometry, lanes),
    };
    let (a, b) = (x.clone(), w.clone());
    Var::from_op("conv2d", value, &[x, w], move |dy, needs| {
        vec![needs[0].then(|| input_gradient(dy, &b, geometry)), needs[1].then(|| weight_gradient(&a, dy, geometry))]
    })
}

fn input_gradient(y: &Var, w: &Var, geometry: Geometry) -> Var {
    let value = match y.value().gpu().family() {
        _ if geometry.is_depthwise() => depthwise::conv2d_backward_input(y.value(), w.value(), &geometry),
        _ if is_mixed(y.value().gpu(), geometry.product_into_x()) => {
            coop::conv2d_backward_input(y.value(), w.value(), &geometry)
        }
        Family::Tiled => tiled::conv2d_backward_input(y.value(), w.value(), &geometry),
        Family::Lanes { lanes } => lanes::conv2d_backward_input(y.value(), w.value(), &geometry, lanes),
        Family::Panels { lanes } => panels::conv2d_backward_input(y.value(), w.value(), &geometry, lanes),
    };
    let (a, b) = (y.clone(), w.clone());
    Var::from_op("conv2d_backward_input", value, &[y, w], move |dx, needs| {
        vec![needs[0].then(|| forward(dx, &b, geometry)), needs[1].then(|| weight_gradient(dx, &a, geometry))]
    })
}

fn weight_gradient(x: &Var, y: &Var, geometry: Geometry) -> Var {
    let value = match x.value().gpu().family() {
        _ if geometry.is_depthwise() => depthwise::conv2d_backward_weight(x.value(), y.value(), &geometry),
        _ if is_mixed(x.value().gpu(), geometry.product_into_w()) => {
            coop::conv2d_backward_weight(x.value(), y.value(), &geometry)
        }
        Family::Tiled => tiled::conv2d_backward_weight(x.value(), y.value(), &geometry),
        Family::Lanes { lanes } => lanes::conv2d_backward_weight(x.value(), y.value(), &geometry, lanes),
        Family::Panels { lanes } => panels::conv2d_backward_weight(x.value(), y.value(), &geometry, lanes),
    };
    let (a, b) = (x.clone(), y.clone());
    Var::from_op("conv2d_backward_weight", value, &[x, y], move |dw, needs| {
        vec![needs[0].then(|| input_gradient(&b, dw, geometry)), needs[1].then(|| forward(&a, dw, geometry))]
    })
}
