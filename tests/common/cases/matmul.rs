//! Products and transposes: one element, primes, and both sides of every tile's edge.

use sumi::{
    autograd::Var,
    ops::{
        matmul as ops,
        panels::{Matrices, pack_panels},
    },
    reference::matmul as twin,
    tensor::Tensor,
};

use super::{Case, halved, normal, panel_lanes};
use crate::common::compare::{Tolerance, largest};

/// `[m, k, n]`: one element, primes, vectors, and each extent one below, at and one above a side of a tile.
const PRODUCTS: [[usize; 3]; 16] = [
    [1, 1, 1],
    [1, 7, 1],
    [13, 1, 5],
    [7, 11, 13],
    [31, 37, 41],
    [32, 8, 32],
    [33, 9, 33],
    [31, 7, 31],
    [63, 15, 63],
    [64, 16, 64],
    [65, 17, 65],
    [3, 100, 72],
    [130, 20, 1],
    [129, 300, 31],
    [257, 9, 7],
    [17, 8, 1027],
];

/// As many tiles of 128 by 128, and of 128 by 64, as make a GPU use them, the last row and column of them cut.
const LARGE: [[usize; 3]; 2] = [[128 * 15 + 1, 12, 128 * 16 - 4], [128 * 250 + 3, 5, 66]];

pub fn cases() -> Vec<Case> {
    let sides = [[1, 1], [1, 7], [7, 1], [15, 17], [16, 16], [13, 31], [33, 65]];
    let mut cases: Vec<_> = sides.into_iter().map(|[rows, cols]| transpose(rows, cols)).collect();
    cases.push(transposed(3, 5, 18));
    for sizes in PRODUCTS {
        cases.push(product("matmul_naive", sizes, |v| on_tape(&v[0], ops::naive(v[0].value(), v[1].value()))));
        cases.push(product("matmul_tiled", sizes, |v| on_tape(&v[0], ops::tiled(v[0].value(), v[1].value()))));
        cases.push(product("matmul_lanes", sizes, |v| {
            // On an adapter without subgroups of a fixed size the device refuses the launch, whatever number it is
            // told.
            let lanes = v[0].tape().gpu().adapter().lanes.unwrap_or(32);
            on_tape(&v[0], ops::lanes(v[0].value(), v[1].value(), lanes))
        }));
        for lanes in [8, 16] {
            cases.push(product("matmul_panels", sizes, move |v| {
                let lanes = panel_lanes(v[0].tape().gpu(), lanes);
                on_tape(&v[0], ops::panels(v[0].value(), v[1].value(), lanes))
            }));
        }
        cases.push(halved(product("matmul_coop", sizes, |v| on_tape(&v[0], ops::coop(v[0].value(), v[1].value())))));
        cases.push(product("matmul", sizes, |v| ops::matmul(&v[0], &v[1])));
    }
    for sizes in LARGE {
        cases.push(product("matmul_tiled", sizes, |v| on_tape(&v[0], ops::tiled(v[0].value(), v[1].value()))));
    }
    for sizes in LARGE {
        cases.push(halved(product("matmul_coop", sizes, |v| on_tape(&v[0], ops::coop(v[0].value(), v[1].value())))));
    }
    cases.extend(packed());
    cases.push(linear());
    cases
}

fn on_tape(like: &Var, value: Tensor) -> Var {
    like.tape().constant(value)
}

fn product(kernel: &'static str, [m, k, n]: [usize; 3], run: impl Fn(&[Var]) -> Var + 'static) -> Case {
    let (a, b) = (normal(1, [m, k]), normal(2, [k, n]));
    let tolerance = Tolerance::Sum { terms: k, largest: largest(&a.values) * largest(&b.values) };
    Case {
        kernel,
        label: format!("[{m}, {k}] by [{k}, {n}]"),
        inputs: vec![a, b],
        run: Box::new(move |v| vec![run(v)]),
        twin: Box::new(move |v| vec![twin::matmul(&v[0], &v[1], m, k, n)]),
        tolerance,
    }
}

fn transpose(rows: usize, cols: usize) -> Case {
    Case {
        kernel: "transpose",
        label: format!("[{rows}, {cols}]"),
        inputs: vec![normal(1, [rows, cols])],
        run: Box::new(|v| vec![ops::transpose(&v[0])]),
        twin: Box::new(move |v| vec![twin::transpose(&v[0], 1, rows, cols)]),
        tolerance: Tolerance::Exact,
    }
}

fn transposed(batch: usize, rows: usize, cols: usize) -> Case {
    Case {
        kernel: "transpose",
        label: format!("[{batch}, {rows}, {cols}]"),
        inputs: vec![normal(1, [batch, rows, cols])],
        run: Box::new(move |v| vec![on_tape(&v[0], ops::transposed(v[0].value(), [batch, rows, cols]))]),
        twin: Box::new(move |v| vec![twin::transpose(&v[0], batch, rows, cols)]),
        tolerance: Tolerance::Exact,
    }
}

/// Matrices `[batch, rows, cols]` in panels: as they lie, seen through their transposes, and halves exchanged.
fn packed() -> Vec<Case> {
    let sizes = [([1, 1, 1], 16), ([1, 7, 5], 32), ([1, 130, 33], 16), ([3, 17, 48], 48), ([2, 129, 50], 32)];
    let case = |([batch, rows, cols], width): ([usize; 3], usize), [turned, reversed]: [bool; 2]| {
        // Rows in two extents where they can be halved.
        let half = if rows % 2 == 0 { [2, rows / 2] } else { [1, rows] };
        let (step, col_stride) = if turned { (1, rows) } else { (cols, 1) };
        let row_strides = [half[1] * step, step];
        let view = Matrices { batch, rows: half, cols, batch_stride: rows * cols, row_strides, col_stride, reversed };
        let exchanged = move |x: Vec<f64>| match reversed {
            true => x.chunks(rows * cols).flat_map(|x| x.chunks(half[1] * cols).rev().flatten().copied()).collect(),
            false => x,
        };
        Case {
            kernel: "pack_panels",
            label: format!("{view:?} in panels of {width}"),
            inputs: vec![normal(1, [batch * rows * cols])],
            run: Box::new(move |v| {
                let lanes = panel_lanes(v[0].tape().gpu(), if turned { 8 } else { 16 });
                vec![on_tape(&v[0], pack_panels(v[0].value(), &view, lanes, width))]
            }),
            twin: Box::new(move |v| {
                let x = if turned { twin::transpose(&v[0], batch, cols, rows) } else { v[0].clone() };
                vec![twin::pack_panels(&exchanged(x), batch, rows, cols, width)]
            }),
            tolerance: Tolerance::Exact,
        }
    };
    let views = [[false, false], [true, false], [false, true], [true, true]];
    sizes.into_iter().flat_map(|sizes| views.map(|view| case(sizes, view))).collect()
}

fn linear() -> Case {
    let (x, w, bias) = (normal(1, [5, 7]), normal(2, [7, 6]), normal(3, [6]));
    let tolerance = Tolerance::Sum { terms: 8, largest: largest(&x.values) * largest(&w.values) };
    Case {
        kernel: "linear",
        label: "with a bias".into(),
        inputs: vec![x, w, bias],
        run: Box::new(|v| vec![ops::linear(&v[0], &v[1], Some(&v[2]))]),
        twin: Box::new(|v| {
            let product = twin::matmul(&v[0], &v[1], 5, 7, 6);
            vec![product.iter().zip(v[2].iter().cycle()).map(|(y, bias)| y + bias).collect()]
        }),
        tolerance,
    }
}
