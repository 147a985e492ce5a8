//! Losses per element and their gradients; the mean over a batch; logits far out.

use sumi::{autograd::Var, ops::loss as ops, reference::loss as twin};

use super::{Case, Input, normal, uniform};
use crate::common::compare::{
    Tolerance::{self, Pointwise, Sum},
    largest,
};

const SIZES: [usize; 7] = [1, 3, 4, 5, 255, 257, 1009];

/// `[N, H, W, C]` of total variation: no neighbours at all, only on one side, lines around a workgroup, many lines.
const PICTURES: [[usize; 4]; 8] = [
    [1, 1, 1, 1],
    [2, 1, 5, 3],
    [2, 5, 1, 3],
    [1, 2, 2, 1],
    [3, 4, 21, 3],
    [1, 3, 64, 1],
    [1, 3, 65, 2],
    [2, 67, 43, 3],
];

/// `delta` of huber: 1 is a difference that occurs exactly.
const DELTAS: [f32; 2] = [1.0, 0.3];

type Op = fn(&Var, &Var) -> Var;
type Twin = fn(&[f64], &[f64]) -> Vec<f64>;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, size) in SIZES.into_iter().enumerate() {
        let seed = seed as u64;
        let (x, dy) = (normal(seed, [size]), normal(seed + 100, [size]));
        cases.extend(on(&x, &normal(seed + 200, [size]), &uniform(seed, [size], 0.0, 1.0), &dy));
    }
    // Far out; and predictions that equal their targets, or lie on the hinge's kink.
    let values = vec![-100.0, -88.8, -30.0, -1.0, -0.5, 0.0, 0.5, 1.0, 30.0, 88.8, 100.0];
    let targets = vec![1.0, -1.0, 1.0, -1.0, 1.0, 0.0, 0.5, 1.0, -1.0, 1.0, -1.0];
    let probabilities = targets.iter().map(|t: &f32| t.max(0.0)).collect();
    let of = |values| Input { shape: [11].into(), values };
    cases.extend(on(&of(values), &of(targets), &of(probabilities), &normal(7, [11])));
    for (seed, shape) in PICTURES.into_iter().enumerate() {
        cases.extend(variation(&normal(seed as u64, shape), &normal(seed as u64 + 100, [1])));
    }
    cases
}

