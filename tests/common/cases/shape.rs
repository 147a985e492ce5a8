//! Rows cut out and put together: parts that begin where a device can bind memory, and parts that do not.

use sumi::{
    autograd::Var,
    ops::{
        elementwise::{copy_part, full, scale},
        shape::{concat_rows, pad_rows, slice_rows},
    },
    reference::elementwise as twin,
    tensor::Tensor,
};

use super::{Case, Input, normal, one};
use crate::common::compare::Tolerance::Exact;

/// Shapes with the rows that are cut out: from the start, aligned to 64 and 256 bytes, not aligned, to the end.
const SLICES: [([usize; 2], [usize; 2]); 7] = [
    ([1, 1], [0, 1]),
    ([5, 3], [0, 2]),
    ([5, 3], [1, 4]),
    ([5, 16], [3, 5]),
    ([6, 64], [2, 5]),
    ([9, 67], [8, 9]),
    ([300, 33], [1, 300]),
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, ([rows, columns], [start, end])) in SLICES.into_iter().enumerate() {
        let x = normal(seed as u64, [rows, columns]);
        let range = start * columns..end * columns;
        let within = range.clone();
        // Scaled, so that a kernel binds the part.
        let op = move |x: &Var| scale(&slice_rows(x, start..end), 2.0);
        cases.push(one("copy_part", &x, op, move |x| twin::affine(&x[within.clone()], 2.0, 0.0), Exact));
        let padded = move |x: &[f64]| {
            let y = vec![0.0; (start + rows + 2) * columns];
            twin::copy_part(x, &y, x.len(), 0, start * columns)
        };
        cases.push(one("copy_part", &x, move |x| pad_rows(x, start, 2), padded, Exact));
        let parts = move |x: &Var| concat_rows(&[slice_rows(x, start..end), x.clone(), slice_rows(x, 0..1)]);
        let put = move |x: &[f64]| [&x[range.clone()], x, &x[..columns]].concat();
        cases.push(one("copy_part", &x, parts, put, Exact));
    }
    for (count, from, to) in [(1, 0, 0), (3, 1, 2), (255, 7, 0), (256, 0, 5), (257, 3, 3), (1_009, 2, 1)] {
        cases.push(part(&normal(9, [1_015]), count, from, to));
    }
    cases
}

/// A part copied into a tensor that is 0.5 elsewhere.
fn part(x: &Input, count: usize, from: usize, to: usize) -> Case {
    let run = move |x: &Var| {
        let y: Tensor = full(x.tape().gpu(), x.shape(), 0.5);
        copy_part(x.value(), &y, count, from, to);
        x.tape().constant(y)
    };
    one("copy_part", x, run, move |x| twin::copy_part(x, &vec![0.5; x.len()], count, from, to), Exact)
}
