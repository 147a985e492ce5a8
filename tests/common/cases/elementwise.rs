//! Elementwise kernels: one element, around a vec4, around a workgroup, and more workgroups than one dimension holds.

use sumi::{autograd::Var, ops::elementwise as ops, reference::elementwise as twin};

use super::{Case, normal, one, two, uniform};
use crate::common::compare::Tolerance::{Exact, Pointwise};

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
            one("fill", &x, filled, |x| twin::fill(x.len(), 0.75), Exact),
            one("copy", &x, copied, twin::copy, Exact),
        ]);
    }
    cases.extend([1, 2, 4, 5].into_iter().map(unpacked));
    cases.push(one("square", &uniform(9, [FOLDED], -2.0, 2.0), ops::square, twin::square, Exact));
    cases
}

fn filled(x: &Var) -> Var {
    x.tape().constant(ops::full(x.tape().gpu(), x.shape(), 0.75))
}

/// Pictures of a few pixels whose bytes take every value.
fn unpacked(n: usize) -> Case {
    let shape = [n, 13, 17, 3];
    let bytes: Vec<u8> = (0..shape.iter().product()).map(|i: usize| (i * 7 % 256) as u8).collect();
    let words: Vec<u32> =
        bytes.chunks(4).map(|c| c.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))).collect();
    let count = bytes.len();
    Case {
        kernel: "unpack_bytes",
        label: format!("{shape:?}"),
        inputs: vec![uniform(0, [1], 0.0, 1.0)],
        run: Box::new(move |v| {
            let tape = v[0].tape();
            vec![tape.constant(ops::unpack_bytes(tape.gpu(), shape, &bytes))]
        }),
        twin: Box::new(move |_| vec![twin::unpack_bytes(&words, count)]),
        tolerance: Pointwise,
    }
}

fn copied(x: &Var) -> Var {
    let target = sumi::tensor::Tensor::empty(x.tape().gpu(), x.shape());
    ops::copy_into(x.value(), &target);
    x.tape().constant(target)
}