/// Every kernel on predictions `x`, targets `t`, target probabilities `p` and gradients `dy`.
fn on(x: &Input, t: &Input, p: &Input, dy: &Input) -> Vec<Case> {
    let losses: [(&'static str, Op, Op, Twin, &Input); 4] = [
        ("bce_with_logits", ops::bce_with_logits, ops::bce_with_logits_loss, twin::bce_with_logits, p),
        ("mse", ops::mse, ops::mse_loss, twin::mse, t),
        ("l1", ops::l1, ops::l1_loss, twin::l1, t),
        ("hinge", ops::hinge, ops::hinge_loss, twin::hinge, t),
    ];
    let mut cases = Vec::new();
    for (kernel, per_element, mean, twin, t) in losses {
        let inputs = || vec![x.clone(), t.clone()];
        cases.push(case(
            kernel,
            "",
            inputs(),
            move |v| per_element(&v[0], &v[1]),
            move |v| twin(&v[0], &v[1]),
            Pointwise,
        ));
        let averaged = move |v: &[Vec<f64>]| {
            let losses = twin(&v[0], &v[1]);
            vec![losses.iter().sum::<f64>() / losses.len() as f64]
        };
        let wide: Vec<f64> = x.values.iter().copied().map(f64::from).collect();
        let targets: Vec<f64> = t.values.iter().copied().map(f64::from).collect();
        let worst = twin(&wide, &targets).into_iter().fold(0.0, f64::max);
        let terms = x.values.len();
        let tolerance = Sum { terms, largest: worst / terms as f64 + largest(&x.values) / terms as f64 };
        cases.push(case(kernel, "mean", inputs(), move |v| mean(&v[0], &v[1]), averaged, tolerance));
    }

    type Backward = fn(&Var, &Var, &Var) -> Var;
    type BackwardTwin = fn(&[f64], &[f64], &[f64]) -> Vec<f64>;
    for delta in DELTAS {
        let inputs = || vec![x.clone(), t.clone()];
        let wide = f64::from(delta);
        let per_element = move |v: &[Var]| ops::huber(&v[0], &v[1], delta);
        cases.push(case("huber", "", inputs(), per_element, move |v| twin::huber(&v[0], &v[1], wide), Pointwise));
        let averaged =
            move |v: &[Vec<f64>]| vec![twin::huber(&v[0], &v[1], wide).iter().sum::<f64>() / v[0].len() as f64];
        let terms = x.values.len();
        let worst = wide * (largest(&x.values) + largest(&t.values));
        let tolerance = Sum { terms, largest: worst / terms as f64 };
        cases.push(case("huber", "mean", inputs(), move |v| ops::huber_loss(&v[0], &v[1], delta), averaged, tolerance));
        let with_dy = vec![x.clone(), t.clone(), dy.clone()];
        let run = move |v: &[Var]| ops::huber_backward(&v[0], &v[1], &v[2], delta);
        let twin = move |v: &[Vec<f64>]| twin::huber_backward(&v[0], &v[1], &v[2], wide);
        cases.push(case("huber_backward", "", with_dy, run, twin, Pointwise));
    }

    let gradients: [(&'static str, Backward, BackwardTwin, &Input); 4] = [
        ("bce_with_logits_backward", ops::bce_with_logits_backward, twin::bce_with_logits_backward, p),
        ("mse_backward", ops::mse_backward, twin::mse_backward, t),
        ("l1_backward", ops::l1_backward, twin::l1_backward, t),
        ("hinge_backward", ops::hinge_backward, twin::hinge_backward, t),
    ];
    for (kernel, op, twin, t) in gradients {
        let inputs = vec![x.clone(), t.clone(), dy.clone()];
        let run = move |v: &[Var]| op(&v[0], &v[1], &v[2]);
        cases.push(case(kernel, "", inputs, run, move |v| twin(&v[0], &v[1], &v[2]), Pointwise));
    }
    cases
}

/// Total variation of pictures `x` and its gradient for `dy`.
fn variation(x: &Input, dy: &Input) -> Vec<Case> {
    let shape: [usize; 4] = x.shape.dims().try_into().expect("pictures have four extents");
    let most = largest(&x.values);
    let total = move |v: &[Vec<f64>]| vec![twin::total_variation(&v[0], shape).iter().sum::<f64>()];
    let terms = x.values.len();
    // Two differences to a part, each of at most twice the largest number, and about as many parts as differences.
    let tolerance = Sum { terms, largest: 8.0 * most * most / terms as f64 };
    let gradient = move |v: &[Vec<f64>]| twin::total_variation_backward(&v[0], v[1][0], shape);
    let steep = Sum { terms: 4, largest: 8.0 * most * largest(&dy.values) };
    vec![
        case("total_variation", "", vec![x.clone()], |v| ops::total_variation(&v[0]), total, tolerance),
        case(
            "total_variation_backward",
            "",
            vec![x.clone(), dy.clone()],
            |v| ops::total_variation_backward(&v[0], &v[1]),
            gradient,
            steep,
        ),
    ]
}

fn case(
    kernel: &'static str,
    what: &str,
    inputs: Vec<Input>,
    run: impl Fn(&[Var]) -> Var + 'static,
    twin: impl Fn(&[Vec<f64>]) -> Vec<f64> + 'static,
    tolerance: Tolerance,
) -> Case {
    Case {
        kernel,
        label: format!("{what} {:?}", inputs[0].shape),
        inputs,
        run: Box::new(move |v| vec![run(v)]),
        twin: Box::new(move |v| vec![twin(v)]),
        tolerance,
    }
}
