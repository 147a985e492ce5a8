//! Resampling: each op that has a name against its own formula, and any two maps against the kernel's definition.

use sumi::{
    autograd::Var,
    ops::{
        elementwise::mul,
        reduce::{Axis, sum},
        resample as ops,
        resample::Taps,
    },
    reference::resample as twin,
};

use super::{Case, Input, normal};
use crate::common::compare::{Tolerance, largest};

/// Pictures of one pixel, of one row, of few channels and of many, wider than a workgroup and than a run may be.
const SHAPES: [[usize; 4]; 8] = [
    [1, 1, 1, 1],
    [1, 2, 2, 3],
    [2, 7, 5, 3],
    [1, 3, 90, 8],
    [3, 6, 4, 17],
    [1, 5, 6, 64],
    [2, 4, 3, 70],
    [1, 2, 3, 2100],
];

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = SHAPES.into_iter().flat_map(named).collect();
    cases.extend(SHAPES.into_iter().flat_map(maps));
    cases.extend(SHAPES.into_iter().flat_map(largest_of_windows));
    cases
}

/// The ops that have names and are possible on pictures of `shape`.
fn named(shape: [usize; 4]) -> Vec<Case> {
    let [_, h, w, _] = shape;
    let case = |label: &str, run: fn(&Var) -> Var, twin: fn(&[f64], [usize; 4]) -> Vec<f64>| {
        let x = normal(1, shape);
        Case {
            kernel: "resample2d",
            label: format!("{label} {shape:?}"),
            tolerance: tolerance(&x, 9),
            inputs: vec![x],
            run: Box::new(move |v| vec![run(&v[0])]),
            twin: Box::new(move |v| vec![twin(&v[0], shape)]),
        }
    };
    let mut cases = vec![
        case("nearest", |x| ops::upsample_nearest(x, 2), |x, s| twin::upsample_nearest(x, s, 2)),
        case(
            "bilinear",
            |x| ops::upsample_bilinear(x, doubled(x), false),
            |x, s| twin::upsample_bilinear(x, s, [2 * s[1], 2 * s[2]], false),
        ),
        case(
            "bilinear, corners aligned",
            |x| ops::upsample_bilinear(x, doubled(x), true),
            |x, s| twin::upsample_bilinear(x, s, [2 * s[1], 2 * s[2]], true),
        ),
        case(
            "bilinear to another extent",
            |x| ops::upsample_bilinear(x, [4, 7], false),
            |x, s| twin::upsample_bilinear(x, s, [4, 7], false),
        ),
        case(
            "replication",
            |x| ops::replication_pad2d(x, [2, 1, 0, 3]),
            |x, s| twin::replication_pad2d(x, s, [2, 1, 0, 3]),
        ),
        case("blur up", ops::blur_upsample2d, twin::blur_upsample2d),
    ];
    if h > 1 && w > 1 {
        cases.extend([
            case(
                "reflection",
                |x| ops::reflection_pad2d(x, [1, 0, 1, 1]),
                |x, s| twin::reflection_pad2d(x, s, [1, 0, 1, 1]),
            ),
            case("average", |x| ops::avg_pool2d(x, [2, 2], [2, 2]), |x, s| twin::avg_pool2d(x, s, [2, 2], [2, 2])),
            case(
                "average, overlapping",
                |x| ops::avg_pool2d(x, [2, 1], [1, 2]),
                |x, s| twin::avg_pool2d(x, s, [2, 1], [1, 2]),
            ),
            case(
                "average of what is inside",
                |x| ops::avg_pool2d_inside(x, [2, 2], [1, 2], [1, 1]),
                |x, s| twin::avg_pool2d_inside(x, s, [2, 2], [1, 2], [1, 1]),
            ),
            case("blur down", ops::blur_pool2d, twin::blur_pool2d),
        ]);
    }
    if h > 3 && w > 3 {
        let sides = |x: &Var| ops::reflection_pad2d(x, [3, 3, 3, 3]);
        cases.push(case("reflection", sides, |x, s| twin::reflection_pad2d(x, s, [3; 4])));
    }
    cases
}

fn doubled(x: &Var) -> [usize; 2] {
    let [_, h, w, _] = x.shape().nhwc("case");
    [2 * h, 2 * w]
}

