//! Activations: one function of each element, and its slope.
//!
//! Every derivative is one kernel, which is an op of its own so that it can be differentiated in turn. A kink (relu at
//! 0) has no slope: the second derivative there is 0, as PyTorch's.

use bytemuck::{Pod, Zeroable};

use super::{
    elementwise::{affine, mul, scale, shift},
    launch::{Count, pointwise, pointwise_map},
};
use crate::{autograd::Var, gpu::Map, tensor::Tensor};

/// `max(x, 0)` (`torch.relu`).
pub fn relu(x: &Var) -> Var {
    let value = pointwise_map("relu", &Count::of(x.value()), &[x.value()], Map::Slope(0.0));
    // What came out is above 0 where what went in was. As the former is asked, the latter need never be stored.
    let output = value.clone();
    Var::from_op("relu", value, &[x], move |dy, _| vec![Some(relu_backward(&dy.tape().constant(output.clone()), dy))])
}

/// `dy` where `x > 0`, else 0: the gradient of [`relu`].
pub fn relu_backward(x: &Var, dy: &Var) -> Var {
    let value =
        pointwise_map("relu_backward", &Count::of(x.value()), &[x.value(), dy.value()], Map::SlopeBackward(0.0));
    let input = x.clone();
    Var::from_op("relu_backward", value, &[x, dy], move |g, needs| {
        vec![None, needs[1].then(|| relu_backward(&input, g))]
    })
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Leaky {
    count: u32,
    negative_slope: f32,
}

impl Leaky {
    fn of(x: &Var, negative_slope: f32) -> Self {
        Self { count: Count::of(x.value()).count, negative_slope }
    }
}

/// `x` where `x > 0`, else `negative_slope · x` (`torch.nn.functional.leaky_relu`).
pub fn leaky_relu(x: &Var, negative_slope: f32) -> Var {
    let params = Leaky::of(x, negative_slope);
    let value = pointwise_map("leaky_relu", &params, &[x.value()], Map::Slope(negative_slope));
    // As in relu, unless the slope turns the sign.
    let decisive = if negative_slope >= 0.0 { value.clone() } else { x.value().clone() };
    Var::from_op("leaky_relu", value, &[x], move |dy, _| {
        vec![Some(leaky_relu_backward(&dy.tape().constant(decisive.clone()), dy, negative_slope))]
    })
}

/// `dy` where `x > 0`, else `negative_slope · dy`: the gradient of [`leaky_relu`].
pub fn leaky_relu_backward(x: &Var, dy: &Var, negative_slope: f32) -> Var {
    let (params, map) = (Leaky::of(x, negative_slope), Map::SlopeBackward(negative_slope));
    let value = pointwise_map("leaky_relu_backward", &params, &[x.value(), dy.value()], map);
    let input = x.clone();
    Var::from_op("leaky_relu_backward", value, &[x, dy], move |g, needs| {
        vec![None, needs[1].then(|| leaky_relu_backward(&input, g, negative_slope))]
    })
}

/// `1 / (1 + e⁻ˣ)` (`torch.sigmoid`).
pub fn sigmoid(x: &Var) -> Var {
    let value = pointwise("sigmoid", &Count::of(x.value()), &[x.value()]);
    let (input, output) = (x.clone(), value.clone());
    Var::from_op("sigmoid", value, &[x], move |dy, _| {
        vec![Some(sigmoid_backward(&again(&input, &output, sigmoid), dy))]
    })
}

/// `y (1 − y) dy` with `y = sigmoid(x)`: the gradient of [`sigmoid`].
pub fn sigmoid_backward(y: &Var, dy: &Var) -> Var {
    let value = pointwise("sigmoid_backward", &Count::of(y.value()), &[y.value(), dy.value()]);
    let (output, gradient) = (y.clone(), dy.clone());
    Var::from_op("sigmoid_backward", value, &[y, dy], move |g, needs| {
        let by_y = || mul(&mul(g, &gradient), &affine(&output, -2.0, 1.0));
        vec![needs[0].then(by_y), needs[1].then(|| sigmoid_backward(&output, g))]
    })
}

/// `x · sigmoid(x)`, also called swish (`torch.nn.functional.silu`; Elfwing et al., 2017).
pub fn silu(x: &Var) -> Var {
    let value = pointwise("silu", &Count::of(x.value()), &[x.value()]);
    let input = x.clone();
    Var::from_op("silu", value, &[x], move |dy, _| vec![Some(silu_backward(&input, dy))])
}

/// `s (1 + x (1 − s)) dy` with `s = sigmoid(x)`: the gradient of [`silu`].
pub fn silu_backward(x: &Var, dy: &Var) -> Var {
    let value = pointwise("silu_backward", &Count::of(x.value()), &[x.value(), dy.value()]);
    let (input, gradient) = (x.clone(), dy.clone());
    Var::from_op("silu_backward", value, &[x, dy], move |g, needs| {
        // The slope's own slope is s (1 − s) (2 + x (1 − 2s)).
        let by_x = || {
            let s = sigmoid(&input);
            let bend = sigmoid_backward(&s, &shift(&mul(&input, &affine(&s, -2.0, 1.0)), 2.0));
            mul(&mul(g, &gradient), &bend)
        };
        vec![needs[0].then(by_x), needs[1].then(|| silu_backward(&input, g))]
    })
}

/// Hyperbolic tangent (`torch.tanh`).
pub fn tanh(x: &Var) -> Var {
    let value = pointwise("tanh", &Count::of(x.value()), &[x.value()]);
    let (input, output) = (x.clone(), value.clone());
    Var::from_op("tanh", value, &[x], move |dy, _| vec![Some(tanh_backward(&again(&input, &output, tanh), dy))])
}

/// `(1 − y²) dy` with `y = tanh(x)`: the gradient of [`tanh`].
pub fn tanh_backward(y: &Var, dy: &Var) -> Var {
    let value = pointwise("tanh_backward", &Count::of(y.value()), &[y.value(), dy.value()]);
    let (output, gradient) = (y.clone(), dy.clone());
    Var::from_op("tanh_backward", value, &[y, dy], move |g, needs| {
        let by_y = || scale(&mul(&mul(g, &gradient), &output), -2.0);
        vec![needs[0].then(by_y), needs[1].then(|| tanh_backward(&output, g))]
    })
}

/// `ln(1 + eˣ)` (`torch.nn.functional.softplus`), which never overflows.
pub fn softplus(x: &Var) -> Var {
    let value = pointwise("softplus", &Count::of(x.value()), &[x.value()]);
    let input = x.clone();
    Var::from_op("softplus", value, &[x], move |dy, _| vec![Some(softplus_backward(&input, dy))])
}

/// `sigmoid(x) · dy`: the gradient of [`softplus`].
pub fn softplus_backward(x: &Var, dy: &Var) -> Var {
    let value = pointwise("softplus_backward", &Count::of(x.value()), &[x.value(), dy.value()]);
    let (input, gradient) = (x.clone(), dy.clone());
    Var::from_op("softplus_backward", value, &[x, dy], move |g, needs| {
        let by_x = || sigmoid_backward(&sigmoid(&input), &mul(g, &gradient));
        vec![needs[0].then(by_x), needs[1].then(|| softplus_backward(&input, g))]
    })
}

/// The output of an op inside its own backward. A closure that held its output as a var would keep itself alive for
/// ever, so it holds the bare tensor; where a gradient has to flow through it, the op is applied once more.
pub(super) fn again(input: &Var, output: &Tensor, op: impl Fn(&Var) -> Var) -> Var {
    if input.tape().is_remembering() { op(input) } else { input.tape().constant(output.clone()) }
}
