//! Products and transposes: one element, primes, and both sides of every tile's edge.

use sumi::{autograd::Var, ops::matmul as ops, reference::matmul as twin};

use super::{Case, normal};
use crate::common::compare::Tolerance::Exact;

pub fn cases() -> Vec<Case> {
    let sides = [[1, 1], [1, 7], [7, 1], [15, 17], [16, 16], [13, 31], [33, 65]];
    sides.into_iter().map(|[rows, cols]| transpose(rows, cols)).collect()
}

fn transpose(rows: usize, cols: usize) -> Case {
    Case {
        kernel: "transpose",
        label: format!("{rows} x {cols}"),
        inputs: vec![normal(1, [rows, cols])],
        run: Box::new(|v: &[Var]| vec![ops::transpose(&v[0])]),
        twin: Box::new(move |v| vec![twin::transpose(&v[0], 1, rows, cols)]),
        tolerance: Exact,
    }
}