/// Max pooling, its gradient, and the gradient's, over windows that overlap, touch, and leave pixels out. Half of the
/// numbers stand several times, so that windows have more than one largest.
fn largest_of_windows(shape: [usize; 4]) -> Vec<Case> {
    let [n, h, w, c] = shape;
    let all = [([3, 3], [1, 1], [1, 1]), ([3, 3], [2, 2], [1, 1]), ([2, 1], [1, 3], [1, 0]), ([3, 2], [2, 2], [0, 0])];
    let fitting = all.into_iter().filter(move |(kernel, _, padding): &([usize; 2], _, [usize; 2])| {
        kernel[0] <= h + 2 * padding[0] && kernel[1] <= w + 2 * padding[1]
    });
    let each = move |(kernel, stride, padding): ([usize; 2], [usize; 2], [usize; 2])| {
        let mut x = normal(3, shape);
        x.values.iter_mut().step_by(2).for_each(|value| *value = value.round());
        let count = |size: usize, axis: usize| (size + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1;
        let dy = normal(4, [n, count(h, 0), count(w, 1), c]);
        let v = normal(5, shape);
        let label = format!("{shape:?}, {kernel:?} by {stride:?}, padded by {padding:?}");
        let pooled = move |x: &Var| ops::max_pool2d(x, kernel, stride, padding);
        let gradient = move |x: &Var, dy: &Var, graph: bool| {
            let x = x.tape().leaf(x.value().clone());
            let product = sum(&mul(&pooled(&x), dy), Axis::All);
            product.gradients(&[x], graph).into_iter().flatten().next().expect("x has a gradient")
        };
        [
            Case {
                kernel: "max_pool2d",
                label: label.clone(),
                inputs: vec![x.clone()],
                run: Box::new(move |v| vec![pooled(&v[0])]),
                twin: Box::new(move |v| vec![twin::max_pool2d(&v[0], &v[0], shape, kernel, stride, padding)]),
                tolerance: Tolerance::Exact,
            },
            Case {
                kernel: "max_pool2d_backward",
                label: label.clone(),
                tolerance: tolerance(&dy, kernel.iter().product()),
                inputs: vec![x.clone(), dy.clone()],
                run: Box::new(move |v| vec![gradient(&v[0], &v[1], false)]),
                twin: Box::new(move |v| vec![twin::max_pool2d_backward(&v[0], &v[1], shape, kernel, stride, padding)]),
            },
            Case {
                kernel: "max_pool2d",
                label: format!("gradient of the gradient, {label}"),
                inputs: vec![x, dy, v],
                run: Box::new(move |v| {
                    let dy = v[0].tape().leaf(v[1].value().clone());
                    let product = sum(&mul(&gradient(&v[0], &dy, true), &v[2]), Axis::All);
                    product.gradients(&[dy], false).into_iter().flatten().collect()
                }),
                twin: Box::new(move |v| vec![twin::max_pool2d(&v[0], &v[2], shape, kernel, stride, padding)]),
                tolerance: Tolerance::Pointwise,
            },
        ]
    };
    fitting.flat_map(each).collect()
}

/// The op with two different maps, its gradient, and the gradient's.
fn maps(shape: [usize; 4]) -> Vec<Case> {
    let [n, h, w, c] = shape;
    let pairs = [
        (Taps::zeros(h, 1, 2), Taps::bilinear(w, w + 2, true)),
        (Taps::blur_up(h), Taps::zeros(w, 0, 3)),
        (Taps::identity(h), Taps::identity(w)),
        (Taps::replicate(h, 1, 1), Taps::average(w, 1, 2)),
    ];
    let each = pairs.into_iter().flat_map(|(down, across)| {
        let y = [n, down.outputs(), across.outputs(), c];
        [(shape, false), (y, true)].map(|(shape, turned)| (shape, down.clone(), across.clone(), turned))
    });
    each.map(|(given, down, across, turned)| {
        let x = normal(2, given);
        // Many outputs may be made of one input.
        let tolerance = tolerance(&x, down.len().max(across.len()));
        let maps = (down.clone(), across.clone());
        Case {
            kernel: "resample2d",
            label: format!("{} {given:?}, {:?} by {:?}", if turned { "gradient of" } else { "" }, maps.0, maps.1),
            inputs: vec![x],
            run: Box::new(move |v| {
                let (down, across) = (&down, &across);
                if !turned {
                    return vec![ops::resample2d(&v[0], down, across)];
                }
                let tape = v[0].tape();
                let zero = tape.leaf(sumi::ops::elementwise::full(tape.gpu(), shape, 0.0));
                let product = sum(&mul(&ops::resample2d(&zero, down, across), &v[0]), Axis::All);
                product.gradients(&[zero], false).into_iter().flatten().collect()
            }),
            twin: Box::new(move |v| {
                let (down, across) = match turned {
                    false => (rows(&maps.0), rows(&maps.1)),
                    true => (columns(&maps.0), columns(&maps.1)),
                };
                vec![twin::resample2d(&v[0], given, &down, &across)]
            }),
            tolerance,
        }
    })
    .collect()
}

fn rows(taps: &Taps) -> Vec<Vec<(usize, f64)>> {
    let row = |i| taps.row(i).iter().map(|tap| (tap.index, f64::from(tap.weight))).collect();
    (0..taps.outputs()).map(row).collect()
}

/// The rows of the transpose, found anew.
fn columns(taps: &Taps) -> Vec<Vec<(usize, f64)>> {
    let mut columns = vec![Vec::new(); taps.inputs()];
    for (output, row) in rows(taps).into_iter().enumerate() {
        row.into_iter().for_each(|(input, weight)| columns[input].push((output, weight)));
    }
    columns
}

fn tolerance(x: &Input, terms: usize) -> Tolerance {
    Tolerance::Sum { terms, largest: largest(&x.values) }
}
