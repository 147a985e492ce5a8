//! Sums and their adjoint: one element, primes, around a launch's number of terms, and a million terms.

use sumi::{
    autograd::Var,
    ops::{
        reduce::{self as ops, Axis},
        shape::reshape,
    },
    reference::reduce as twin,
    tensor::Shape,
};

use super::{Case, Input, normal, uniform};
use crate::common::compare::{
    Tolerance::{Exact, Pointwise, Sum},
    largest,
};

/// `[outer, reduce, inner]` of the sums: what is kept is everything's, a sample's or a channel's.
const VIEWS: [(Axis, [usize; 3]); 21] = [
    (Axis::All, [1, 1, 1]),
    (Axis::All, [1, 7, 1]),
    (Axis::All, [1, 127, 1]),
    (Axis::All, [1, 128, 1]),
    (Axis::All, [1, 129, 1]),
    (Axis::All, [1, 16_385, 1]),
    (Axis::All, [1, 1_000_003, 1]),
    (Axis::PerChannel, [1, 1, 1]),
    (Axis::PerChannel, [1, 1, 5]),
    (Axis::PerChannel, [1, 4_099, 1]),
    (Axis::PerChannel, [1, 131, 3]),
    (Axis::PerChannel, [1, 257, 64]),
    (Axis::PerChannel, [1, 16_411, 13]),
    (Axis::PerSample, [1, 1, 1]),
    (Axis::PerSample, [1, 300, 1]),
    (Axis::PerSample, [7, 129, 1]),
    (Axis::PerSample, [65, 128, 1]),
    (Axis::PerSampleChannel, [1, 1, 1]),
    (Axis::PerSampleChannel, [3, 1, 5]),
    (Axis::PerSampleChannel, [2, 131, 3]),
    (Axis::PerSampleChannel, [3, 257, 64]),
];

/// 65 536 workgroups of 64 invocations, and one more: sums of one element each.
const FOLDED: usize = 65_536 * 64 + 1;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, (axis, view)) in VIEWS.into_iter().enumerate() {
        let [outer, reduce, inner] = view;
        // Random signs, and a value all of one sign: what is left of the first is small, that of the second large.
        cases.push(sum(axis, view, &normal(seed as u64, shape(axis, view))));
        cases.push(sum(axis, view, &uniform(seed as u64, shape(axis, view), 0.5, 1.5)));
        cases.push(mean(axis, view, &normal(seed as u64, shape(axis, view))));
        let kept = normal(seed as u64, [outer * inner]);
        cases.push(Case {
            kernel: "expand",
            label: format!("{axis:?} to {view:?}"),
            inputs: vec![kept],
            run: Box::new(move |v| vec![ops::expand(&kept_as(axis, view, &v[0]), axis, shape(axis, view))]),
            twin: Box::new(move |v| vec![twin::expand(&v[0], outer, reduce, inner)]),
            tolerance: Exact,
        });
    }
    cases.push(sum(Axis::PerSample, [FOLDED, 1, 1], &normal(1, [FOLDED])));
    for (seed, [rows, c]) in [[1, 1], [3, 1], [5, 3], [67, 4], [1_021, 13], [4_096, 64]].into_iter().enumerate() {
        cases.push(Case {
            kernel: "add_channels",
            label: format!("[{rows}, {c}]"),
            inputs: vec![normal(seed as u64, [rows, c]), normal(99 + seed as u64, [c])],
            run: Box::new(|v| vec![ops::add_channels(&v[0], &v[1])]),
            twin: Box::new(move |v| vec![twin::add_channels(&v[0], &v[1], rows, c)]),
            tolerance: Pointwise,
        });
    }
    cases
}

/// The shape of a tensor that is seen as `view`.
fn shape(axis: Axis, [outer, reduce, inner]: [usize; 3]) -> Shape {
    match axis {
        Axis::All => [reduce].into(),
        Axis::PerChannel => [reduce, inner].into(),
        Axis::PerSample => [outer, reduce].into(),
        Axis::PerSampleChannel => [outer, reduce, inner].into(),
    }
}

fn kept_as(axis: Axis, [outer, _, inner]: [usize; 3], y: &Var) -> Var {
    match axis {
        Axis::All => reshape(y, []),
        Axis::PerSampleChannel => reshape(y, [outer, inner]),
        Axis::PerChannel | Axis::PerSample => y.clone(),
    }
}

fn sum(axis: Axis, view: [usize; 3], x: &Input) -> Case {
    let [outer, reduce, inner] = view;
    Case {
        kernel: "sum",
        label: format!("{axis:?} of {view:?}"),
        inputs: vec![x.clone()],
        run: Box::new(move |v| vec![ops::sum(&v[0], axis)]),
        twin: Box::new(move |v| vec![twin::sum(&v[0], outer, reduce, inner)]),
        tolerance: if reduce == 1 { Exact } else { Sum { terms: reduce, largest: largest(&x.values) } },
    }
}

fn mean(axis: Axis, view: [usize; 3], x: &Input) -> Case {
    let [outer, reduce, inner] = view;
    let divided = move |v: &[f64]| twin::sum(v, outer, reduce, inner).iter().map(|s| s / reduce as f64).collect();
    let largest = largest(&x.values) / reduce as f64;
    Case {
        kernel: "sum",
        label: format!("mean, {axis:?} of {view:?}"),
        inputs: vec![x.clone()],
        run: Box::new(move |v| vec![ops::mean(&v[0], axis)]),
        twin: Box::new(move |v| vec![divided(&v[0])]),
        tolerance: if reduce == 1 { Pointwise } else { Sum { terms: reduce, largest } },
    }
}
