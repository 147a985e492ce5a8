//! Elementwise kernels: one element, around a vec4, around a workgroup, and more workgroups than one dimension holds.

use sumi::{autograd::Var, ops::elementwise as ops, reference::elementwise as twin};

use super::{Case, Input, normal, uniform};
use crate::common::compare::Tolerance::{self, Exact, Pointwise};

const SIZES: [usize; 8] = [1, 3, 4, 5, 255, 256, 257, 1009];

/// 65 536 workgroups of 64 invocations of 4 elements, and one element more.
const FOLDED: usize = 65_536 * 64 * 4 + 1;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, size) in SIZES.into_iter().enumerate() {
        let seed = seed as u64;
        let (x, y) = (normal(seed, [size]), normal(seed + 100, [size]));
        let positive = uniform(seed, [size], 0.01, 9.0);
        let pair = || vec![x.clone(), y.clone()];
        cases.extend([
            two("add", pair(), ops::add, twin::add, Exact),
            two("sub", pair(), ops::sub, twin::sub, Exact),
            two("mul", pair(), ops::mul, twin::mul, Exact),
            two("abs_backward", pair(), ops::abs_backward, twin::abs_backward, Exact),
            one("affine", &x, |x| ops::affine(x, 1.5, -0.25), |x| twin::affine(x, 1.5, -0.25), Pointwise),
            one("square", &x, ops::square, twin::square, Exact),
            one("abs", &x, ops::abs, twin::abs, Exact),
            one("exp", &x, ops::exp, twin::exp, Pointwise),
            one("sqrt", &positive, ops::sqrt, twin::sqrt, Pointwise),
            one("log", &positive, ops::log, twin::log, Pointwise),
            one("reciprocal", &positive, ops::reciprocal, twin::reciprocal, Pointwise),
            one("copy", &x, copied, twin::copy, Exact),
            one("fill", &x, |x| ops::full(x.tape(), x.shape(), -0.3), |x| twin::fill(x.len(), f64::from(-0.3f32)), Exact),
        ]);
    }
    cases.push(one("square", &uniform(9, [FOLDED], -2.0, 2.0), ops::square, twin::square, Exact));
    cases
}

fn copied(x: &Var) -> Var {
    let target = sumi::tensor::Tensor::empty(x.tape().gpu(), x.shape());
    ops::copy_into(x.value(), &target);
    x.tape().constant(target)
}

fn one(
    kernel: &'static str,
    x: &Input,
    op: impl Fn(&Var) -> Var + 'static,
    twin: impl Fn(&[f64]) -> Vec<f64> + 'static,
    tolerance: Tolerance,
) -> Case {
    Case {
        kernel,
        label: format!("{:?}", x.shape),
        inputs: vec![x.clone()],
        run: Box::new(move |v| vec![op(&v[0])]),
        twin: Box::new(move |v| vec![twin(&v[0])]),
        tolerance,
    }
}

fn two(
    kernel: &'static str,
    inputs: Vec<Input>,
    op: impl Fn(&Var, &Var) -> Var + 'static,
    twin: impl Fn(&[f64], &[f64]) -> Vec<f64> + 'static,
    tolerance: Tolerance,
) -> Case {
    Case {
        kernel,
        label: format!("{:?}", inputs[0].shape),
        inputs,
        run: Box::new(move |v| vec![op(&v[0], &v[1])]),
        twin: Box::new(move |v| vec![twin(&v[0], &v[1])]),
        tolerance,
    }
}
