//! Activations: one element, around a vec4, around a workgroup; at the kink, and far out where exponentials overflow.

use sumi::{autograd::Var, ops::activation as ops, reference::activation as twin};

use super::{Case, Input, normal, one, two, uniform};
use crate::common::compare::Tolerance::{Exact, Pointwise};

const SIZES: [usize; 7] = [1, 3, 4, 5, 255, 257, 1009];

/// 65 536 workgroups of 64 invocations of 4 elements, and one element more.
const FOLDED: usize = 65_536 * 64 * 4 + 1;

const SLOPE: f32 = 0.2;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, size) in SIZES.into_iter().enumerate() {
        let seed = seed as u64;
        cases.extend(on(&normal(seed, [size]), &normal(seed + 100, [size]), &uniform(seed, [size], -1.0, 1.0)));
    }
    let far = Input {
        shape: [13].into(),
        values: vec![-100.0, -88.8, -30.0, -17.0, -0.18, -1e-4, 0.0, 1e-4, 0.17999, 0.18, 17.0, 88.8, 100.0],
    };
    let saturated = Input { shape: [13].into(), values: far.values.iter().map(|x| x.tanh()).collect() };
    cases.extend(on(&far, &normal(7, [13]), &saturated));
    cases.push(one("leaky_relu", &normal(8, [FOLDED]), leaky_relu, leaky_relu_twin, Pointwise));
    cases
}

/// Every kernel on an input `x`, a gradient `dy` and an output `y`.
fn on(x: &Input, dy: &Input, y: &Input) -> Vec<Case> {
    let (by_x, by_y) = (|| vec![x.clone(), dy.clone()], || vec![y.clone(), dy.clone()]);
    vec![
        one("relu", x, ops::relu, twin::relu, Exact),
        one("leaky_relu", x, leaky_relu, leaky_relu_twin, Exact),
        one("sigmoid", x, ops::sigmoid, twin::sigmoid, Pointwise),
        one("silu", x, ops::silu, twin::silu, Pointwise),
        one("tanh", x, ops::tanh, twin::tanh, Pointwise),
        one("softplus", x, ops::softplus, twin::softplus, Pointwise),
        two("relu_backward", by_x(), ops::relu_backward, twin::relu_backward, Exact),
        two("leaky_relu_backward", by_x(), leaky_relu_backward, leaky_relu_backward_twin, Exact),
        two("sigmoid_backward", by_y(), ops::sigmoid_backward, twin::sigmoid_backward, Pointwise),
        two("tanh_backward", by_y(), ops::tanh_backward, twin::tanh_backward, Pointwise),
        two("silu_backward", by_x(), ops::silu_backward, twin::silu_backward, Pointwise),
        two("softplus_backward", by_x(), ops::softplus_backward, twin::softplus_backward, Pointwise),
    ]
}

fn leaky_relu(x: &Var) -> Var {
    ops::leaky_relu(x, SLOPE)
}

fn leaky_relu_twin(x: &[f64]) -> Vec<f64> {
    twin::leaky_relu(x, f64::from(SLOPE))
}

fn leaky_relu_backward(x: &Var, dy: &Var) -> Var {
    ops::leaky_relu_backward(x, dy, SLOPE)
}

fn leaky_relu_backward_twin(x: &[f64], dy: &[f64]) -> Vec<f64> {
    twin::leaky_relu_backward(x, dy, f64::from(SLOPE))
}
