//! Batch normalisation: one row, one channel, around the number of sets and of rows in a set, and a large mean beside a
//! small variance, where a careless variance cancels.

use sumi::{
    autograd::Var,
    ops::{
        elementwise::mul,
        norm::{self as ops, Running},
        reduce::{Axis, sum},
    },
    reference::norm as twin,
    tensor::Tensor,
};

use super::{Case, Input, normal};
use crate::common::compare::Tolerance::{self, Sum};

const EPS: f32 = 1e-5;
const MOMENTUM: f32 = 0.1;

/// `[N, H, W, C]`, and the mean and the standard deviation of what is normalised.
const SHAPES: [([usize; 4], f32, f32); 15] = [
    ([1, 1, 1, 1], 0.5, 1.0),
    ([1, 1, 1, 5], 0.5, 1.0),
    ([2, 1, 1, 3], 0.5, 1.0),
    ([5, 1, 1, 2], 0.5, 1.0),
    ([3, 5, 7, 13], -1.0, 3.0),
    ([1, 4, 4, 64], 0.0, 1.0),
    // Around four sets of 32 rows.
    ([127, 1, 1, 3], 0.0, 0.1),
    ([128, 1, 1, 3], 0.0, 0.1),
    ([129, 1, 1, 3], 0.0, 0.1),
    // Around 64 sets, from where on they are merged in steps; then twice.
    ([1, 64, 32, 4], 0.3, 1.0),
    ([1, 2_081, 1, 5], 0.3, 1.0),
    ([1, 140_001, 1, 1], 0.3, 1.0),
    ([2, 31, 67, 3], 1_000.0, 0.01),
    ([16, 1, 1, 8], -300.0, 0.1),
    ([1, 131_101, 1, 2], 1_000.0, 0.01),
];

pub fn cases() -> Vec<Case> {
    SHAPES.into_iter().enumerate().flat_map(|(seed, (shape, mean, std))| on(seed as u64, shape, mean, std)).collect()
}

fn on(seed: u64, shape: [usize; 4], mean: f32, std: f32) -> Vec<Case> {
    let c = shape[3];
    let x = normal(seed, shape);
    let x = Input { shape: x.shape, values: x.values.iter().map(|v| mean + std * v).collect() };
    let rows = x.values.len() / c;
    let gamma = normal(seed + 100, [c]);
    let beta = normal(seed + 200, [c]);
    let dy = normal(seed + 300, shape);
    let var = Input { shape: [c].into(), values: (0..c).map(|i| 0.5 + i as f32).collect() };
    let running_mean = normal(seed + 400, [c]);
    let statistics = || vec![x.clone(), running_mean.clone(), var.clone()];
    let forward = || vec![x.clone(), running_mean.clone(), var.clone(), gamma.clone(), beta.clone()];
    let backward = || vec![x.clone(), running_mean.clone(), var.clone(), gamma.clone(), beta.clone(), dy.clone()];

    // Sizes of terms, for tolerances.
    let wide: Vec<f64> = x.values.iter().copied().map(f64::from).collect();
    let most = |values: &[f64]| values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let (means, m2) = twin::batch_norm_stats(&wide, rows, c);
    let rstd = most(&m2.iter().map(|m2| (m2 / rows as f64 + f64::from(EPS)).powf(-0.5)).collect::<Vec<_>>());
    let deviation = wide.iter().enumerate().fold(0.0, |most: f64, (i, x)| most.max((x - means[i % c]).abs()));
    let narrow = |input: &Input| most(&input.values.iter().copied().map(f64::from).collect::<Vec<_>>());
    let (largest_x, largest_dy, largest_gamma) = (most(&wide), narrow(&dy), narrow(&gamma));
    // What is off in the mean of f32 numbers is off in every normalised value.
    let slope = rstd * largest_gamma;
    let xhat = 1.0 + deviation * rstd;
    let blurred = xhat + largest_x * rstd;

    let case =
        |kernel, what: &str, inputs, run: fn(&[Var]) -> Vec<Var>, twin: fn(&[Vec<f64>]) -> Vec<Vec<f64>>, tolerance| {
            Case {
                kernel,
                label: format!("{what} {shape:?} of {mean} ± {std}"),
                inputs,
                run: Box::new(run),
                twin: Box::new(twin),
                tolerance,
            }
        };
    let of = |terms, largest| -> Tolerance { Sum { terms, largest } };
    let freedom = rows.max(2) as f64 - 1.0;
    vec![
        case("batch_norm_stats", "mean", statistics(), mean_of, mean_twin, of(1, 2.0 * deviation)),
        case("batch_norm_merge", "variance", statistics(), var_of, var_twin, of(rows, deviation.powi(2) / freedom)),
        case(
            "batch_norm_finish",
            "",
            statistics(),
            follow,
            follow_twin,
            of(rows, 1.0 + (largest_x + deviation.powi(2)) / rows as f64),
        ),
        case("batch_norm", "training", forward(), train, train_twin, of(4, slope * (largest_x + deviation) + 1.0)),
        case(
            "batch_norm",
            "evaluation",
            forward(),
            evaluate,
            evaluate_twin,
            of(4, 2.0 * largest_gamma * (largest_x + 4.0) + 1.0),
        ),
        case("batch_norm_backward", "training", backward(), dx, dx_twin, of(16, slope * largest_dy * xhat * blurred)),
        case(
            "batch_norm_backward",
            "evaluation",
            backward(),
            dx_evaluating,
            dx_evaluating_twin,
            of(4, 2.0 * largest_gamma * largest_dy),
        ),
        case("batch_norm_backward_reduce", "", backward(), sums, sums_twin, of(rows, largest_dy * blurred)),
    ]
}

