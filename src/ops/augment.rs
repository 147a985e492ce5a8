//! Changes of pictures that a discriminator is shown in their place, and the kernels that decide how often.
//!
//! What is drawn at random comes as a tensor of numbers for each picture, from [`Random`](super::random::Random)
//! through [`draw_changes`], so that nothing of it is known to the host. Each change is linear but for a constant, and
//! its gradient is a change of the same kind: gradients can be differentiated again.

use bytemuck::{Pod, Zeroable};

use super::{
    reduce::{View, sum_middle},
    tile::fold,
};
use crate::{autograd::Var, gpu::Dispatch, tensor::Tensor};

/// Where the numbers of a change lie: up to three for each picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranges<const K: usize> {
    /// The smallest of each.
    pub low: [f32; K],
    /// How far they go from there; never all the way. Whole numbers have so many values.
    pub span: [f32; K],
    /// What they are where a picture is left as it is.
    pub idle: [f32; K],
    /// Whether they are whole numbers.
    pub is_whole: bool,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Draw {
    n: u32,
    columns: u32,
    is_whole: u32,
    low: [f32; 3],
    span: [f32; 3],
    idle: [f32; 3],
}

/// The numbers of a change for each picture: from their ranges with the probability that `probability [1, ..]` begins
/// with, else idle. `u [N, 1 + K]` in [0, 1) → `[N, K]`.
///
/// # Panics
/// When `u` is not a matrix of so many columns, or `K` is above 3.
pub fn draw_changes<const K: usize>(u: &Tensor, probability: &Tensor, ranges: &Ranges<K>) -> Tensor {
    let [n, columns] = u.shape().matrix("draw_changes");
    assert_eq!(columns, K + 1, "draw_changes: {K} numbers are made of {} random ones, not of {:?}", K + 1, u.shape());
    let three = |values: [f32; K]| {
        let mut padded = [0.0; 3];
        padded[..K].copy_from_slice(&values);
        padded
    };
    let params = Draw {
        n: n as u32,
        columns: K as u32,
        is_whole: u32::from(ranges.is_whole),
        low: three(ranges.low),
        span: three(ranges.span),
        idle: three(ranges.idle),
    };
    let y = Tensor::empty(u.gpu(), [n, K]);
    let dispatch = Dispatch::new("draw_changes", &params).invocations(n * K).bind(u).bind(probability).bind(&y);
    u.gpu().dispatch(dispatch.work(2.0 * y.len() as f64, 4.0 * (u.len() + y.len()) as f64));
    y
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Colour {
    count: u32,
    pixels: u32,
    share: f32,
    bright: f32,
}

/// Brightness, saturation and contrast of each picture (DiffAugment's `color`; Zhao et al., 2020): `x + b`, then
/// `s (x − m) + m` with the mean `m` of a pixel's channels, then `c (x − M) + M` with the mean `M` of the picture.
/// `x [N, H, W, 3]`, `factors [N, 3]` being `b, s, c` → `x`'s shape.
///
/// # Panics
/// When `x` is not `[N, H, W, 3]`, or `factors` not `[N, 3]`.
pub fn adjust_colour(x: &Var, factors: &Tensor) -> Var {
    adjust(x, factors, 1.0)
}

/// The slope of it is symmetric, so that the gradient is the same map without the brightness.
fn adjust(x: &Var, factors: &Tensor, bright: f32) -> Var {
    let [n, h, w, c] = x.shape().nhwc("adjust_colour");
    assert_eq!(c, 3, "adjust_colour: a pixel has three numbers, got {:?}", x.shape());
    assert_eq!(factors.shape().dims(), [n, 3], "adjust_colour: {:?} needs three factors per picture", x.shape());
    let (gpu, len) = (x.value().gpu(), x.value().len());
    let sums = sum_middle(x.value(), View { outer: n, reduce: len / n, inner: 1 }, [n]);
    let value = Tensor::empty(gpu, x.shape());
    let params = Colour { count: (len / 3) as u32, pixels: (h * w) as u32, share: n as f32 / len as f32, bright };
    let dispatch = Dispatch::new("adjust_colour", &params).invocations(len / 3);
    let dispatch = dispatch.bind(x.value()).bind(factors).bind(&sums).bind(&value);
    gpu.dispatch(dispatch.work(4.0 * len as f64, 8.0 * len as f64));
    let factors = factors.clone();
    Var::from_op("adjust_colour", value, &[x], move |dy, _| vec![Some(adjust(dy, &factors, 0.0))])
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Translate {
    lines: u32,
    height: u32,
    columns: u32,
    channels: u32,
    direction: f32,
}

/// Each picture moved down and to the right by its `shifts`, zeros moving in: `x [N, H, W, C]`, `shifts [N, 2]` whole
/// numbers → `x`'s shape.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, or `shifts` not `[N, 2]`.
pub fn translate(x: &Var, shifts: &Tensor) -> Var {
    moved(x, shifts, 1.0)
}

/// The way back is the adjoint.
fn moved(x: &Var, shifts: &Tensor, direction: f32) -> Var {
    let [n, h, w, c] = x.shape().nhwc("translate");
    let [lines, height, columns, channels] = [n * h, h, w * c, c].map(|v| v as u32);
    let value = by_lines("translate", x, shifts, &Translate { lines, height, columns, channels, direction });
    let shifts = shifts.clone();
    Var::from_op("translate", value, &[x], move |dy, _| vec![Some(moved(dy, &shifts, -direction))])
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Cutout {
    lines: u32,
    height: u32,
    columns: u32,
    channels: u32,
    sides: [u32; 2],
}

/// A rectangle of each picture made 0, its own adjoint: `x [N, H, W, C]`, `centres [N, 2]` whole numbers → `x`'s shape.
/// It has `sides` = `[rows, columns]` from `centre − ⌊side / 2⌋` on; what of it lies outside is not there.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, or `centres` not `[N, 2]`.
pub fn cutout(x: &Var, centres: &Tensor, sides: [usize; 2]) -> Var {
    let [n, h, w, c] = x.shape().nhwc("cutout");
    let [lines, height, columns, channels] = [n * h, h, w * c, c].map(|v| v as u32);
    let params = Cutout { lines, height, columns, channels, sides: sides.map(|side| side as u32) };
    let value = by_lines("cutout", x, centres, &params);
    let centres = centres.clone();
    Var::from_op("cutout", value, &[x], move |dy, _| vec![Some(cutout(dy, &centres, sides))])
}

/// A launch with a workgroup for each line of each picture.
fn by_lines(name: &'static str, x: &Var, of_pictures: &Tensor, params: &impl Pod) -> Tensor {
    let [n, h, ..] = x.shape().nhwc(name);
    let given = of_pictures.shape();
    assert_eq!(given.dims(), [n, 2], "{name}: {:?} needs two numbers per picture", x.shape());
    let y = Tensor::empty(x.value().gpu(), x.shape());
    let [across, down] = fold(n * h);
    let dispatch = Dispatch::new(name, params).workgroups(across, down, 1).bind(x.value()).bind(of_pictures).bind(&y);
    y.gpu().dispatch(dispatch.work(0.0, 8.0 * y.len() as f64));
    y
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Adapt {
    count: u32,
    interval: f32,
    wanted: f32,
    amount: f32,
}

/// A call of the controller of adaptive discriminator augmentation (Karras et al., 2020), which moves the probability
/// that `state` = `[p, sum of signs, their number, calls]` begins with: in every `interval`-th call by `amount`, up
/// where the mean sign of the `logits` of real pictures was above `wanted`, else down. They may have any shape.
///
/// # Panics
/// When the state has not four elements.
pub fn adapt_probability(logits: &Tensor, state: &Tensor, interval: u32, wanted: f32, amount: f32) {
    assert_eq!(state.len(), 4, "adapt_probability: the state has four elements, not {:?}", state.shape());
    let params = Adapt { count: logits.len() as u32, interval: interval as f32, wanted, amount };
    let dispatch = Dispatch::new("adapt_probability", &params).bind(logits).bind(state);
    state.gpu().dispatch(dispatch.work(2.0 * logits.len() as f64, 4.0 * logits.len() as f64));
}
