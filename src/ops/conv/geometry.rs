//! Shapes of a convolution: what is given, what follows, and what a kernel is told of it.

use bytemuck::{Pod, Zeroable};

use super::Conv2d;
use crate::{gpu::Epilogue, tensor::Shape};

/// Extents and hyper-parameters of one convolution `x → y`. All three kernels take the same: the input gradient reads
/// `y`'s side and writes `x`'s, and a transposed convolution is described by the convolution that it is the input
/// gradient of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Pictures.
    pub n: usize,
    /// `[height, width]` of `x`.
    pub input: [usize; 2],
    /// Channels of `x`.
    pub c_in: usize,
    /// `[height, width]` of `y`.
    pub output: [usize; 2],
    /// Channels of `y`.
    pub c_out: usize,
    /// `[k_h, k_w]`.
    pub kernel: [usize; 2],
    /// Stride, padding, dilation, groups.
    pub config: Conv2d,
}

impl Geometry {
    /// The convolution of `x [n, h_in, w_in, c_in]` with `w [k_h, k_w, c_in / groups, c_out]`.
    ///
    /// # Panics
    /// When they do not fit each other; `op` and both shapes are named in the message.
    pub fn of_convolution(op: &str, x: Shape, w: Shape, config: &Conv2d) -> Self {
        let [n, h_in, w_in, c_in] = x.nhwc(op);
        let [k_h, k_w, depth, c_out] = weights(op, w);
        config.check(op);
        let groups = config.groups;
        assert!(
            c_in == depth * groups && c_out.is_multiple_of(groups),
            "{op}: x {x:?} and w {w:?} do not fit in {groups} groups: w must be [k_h, k_w, c_in / groups, c_out]"
        );
        let [Some(h_out), Some(w_out)] = [config.output(0, h_in, k_h), config.output(1, w_in, k_w)] else {
            panic!("{op}: the kernel of w {w:?} does not fit into x {x:?} with {config:?}");
        };
        let (input, output, kernel) = ([h_in, w_in], [h_out, w_out], [k_h, k_w]);
        Self { n, input, c_in, output, c_out, kernel, config: *config }
    }

    /// The convolution from `[h_in, w_in]` pixels that `dy [n, h_out, w_out, c_out]` is an output gradient of.
    ///
    /// # Panics
    /// When `dy` is not of the shape that follows; `op` and both shapes are named in the message.
    pub fn of_input_gradient(op: &str, dy: Shape, w: Shape, input: [usize; 2], config: &Conv2d) -> Self {
        let [n, ..] = dy.nhwc(op);
        let [_, _, depth, _] = weights(op, w);
        let x = Shape::from([n, input[0], input[1], depth * config.groups]);
        let geometry = Self::of_convolution(op, x, w, config);
        assert_eq!(dy, geometry.y_shape(), "{op}: dy {dy:?} is not what x {x:?} and w {w:?} lead to");
        geometry
    }

    /// The convolution with a `kernel` of `[k_h, k_w]` that leads from `x` to the shape of `dy`.
    ///
    /// # Panics
    /// When none does; `op` and both shapes are named in the message.
    pub fn of_weight_gradient(op: &str, x: Shape, dy: Shape, kernel: [usize; 2], config: &Conv2d) -> Self {
        let ([.., c_in], [.., c_out]) = (x.nhwc(op), dy.nhwc(op));
        config.check(op);
        assert!(c_in.is_multiple_of(config.groups), "{op}: x {x:?} does not fit in {} groups", config.groups);
        let w = Shape::from([kernel[0], kernel[1], c_in / config.groups, c_out]);
        let geometry = Self::of_convolution(op, x, w, config);
        assert_eq!(dy, geometry.y_shape(), "{op}: dy {dy:?} is not what x {x:?} and w {w:?} lead to");
        geometry
    }