/// Running statistics of which nothing is left after one batch.
fn after(v: &[Var], momentum: f32) -> Running {
    let gpu = v[0].tape().gpu();
    let c = v[0].shape().channels();
    // Copies, so that the inputs stay as they are.
    let copy = |var: &Var| {
        let target = Tensor::empty(gpu, [c]);
        sumi::ops::elementwise::copy_into(var.value(), &target);
        target
    };
    let running = Running { mean: copy(&v[1]), var: copy(&v[2]) };
    let one = v[0].tape().constant(sumi::ops::elementwise::full(gpu, [c], 1.0));
    ops::batch_norm(&v[0], &one, &one, &running, true, momentum, EPS);
    running
}

fn mean_of(v: &[Var]) -> Vec<Var> {
    vec![v[0].tape().constant(after(v, 1.0).mean)]
}

fn mean_twin(v: &[Vec<f64>]) -> Vec<Vec<f64>> {
    vec![finish_twin(v, 1.0).running_mean]
}

fn var_of(v: &[Var]) -> Vec<Var> {
    vec![v[0].tape().constant(after(v, 1.0).var)]
}

/// As the kernels go about it: the statistics of every eighth row, merged twice.
fn var_twin(v: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (c, split) = (v[1].len(), 8);
    let rows = v[0].len() / c;
    let (mut means, mut m2s) = (vec![0.0; split * c], vec![0.0; split * c]);
    for s in 0..split.min(rows) {
        let set: Vec<f64> = v[0].chunks(c).skip(s).step_by(split).flatten().copied().collect();
        let (mean, m2) = twin::batch_norm_stats(&set, set.len() / c, c);
        means[s * c..][..c].copy_from_slice(&mean);
        m2s[s * c..][..c].copy_from_slice(&m2);
    }
    let (means, m2s) = twin::batch_norm_merge(&means, &m2s, rows, c, split, 2);
    let (_, m2) = twin::batch_norm_merge(&means, &m2s, rows, c, 2, 1);
    vec![m2.iter().map(|m2| m2 / (rows.max(2) as f64 - 1.0)).collect()]
}

