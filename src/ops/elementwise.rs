//! Arithmetic on every element. Shapes must be equal: there is no broadcasting here, see [`super::reduce`] for that.

use bytemuck::{Pod, Zeroable};

use super::{
    launch::{Count, pointwise, pointwise_map},
    tile::fold,
};
use crate::{
    autograd::Var,
    gpu::{Dispatch, Gpu, Map},
    tensor::{Shape, Tensor},
};

/// `x + y` (`torch.add`).
pub fn add(x: &Var, y: &Var) -> Var {
    let value = pointwise_map("add", &Count::of(x.value()), &[x.value(), y.value()], Map::Add);
    Var::from_op("add", value, &[x, y], |dz, _| vec![Some(dz.clone()), Some(dz.clone())])
}

/// `x − y` (`torch.sub`).
pub fn sub(x: &Var, y: &Var) -> Var {
    let value = pointwise("sub", &Count::of(x.value()), &[x.value(), y.value()]);
    Var::from_op("sub", value, &[x, y], |dz, needs| vec![Some(dz.clone()), needs[1].then(|| neg(dz))])
}

/// `x · y`, element by element (`torch.mul`).
pub fn mul(x: &Var, y: &Var) -> Var {
    let value = pointwise("mul", &Count::of(x.value()), &[x.value(), y.value()]);
    let (a, b) = (x.clone(), y.clone());
    Var::from_op("mul", value, &[x, y], move |dz, needs| {
        vec![needs[0].then(|| mul(dz, &b)), needs[1].then(|| mul(dz, &a))]
    })
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Affine {
    count: u32,
    scale: f32,
    shift: f32,
}

/// `scale · x + shift`, with constants.
pub fn affine(x: &Var, scale: f32, shift: f32) -> Var {
    let params = Affine { count: Count::of(x.value()).count, scale, shift };
    let value = pointwise("affine", &params, &[x.value()]);
    Var::from_op("affine", value, &[x], move |dy, _| vec![Some(affine(dy, scale, 0.0))])
}

/// `factor · x`.
pub fn scale(x: &Var, factor: f32) -> Var {
    affine(x, factor, 0.0)
}

/// `x + amount`.
pub fn shift(x: &Var, amount: f32) -> Var {
    affine(x, 1.0, amount)
}

/// `−x` (`torch.neg`).
pub fn neg(x: &Var) -> Var {
    scale(x, -1.0)
}

/// `x²` (`torch.square`).
pub fn square(x: &Var) -> Var {
    let value = pointwise("square", &Count::of(x.value()), &[x.value()]);
    let input = x.clone();
    Var::from_op("square", value, &[x], move |dy, _| vec![Some(scale(&mul(dy, &input), 2.0))])
}

/// `√x` (`torch.sqrt`). The derivative at 0 is infinite.
pub fn sqrt(x: &Var) -> Var {
    let value = pointwise("sqrt", &Count::of(x.value()), &[x.value()]);
    let input = x.clone();
    // d√x = dx / (2√x). The root is taken again rather than kept, so that the closure does not hold its own output.
    Var::from_op("sqrt", value, &[x], move |dy, _| vec![Some(scale(&mul(dy, &reciprocal(&sqrt(&input))), 0.5))])
}

/// `1 / x` (`torch.reciprocal`).
pub fn reciprocal(x: &Var) -> Var {
    let value = pointwise("reciprocal", &Count::of(x.value()), &[x.value()]);
    let input = x.clone();
    Var::from_op("reciprocal", value, &[x], move |dy, _| vec![Some(neg(&mul(dy, &square(&reciprocal(&input)))))])
}

/// `|x|` (`torch.abs`); the derivative at 0 is 0.
pub fn abs(x: &Var) -> Var {
    let value = pointwise("abs", &Count::of(x.value()), &[x.value()]);
    let input = x.clone();
    Var::from_op("abs", value, &[x], move |dy, _| vec![Some(abs_backward(&input, dy))])
}

/// `sign(x) · dy`, the gradient of [`abs`]. Linear in `dy`; the sign itself has no slope.
pub fn abs_backward(x: &Var, dy: &Var) -> Var {
    let value = pointwise("abs_backward", &Count::of(x.value()), &[x.value(), dy.value()]);
    let input = x.clone();
    Var::from_op("abs_backward", value, &[x, dy], move |g, needs| vec![None, needs[1].then(|| abs_backward(&input, g))])
}

/// `eˣ` (`torch.exp`).
pub fn exp(x: &Var) -> Var {
    let value = pointwise("exp", &Count::of(x.value()), &[x.value()]);
    let input = x.clone();
    Var::from_op("exp", value, &[x], move |dy, _| vec![Some(mul(dy, &exp(&input)))])
}

/// `ln x` (`torch.log`).
pub fn log(x: &Var) -> Var {
    let value = pointwise("log", &Count::of(x.value()), &[x.value()]);
    let input = x.clone();
    Var::from_op("log", value, &[x], move |dy, _| vec![Some(mul(dy, &reciprocal(&input)))])
}

/// Copies `source` into memory that exists already (`torch.Tensor.copy_`). Not differentiable.
///
/// # Panics
/// When the sizes differ.
pub fn copy_into(source: &Tensor, target: &Tensor) {
    assert_eq!(source.len(), target.len(), "copy: {:?} does not fill {:?}", source.shape(), target.shape());
    let count = source.len();
    let dispatch = Dispatch::new("copy", &Count::of(source)).invocations(count.div_ceil(4)).bind(source).bind(target);
    source.gpu().dispatch(dispatch.work(0.0, 8.0 * count as f64));
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct CopyPart {
    count: u32,
    source: u32,
    target: u32,
}

/// Copies `count` neighbouring elements, from number `from` of `source` on to number `to` of `target` on. Not
/// differentiable.
///
/// # Panics
/// When they reach beyond either.
pub fn copy_part(source: &Tensor, target: &Tensor, count: usize, from: usize, to: usize) {
    const STEPS: usize = 4; // elements of an invocation, as in the shader
    let fits = from + count <= source.len() && to + count <= target.len();
    assert!(fits, "copy_part: {count} from {from} of {:?} to {to} of {:?}", source.shape(), target.shape());
    let params = CopyPart { count: count as u32, source: from as u32, target: to as u32 };
    let dispatch = Dispatch::new("copy_part", &params).invocations(count.div_ceil(STEPS)).bind(source).bind(target);
    source.gpu().dispatch(dispatch.work(0.0, 8.0 * count as f64));
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct CopyColumns {
    rows: u32,
    from_columns: u32,
    to_columns: u32,
    count: u32,
    source: u32,
    target: u32,
}

/// Copies `count` neighbouring channels (of the last extent) of every row, from number `from` of `source` on to number
/// `to` of `target` on. Not differentiable.
///
/// # Panics
/// When they reach beyond either, or the numbers of rows differ.
pub fn copy_columns(source: &Tensor, target: &Tensor, count: usize, from: usize, to: usize) {
    const STEPS: usize = 16; // rows of a workgroup, as in the shader
    let (x, y) = (source.shape(), target.shape());
    let [from_columns, to_columns] = [x.channels(), y.channels()];
    let rows = source.len() / from_columns;
    let fits = from + count <= from_columns && to + count <= to_columns && rows == target.len() / to_columns;
    assert!(fits, "copy_columns: {count} from {from} of {x:?} to {to} of {y:?}");
    let [rows_word, from_columns, to_columns] = [rows, from_columns, to_columns].map(|v| v as u32);
    let [count_word, first, start] = [count, from, to].map(|v| v as u32);
    let params =
        CopyColumns { rows: rows_word, from_columns, to_columns, count: count_word, source: first, target: start };
    let [across, down] = fold(rows.div_ceil(STEPS));
    let dispatch = Dispatch::new("copy_columns", &params).workgroups(across, down, 1).bind(source).bind(target);
    source.gpu().dispatch(dispatch.work(0.0, 8.0 * (rows * count) as f64));
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Fill {
    count: u32,
    value: f32,
}

/// A tensor of one value (`torch.full`).
pub fn full(gpu: &Gpu, shape: impl Into<Shape>, value: f32) -> Tensor {
    let output = Tensor::empty(gpu, shape);
    fill(&output, value);
    output
}

/// Sets every element of memory that exists already (`torch.Tensor.fill_`).
pub fn fill(target: &Tensor, value: f32) {
    let params = Fill { count: Count::of(target).count, value };
    let dispatch = Dispatch::new("fill", &params).invocations(params.count as usize).bind(target);
    target.gpu().dispatch(dispatch.work(0.0, 4.0 * target.len() as f64));
}

/// Pictures from bytes to numbers in [-1, 1]: `byte · 2/255 − 1`. `bytes` come in the order of `shape`, `[N, H, W, C]`.
///
/// # Panics
/// When their number is not that of the shape.
pub fn unpack_bytes(gpu: &Gpu, shape: impl Into<Shape>, bytes: &[u8]) -> Tensor {
    let shape = shape.into();
    assert_eq!(bytes.len(), shape.len(), "unpack_bytes: {} bytes do not fill {shape:?}", bytes.len());
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(4), 0);
    let (words, output) = (gpu.upload(&padded), Tensor::empty(gpu, shape));
    let count = Count::of(&output);
    let dispatch = Dispatch::new("unpack_bytes", &count).invocations(count.count as usize).bind(&words).bind(&output);
    gpu.dispatch(dispatch.work(2.0 * shape.len() as f64, 5.0 * shape.len() as f64));
    output
}
