//! Changes of pictures: one pixel, lines around what a workgroup has, other channels than three; shifts and
//! rectangles that leave the picture on every side; the probability's controller over several calls.

use sumi::{
    autograd::Var,
    ops::{
        augment::{Ranges, adapt_probability, adjust_colour, cutout, draw_changes, translate},
        elementwise::mul,
        reduce::{Axis, sum},
    },
    reference::augment as twin,
    tensor::Tensor,
};

use super::{Case, Input, normal, uniform};
use crate::common::compare::Tolerance::{Exact, Pointwise, Sum};

/// `[N, H, W]`.
const PICTURES: [[usize; 3]; 6] = [[1, 1, 1], [2, 1, 5], [3, 7, 3], [2, 8, 8], [5, 9, 22], [2, 33, 67]];

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = PICTURES.into_iter().map(adjusted).collect();
    cases.extend(PICTURES.into_iter().flat_map(|[n, h, w]| [1, 3].map(|c| moved([n, h, w, c]))));
    cases.extend(PICTURES.into_iter().flat_map(|[n, h, w]| [[1, 1], [4, 5]].map(|sides| covered([n, h, w, 3], sides))));
    cases.push(moved([3, 5, 4, 17]));
    cases.push(covered([3, 5, 4, 17], [3, 2]));
    cases.extend([0.0, 0.4, 1.0].into_iter().flat_map(drawn));
    cases.extend([1, 3, 8].map(adapted));
    cases
}

/// Forward, and the gradient of y weighted by x itself: the same map without the brightness.
fn adjusted([n, h, w]: [usize; 3]) -> Case {
    Case {
        kernel: "adjust_colour",
        label: format!("[{n}, {h}, {w}, 3]"),
        inputs: vec![uniform(1, [n, h, w, 3], -1.0, 1.0), uniform(2, [n, 3], -0.5, 2.0)],
        run: Box::new(|v| both(&v[0], |x| adjust_colour(x, v[1].value()))),
        twin: Box::new(move |v| {
            let dull: Vec<f64> = v[1].iter().enumerate().map(|(i, f)| if i % 3 == 0 { 0.0 } else { *f }).collect();
            vec![twin::adjust_colour(&v[0], &v[1], n), twin::adjust_colour(&v[0], &dull, n)]
        }),
        // What is added up for the mean, and some roundings of numbers up to 4.
        tolerance: Sum { terms: 3 * h * w + 16, largest: 4.0 },
    }
}

/// Whole numbers that go beyond an extent on both sides, in turn.
fn whole(n: usize, [h, w]: [usize; 2]) -> Input {
    let within = |i: usize, most: usize| ((7 * i + 3) % (2 * most + 3)) as f32 - most as f32 - 1.0;
    let values = (0..n).flat_map(|i| [within(i, h), within(i + 2, w)]).collect();
    Input { shape: [n, 2].into(), values }
}

/// There, and back.
fn moved(shape: [usize; 4]) -> Case {
    let [n, h, w, _] = shape;
    Case {
        kernel: "translate",
        label: format!("{shape:?}"),
        inputs: vec![normal(1, shape), whole(n, [h, w])],
        run: Box::new(|v| both(&v[0], |x| translate(x, v[1].value()))),
        twin: Box::new(move |v| {
            let back: Vec<f64> = v[1].iter().map(|shift| -shift).collect();
            vec![twin::translate(&v[0], &v[1], shape), twin::translate(&v[0], &back, shape)]
        }),
        tolerance: Exact,
    }
}

fn covered(shape: [usize; 4], sides: [usize; 2]) -> Case {
    let [n, h, w, _] = shape;
    Case {
        kernel: "cutout",
        label: format!("{shape:?}, {sides:?}"),
        inputs: vec![normal(1, shape), whole(n, [h, w])],
        run: Box::new(move |v| both(&v[0], |x| cutout(x, v[1].value(), sides))),
        twin: Box::new(move |v| vec![twin::cutout(&v[0], &v[1], sides, shape); 2]),
        tolerance: Exact,
    }
}

/// A linear map of `x`, and its adjoint of `x`.
fn both(x: &Var, map: impl Fn(&Var) -> Var) -> Vec<Var> {
    let leaf = x.tape().leaf(x.value().clone());
    let product = sum(&mul(&map(&leaf), x), Axis::All);
    let adjoint = product.gradients(&[leaf], false).remove(0).expect("it depends on the leaf");
    vec![map(x), adjoint]
}

fn drawn(probability: f32) -> Vec<Case> {
    let factors = Ranges { low: [-0.5, 0.0, 0.5], span: [1.0, 2.0, 1.0], idle: [0.0, 1.0, 1.0], is_whole: false };
    let shifts = Ranges { low: [-8.0, -2.0], span: [17.0, 5.0], idle: [0.0, 0.0], is_whole: true };
    [1, 21, 64, 67]
        .into_iter()
        .flat_map(move |n| [draw(n, probability, factors), draw(n, probability, shifts)])
        .collect()
}

fn draw<const K: usize>(n: usize, probability: f32, ranges: Ranges<K>) -> Case {
    let wide = |values: [f32; K]| values.map(f64::from);
    Case {
        kernel: "draw_changes",
        label: format!("{n} with probability {probability}, {K} numbers"),
        inputs: vec![
            uniform(n as u64, [n, K + 1], 0.0, 1.0),
            Input { shape: [4].into(), values: vec![probability, 9.0, 9.0, 9.0] },
        ],
        run: Box::new(move |v| vec![v[0].tape().constant(draw_changes(v[0].value(), v[1].value(), &ranges))]),
        twin: Box::new(move |v| {
            let Ranges { low, span, idle, is_whole } = ranges;
            vec![twin::draw_changes(&v[0], v[1][0], &wide(low), &wide(span), &wide(idle), is_whole)]
        }),
        tolerance: Pointwise,
    }
}

/// So many calls, of which every third moves the probability: the first times up, then down and beyond 0.
fn adapted(calls: usize) -> Case {
    const AMOUNT: f32 = 0.125;
    let logits = |call: usize| {
        let mut logits = normal(call as u64, [37]);
        let offset = if call < 3 { 3.0 } else { -3.0 };
        logits.values.iter_mut().for_each(|value| *value += offset);
        logits.values[5] = 0.0;
        logits.values
    };
    Case {
        kernel: "adapt_probability",
        label: format!("{calls} calls"),
        inputs: vec![Input { shape: [4].into(), values: vec![0.0625, 0.0, 0.0, 0.0] }],
        run: Box::new(move |v| {
            let (gpu, start) = (v[0].tape().gpu(), v[0].value().to_vec().expect("the device answers"));
            let state = Tensor::from_slice(gpu, [4], &start);
            for call in 0..calls {
                adapt_probability(&Tensor::from_slice(gpu, [37], &logits(call)), &state, 3, 0.6, AMOUNT);
            }
            vec![v[0].tape().constant(state)]
        }),
        twin: Box::new(move |v| {
            let mut state = [v[0][0], v[0][1], v[0][2], v[0][3]];
            for call in 0..calls {
                let logits: Vec<f64> = logits(call).into_iter().map(f64::from).collect();
                state = twin::adapt_probability(&logits, state, 3.0, f64::from(0.6_f32), f64::from(AMOUNT));
            }
            vec![state.to_vec()]
        }),
        tolerance: Exact,
    }
}