    /// The convolution whose input gradient is the transposed convolution of `x [n, h, w, c]` with
    /// `w [k_h, k_w, c_out / groups, c]`. Its output is `x`; its input's extent is
    /// `(h − 1)·stride − 2·padding + dilation·(k_h − 1) + output_padding + 1`, and likewise across.
    ///
    /// # Panics
    /// When they do not fit each other, or nothing is left within the padding, or `output_padding` is below neither the
    /// stride nor the dilation; `op` and both shapes are named in the message.
    pub fn of_transpose(op: &str, x: Shape, w: Shape, config: &Conv2d, output_padding: [usize; 2]) -> Self {
        let [n, h, width, c] = x.nhwc(op);
        let [k_h, k_w, depth, c_w] = weights(op, w);
        config.check(op);
        let Conv2d { stride, padding, dilation, groups } = *config;
        assert!(
            c == c_w && c.is_multiple_of(groups),
            "{op}: x {x:?} and w {w:?} do not fit in {groups} groups: w must be [k_h, k_w, c_out / groups, c_in]"
        );
        let extent = |axis: usize, size: usize, k: usize| {
            let (extra, limit) = (output_padding[axis], stride[axis].max(dilation[axis]));
            assert!(extra < limit, "{op}: output_padding {output_padding:?} must be below the stride or the dilation");
            let whole = (size - 1) * stride[axis] + dilation[axis] * (k - 1) + extra + 1;
            let left = whole.checked_sub(2 * padding[axis]).filter(|left| *left > 0);
            left.unwrap_or_else(|| panic!("{op}: the padding of {config:?} leaves nothing of x {x:?} and w {w:?}"))
        };
        let (input, output, kernel) = ([extent(0, h, k_h), extent(1, width, k_w)], [h, width], [k_h, k_w]);
        Self { n, input, c_in: depth * groups, output, c_out: c, kernel, config: *config }
    }

    /// The convolution from `y` to `x`, of the same weights with their taps in the opposite order, that the input
    /// gradient of a convolution of stride 1 is; `None` where the stride is another, or the padding more than a kernel
    /// reaches.
    pub fn turned(&self) -> Option<Self> {
        let Conv2d { stride, padding, dilation, groups } = self.config;
        let reach = [0, 1].map(|axis| (dilation[axis] * (self.kernel[axis] - 1)).checked_sub(padding[axis]));
        let ([1, 1], [Some(down), Some(across)]) = (stride, reach) else {
            return None;
        };
        Some(Self {
            n: self.n,
            input: self.output,
            c_in: self.c_out,
            output: self.input,
            c_out: self.c_in,
            kernel: self.kernel,
            config: Conv2d { stride, padding: [down, across], dilation, groups },
        })
    }

    /// The same with all pixels in one line, where each pixel of `y` is made of that of `x` alone.
    pub fn in_a_line(&self) -> Self {
        let alone = self.kernel == [1, 1] && self.config.stride == [1, 1] && self.config.padding == [0, 0];
        if !alone || self.input != self.output {
            return *self;
        }
        let line = [1, self.n * self.input[0] * self.input[1]];
        Self { n: 1, input: line, output: line, ..*self }
    }

    /// All of it as numbers, by which measured choices are found.
    pub fn words(&self) -> Vec<u32> {
        let Self { n, input, c_in, output, c_out, kernel, config } = *self;
        let Conv2d { stride, padding, dilation, groups } = config;
        let pairs = [input, output, kernel, stride, padding, dilation];
        [n, c_in, c_out, groups].into_iter().chain(pairs.into_iter().flatten()).map(|number| number as u32).collect()
    }

    /// The geometry of these numbers; `None` where they are not a geometry's.
    pub fn from_words(words: &[u32]) -> Option<Self> {
        let words: [u32; 16] = words.try_into().ok()?;
        let [n, c_in, c_out, groups, pairs @ ..] = words.map(|word| word as usize);
        let pair = |place: usize| [pairs[2 * place], pairs[2 * place + 1]];
        let config = Conv2d { stride: pair(3), padding: pair(4), dilation: pair(5), groups };
        Some(Self { n, input: pair(0), c_in, output: pair(1), c_out, kernel: pair(2), config })
    }

    /// `[n, h_in, w_in, c_in]`.
    pub fn x_shape(&self) -> Shape {
        Shape::from([self.n, self.input[0], self.input[1], self.c_in])
    }

