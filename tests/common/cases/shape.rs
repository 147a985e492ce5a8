//! Rows and channels cut out and put together: parts that begin where a device can bind memory, and parts that do not.

use std::ops::Range;

use sumi::{
    autograd::Var,
    ops::{
        elementwise::{copy_part, full, scale},
        shape::{concat_channels, concat_rows, pad_channels, pad_rows, slice_channels, slice_rows},
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
    for (seed, (shape, [start, end])) in CHANNELS.into_iter().enumerate() {
        cases.extend(channels(&normal(seed as u64, shape), shape, start..end));
    }
    for (count, from, to) in [(1, 0, 0), (3, 1, 2), (255, 7, 0), (256, 0, 5), (257, 3, 3), (1_009, 2, 1)] {
        cases.push(part(&normal(9, [1_015]), count, from, to));
    }
    cases
}

/// Shapes with the channels that are cut out: all, a few, around a vector of them, over many rows.
const CHANNELS: [([usize; 4], [usize; 2]); 6] = [
    ([1, 1, 1, 1], [0, 1]),
    ([2, 3, 1, 5], [1, 3]),
    ([1, 1, 17, 16], [0, 8]),
    ([1, 4, 4, 67], [2, 67]),
    ([2, 3, 3, 130], [65, 129]),
    ([1, 61, 67, 3], [2, 3]),
];

fn channels(x: &Input, shape: [usize; 4], range: Range<usize>) -> Vec<Case> {
    let c = shape[3];
    let narrow = {
        let range = range.clone();
        move |x: &[f64]| x.chunks(c).flat_map(|row| row[range.clone()].to_vec()).collect::<Vec<_>>()
    };
    let again = narrow.clone();
    let slice = {
        let range = range.clone();
        move |x: &Var| slice_channels(x, range.clone())
    };
    let cut = slice.clone();
    let start = range.start;
    let padded = move |x: &[f64]| {
        let (rows, to) = (x.len() / c, start + c + 2);
        twin::copy_columns(x, &vec![0.0; rows * to], [c, to], c, 0, start)
    };
    let put = move |x: &[f64]| -> Vec<f64> {
        let parts = again(x);
        x.chunks(c).zip(parts.chunks(range.len())).flat_map(|(whole, part)| [part, whole, part].concat()).collect()
    };
    vec![
        one("copy_columns", x, slice, narrow, Exact),
        one("copy_columns", x, move |x| pad_channels(x, start, 2), padded, Exact),
        one("copy_columns", x, move |x| concat_channels(&[cut(x), x.clone(), cut(x)]), put, Exact),
    ]
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