fn follow(v: &[Var]) -> Vec<Var> {
    let Running { mean, var } = after(v, MOMENTUM);
    vec![v[0].tape().constant(mean), v[0].tape().constant(var)]
}

fn follow_twin(v: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let finish = finish_twin(v, f64::from(MOMENTUM));
    vec![finish.running_mean, finish.running_var]
}

fn finish_twin(v: &[Vec<f64>], momentum: f64) -> twin::BatchNormFinish {
    let c = v[1].len();
    let rows = v[0].len() / c;
    let (mean, m2) = twin::batch_norm_stats(&v[0], rows, c);
    twin::batch_norm_finish(&mean, &m2, &v[1], &v[2], rows, f64::from(EPS), momentum)
}

fn running(v: &[Var]) -> Running {
    Running { mean: v[1].value().clone(), var: v[2].value().clone() }
}

fn train(v: &[Var]) -> Vec<Var> {
    vec![ops::batch_norm(&v[0], &v[3], &v[4], &after(v, MOMENTUM), true, MOMENTUM, EPS)]
}

fn train_twin(v: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let finish = finish_twin(v, f64::from(MOMENTUM));
    vec![twin::batch_norm(&v[0], &finish.mean, &finish.rstd, &v[3], &v[4])]
}

fn evaluate(v: &[Var]) -> Vec<Var> {
    vec![ops::batch_norm(&v[0], &v[3], &v[4], &running(v), false, MOMENTUM, EPS)]
}

fn running_rstd(v: &[Vec<f64>]) -> Vec<f64> {
    v[2].iter().map(|var| (var + f64::from(EPS)).powf(-0.5)).collect()
}

fn evaluate_twin(v: &[Vec<f64>]) -> Vec<Vec<f64>> {
    vec![twin::batch_norm(&v[0], &v[1], &running_rstd(v), &v[3], &v[4])]
}

/// The gradients of `Σ y · dy` by x, gamma and beta.
fn gradients(v: &[Var], training: bool) -> Vec<Var> {
    let leaf = |i: usize| v[i].tape().leaf(v[i].value().clone());
    let (x, gamma, beta) = (leaf(0), leaf(3), leaf(4));
    let statistics = if training { after(v, MOMENTUM) } else { running(v) };
    let y = ops::batch_norm(&x, &gamma, &beta, &statistics, training, MOMENTUM, EPS);
    let found = sum(&mul(&y, &v[5]), Axis::All).gradients(&[x, gamma, beta], false);
    found.into_iter().map(|g| g.expect("y depends on all three")).collect()
}

fn dx(v: &[Var]) -> Vec<Var> {
    vec![gradients(v, true).swap_remove(0)]
}

fn dx_twin(v: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let twin::BatchNormFinish { mean, rstd, .. } = finish_twin(v, 0.0);
    let (sum_dy, sum_dy_xhat) = twin::batch_norm_backward_reduce(&v[0], &v[5], &mean, &rstd);
    vec![twin::batch_norm_backward(&v[0], &v[5], &mean, &rstd, &v[3], &sum_dy, &sum_dy_xhat)]
}

fn dx_evaluating(v: &[Var]) -> Vec<Var> {
    vec![gradients(v, false).swap_remove(0)]
}

fn dx_evaluating_twin(v: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let none = vec![0.0; v[1].len()];
    vec![twin::batch_norm_backward(&v[0], &v[5], &v[1], &running_rstd(v), &v[3], &none, &none)]
}

fn sums(v: &[Var]) -> Vec<Var> {
    gradients(v, true).split_off(1)
}

fn sums_twin(v: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let twin::BatchNormFinish { mean, rstd, .. } = finish_twin(v, 0.0);
    let (sum_dy, sum_dy_xhat) = twin::batch_norm_backward_reduce(&v[0], &v[5], &mean, &rstd);
    vec![sum_dy_xhat, sum_dy]
}