    /// `[k_h, k_w, c_in / groups, c_out]`.
    pub fn w_shape(&self) -> Shape {
        Shape::from([self.kernel[0], self.kernel[1], self.c_in / self.config.groups, self.c_out])
    }

    /// `[n, h_out, w_out, c_out]`.
    pub fn y_shape(&self) -> Shape {
        Shape::from([self.n, self.output[0], self.output[1], self.c_out])
    }

    /// Whether there are several channels and each is a group of its own.
    pub fn is_depthwise(&self) -> bool {
        let groups = self.config.groups;
        groups > 1 && self.c_in == groups && self.c_out == groups
    }

    /// `[rows, terms, cols]` of the matrix product that the forward convolution is, for each group.
    pub(super) fn product_into_y(&self) -> [usize; 3] {
        let groups = self.config.groups;
        [self.y_shape().len() / self.c_out, self.w_shape().len() / self.c_out, self.c_out / groups]
    }

    /// The same of the input gradient, for each phase of the stride.
    pub(super) fn product_into_x(&self) -> [usize; 3] {
        let (groups, [s_h, s_w], [t_h, t_w]) = (self.config.groups, self.config.stride, self.tap_step());
        let rows = self.n * self.input[0].div_ceil(s_h) * self.input[1].div_ceil(s_w);
        let taps = self.kernel[0].div_ceil(t_h) * self.kernel[1].div_ceil(t_w);
        [rows, taps * self.c_out / groups, self.c_in / groups]
    }

    /// The same of the weight gradient, for each group.
    pub(super) fn product_into_w(&self) -> [usize; 3] {
        let rows = self.w_shape().len() / self.c_out;
        [rows, self.y_shape().len() / self.c_out, self.c_out / self.config.groups]
    }

    /// Floating-point operations of each of the three kernels, a multiply-add counted as two: every output pixel with
    /// every tap, those that fall on the padding included.
    pub fn flops(&self) -> f64 {
        2.0 * self.y_shape().len() as f64 * (self.w_shape().len() / self.c_out) as f64
    }

    /// Bytes of `x`, `w` and `y` together, which each of the three kernels reads or writes at least once.
    pub fn bytes(&self) -> f64 {
        4.0 * (self.x_shape().len() + self.w_shape().len() + self.y_shape().len()) as f64
    }

    /// Distance between the taps that reach one input pixel, `stride / gcd(stride, dilation)`, down and across. See
    /// `shaders/common/first_tap.wgsl`.
    pub fn tap_step(&self) -> [usize; 2] {
        let Conv2d { stride, dilation, .. } = self.config;
        [0, 1].map(|axis| stride[axis] / gcd(stride[axis], dilation[axis]))
    }

    /// What the kernels are told.
    pub fn params(&self) -> ConvShape {
        let Conv2d { stride, padding, dilation, groups } = self.config;
        let pair = |[h, w]: [usize; 2]| [h as u32, w as u32];
        let [h_in, w_in] = pair(self.input);
        let [h_out, w_out] = pair(self.output);
        ConvShape {
            n: self.n as u32,
            input: [h_in, w_in, self.c_in as u32],
            output: [h_out, w_out, self.c_out as u32],
            kernel: pair(self.kernel),
            stride: pair(stride),
            padding: pair(padding),
            dilation: pair(dilation),
            groups: groups as u32,
            step: pair(self.tap_step()),
            epilogue: Epilogue::NONE,
        }
    }
}

/// Params of the kernels in `shaders/conv/`, see `shaders/common/conv_shape.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct ConvShape {
    n: u32,
    input: [u32; 3],
    output: [u32; 3],
    kernel: [u32; 2],
    stride: [u32; 2],
    padding: [u32; 2],
    dilation: [u32; 2],
    groups: u32,
    step: [u32; 2],
    epilogue: Epilogue,
}

/// The four extents of weights.
fn weights(op: &str, w: Shape) -> [usize; 4] {
    w.dims().try_into().unwrap_or_else(|_| panic!("{op}: expected w [k_h, k_w, c / groups, c], got {w:?}"))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
