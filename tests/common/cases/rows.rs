//! Matrices row by row: one column, columns around a vector and a workgroup, far logits, rows of zeros, a row gathered
//! many times or never, and more rows than one dimension has workgroups.

use sumi::{autograd::Var, ops::rows as ops, reference::rows as twin};

use super::{Case, Input, normal, uniform};
use crate::common::compare::{
    Tolerance::{self, Exact, Pointwise, Sum},
    largest,
};

const SHAPES: [[usize; 2]; 11] =
    [[1, 1], [5, 1], [3, 2], [2, 15], [3, 16], [2, 17], [4, 63], [1, 64], [3, 65], [7, 131], [2, 256]];

/// More rows than one dimension of a launch has workgroups.
const FOLDED: usize = 65_537;

const EPS: f32 = 1e-12;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, shape) in SHAPES.into_iter().enumerate() {
        let seed = seed as u64;
        let (x, dy) = (normal(seed, shape), normal(seed + 100, shape));
        cases.extend(shares(&x, &dy));
        cases.extend(lengths(&x, &dy, EPS));
        // As many rows are shorter as are longer.
        cases.extend(lengths(&x, &dy, (shape[1] as f32).sqrt()));
    }
    // Exponentials that overflow and vanish, and shares that are all but one.
    cases.extend(shares(&uniform(1, [5, 37], -100.0, 100.0), &normal(2, [5, 37])));
    cases.extend(shares(&Input { shape: [2, 3].into(), values: vec![100.0; 6] }, &normal(2, [2, 3])));
    let mut zeros = normal(3, [4, 19]);
    zeros.values[..19].fill(0.0);
    zeros.values[38..57].fill(0.0);
    cases.extend(lengths(&zeros, &normal(4, [4, 19]), 1e-3));
    cases.extend(shares(&normal(5, [FOLDED, 2]), &normal(6, [FOLDED, 2])));

    cases.extend(gathers([1, 1], vec![0]));
    cases.extend(gathers([4, 3], vec![2, 0, 2, 2, 3]));
    cases.extend(gathers([9, 65], vec![8; 40]));
    cases.extend(gathers([50, 64], (0..50).rev().collect()));
    cases.extend(gathers([1_000, 131], (0..256).map(|i| i * 379 % 1_000).collect()));
    cases.extend(gathers([1_013, 1], (0..FOLDED as u32).map(|i| i % 1_009).collect()));
    cases
}

fn columns_of(x: &Input) -> usize {
    x.shape.dims()[1]
}

/// Softmax and cross-entropy of logits `x`, and their gradients.
fn shares(x: &Input, dy: &Input) -> Vec<Case> {
    let columns = columns_of(x);
    let rows = x.shape.dims()[0];
    let targets: Vec<u32> = (0..rows as u32).map(|r| (r * 7 + 3) % columns as u32).collect();
    let (again, t, tt) = (targets.clone(), targets.clone(), targets);
    let per_row = Input { shape: [rows].into(), values: dy.values[..rows].to_vec() };
    // Shares that were computed; in terms of the backward they are at most 1.
    let y = Input { shape: x.shape, values: narrow(&twin::softmax(&wide(&x.values), columns)) };
    let tolerance = Sum { terms: columns, largest: 2.0 * largest(&dy.values) };
    vec![
        case("softmax", &[x], |v| ops::softmax(&v[0]), move |v| twin::softmax(&v[0], columns), Pointwise),
        case(
            "softmax_backward",
            &[&y, dy],
            |v| ops::softmax_backward(&v[0], &v[1]),
            move |v| twin::softmax_backward(&v[0], &v[1], columns),
            tolerance,
        ),
        case(
            "cross_entropy",
            &[x],
            move |v| ops::cross_entropy(&v[0], &ops::Targets::new(v[0].tape().gpu(), &again, columns)),
            move |v| twin::cross_entropy(&v[0], &t, columns),
            Pointwise,
        ),
        cross_entropy_backward(x, &per_row, tt),
    ]
}

fn cross_entropy_backward(x: &Input, dy: &Input, targets: Vec<u32>) -> Case {
    let (columns, again) = (columns_of(x), targets.clone());
    let run = move |v: &[Var]| {
        let targets = ops::Targets::new(v[0].tape().gpu(), &again, columns);
        ops::cross_entropy_backward(&v[0], &targets, &v[1])
    };
    let tolerance = Sum { terms: columns, largest: 2.0 * largest(&dy.values) };
    let twin = move |v: &[Vec<f64>]| twin::cross_entropy_backward(&v[0], &targets, &v[1], columns);
    case("cross_entropy_backward", &[x, dy], run, twin, tolerance)
}

fn lengths(x: &Input, dy: &Input, eps: f32) -> Vec<Case> {
    let columns = columns_of(x);
    let shortest = x
        .values
        .chunks(columns)
        .map(|row| row.iter().map(|v| v * v).sum::<f32>().sqrt().max(eps))
        .fold(f32::MAX, f32::min);
    let tolerance = Sum { terms: columns, largest: 4.0 * largest(&dy.values) / f64::from(shortest) };
    // The kernel alone, which is what runs where no gradient of the gradient is wanted.
    let backward = move |v: &[Var]| v[0].tape().no_grad(|| ops::normalize_backward(&v[0], &v[1], eps));
    let backward_twin = move |v: &[Vec<f64>]| twin::normalize_backward(&v[0], &v[1], columns, f64::from(eps));
    vec![
        case(
            "normalize",
            &[x],
            move |v| ops::normalize(&v[0], eps),
            move |v| twin::normalize(&v[0], columns, f64::from(eps)),
            Pointwise,
        ),
        case("normalize_backward", &[x, dy], backward, backward_twin, tolerance),
    ]
}

/// Rows of a matrix of `shape` picked, and brought back.
fn gathers([rows, columns]: [usize; 2], indices: Vec<u32>) -> Vec<Case> {
    let (x, dy) = (normal(1, [rows, columns]), normal(2, [indices.len(), columns]));
    let most = (0..rows as u32).map(|row| indices.iter().filter(|i| **i == row).count()).max().unwrap_or(1);
    let tolerance = if most == 1 { Exact } else { Sum { terms: most, largest: largest(&dy.values) } };
    let of = |indices: &Vec<u32>| {
        let indices = indices.clone();
        move |v: &Var| ops::Indices::new(v.tape().gpu(), &indices, rows)
    };
    let (forward, backward) = (of(&indices), of(&indices));
    let again = indices.clone();
    vec![
        case(
            "gather_rows",
            &[&x],
            move |v| ops::gather_rows(&v[0], &forward(&v[0])),
            move |v| twin::gather_rows(&v[0], &indices, columns),
            Exact,
        ),
        case(
            "gather_rows_backward",
            &[&dy],
            move |v| ops::gather_rows_backward(&v[0], &backward(&v[0])),
            move |v| twin::gather_rows_backward(&v[0], &again, rows, columns),
            tolerance,
        ),
    ]
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

fn case(
    kernel: &'static str,
    inputs: &[&Input],
    run: impl Fn(&[Var]) -> Var + 'static,
    twin: impl Fn(&[Vec<f64>]) -> Vec<f64> + 'static,
    tolerance: Tolerance,
) -> Case {
    Case {
        kernel,
        label: format!("{:?}", inputs[0].shape),
        inputs: inputs.iter().map(|input| (*input).clone()).collect(),
        run: Box::new(move |v| vec![run(v)]),
        twin: Box::new(move |v| vec![twin(v)]),
        tolerance,
    }
}
