//! Arithmetic on every element. Shapes must be equal: there is no broadcasting here, see [`super::reduce`] for that.

use bytemuck::{Pod, Zeroable};

use super::launch::{Count, pointwise};
use crate::{
    autograd::{Tape, Var},
    gpu::Dispatch,
    tensor::{Shape, Tensor},
};

/// `x + y` (`torch.add`).
pub fn add(x: &Var, y: &Var) -> Var {
    let value = pointwise("add", &Count::of(x.value()), &[x.value(), y.value()]);
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
    Var::from_op("abs_backward", value, &[x, dy], move |g, needs| {
        vec![None, needs[1].then(|| abs_backward(&input, g))]
    })
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

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Fill {
    count: u32,
    value: f32,
}

/// A constant of `shape` with one value everywhere (`torch.full`).
pub fn full(tape: &Tape, shape: impl Into<Shape>, value: f32) -> Var {
    let output = Tensor::empty(tape.gpu(), shape);
    let params = Fill { count: Count::of(&output).count, value };
    let dispatch = Dispatch::new("fill", &params).invocations(output.len().div_ceil(4)).bind(&output);
    tape.gpu().dispatch(dispatch.work(0.0, 4.0 * output.len() as f64));
    tape.constant(output)
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
