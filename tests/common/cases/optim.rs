//! Optimizers: several parameters of odd sizes, three steps, so that moments and bias corrections matter; with and
//! without clipping and averages.

use sumi::{
    autograd::Var,
    nn::Parameter,
    ops::{elementwise::mul, reduce},
    optim::{
        Adam, AdamConfig, LossScale, LossScaleConfig, Sgd, SgdConfig,
        clip::{clip_factor, sum_squares},
        count_not_finite, judge_gradients,
    },
    reference::optim as twin,
    tensor::Tensor,
};

use super::{Case, Input, normal};
use crate::common::compare::Tolerance::{Exact, Pointwise};

/// Steps whose gradients are all finite, or not, under a factor that grows after two good ones.
const GOOD_OR_NOT: [&[bool]; 5] = [&[true], &[true, true], &[true, false], &[false, true, true], &[false, false, true]];
const SCALING: LossScaleConfig =
    LossScaleConfig { init_scale: 1024.0, growth_factor: 2.0, backoff_factor: 0.5, growth_interval: 2 };

const STEPS: u64 = 3;
const ADAM: AdamConfig =
    AdamConfig { lr: 2e-3, betas: [0.5, 0.999], eps: 1e-8, max_grad_norm: None, ema: None, ema_rampup: 0.0 };
const SGD: SgdConfig = SgdConfig { lr: 2e-3, momentum: 0.9, max_grad_norm: None, ema: None };
const SIZES: [[usize; 2]; 4] = [[1, 1], [3, 67], [64, 1], [31, 33]];

pub fn cases() -> Vec<Case> {
    // The gradients' norm is about 36.
    let adams = [
        ("", ADAM),
        ("clipped", AdamConfig { max_grad_norm: Some(2.0), ..ADAM }),
        ("not clipped, averaged", AdamConfig { max_grad_norm: Some(100.0), ema: Some(0.75), ..ADAM }),
    ];
    let sgds = [("", SGD), ("clipped and averaged", SgdConfig { max_grad_norm: Some(2.0), ema: Some(0.75), ..SGD })];
    let adams = adams.into_iter().map(|(label, config)| adam_case(label, config));
    let sgds = sgds.into_iter().map(|(label, config)| sgd_case(label, config));
    adams.chain(sgds).chain(norms()).chain(scaling()).collect()
}

/// Values and gradients of the parameters.
fn inputs() -> Vec<Input> {
    let values = SIZES.iter().enumerate().map(|(i, s)| normal(i as u64, *s));
    let gradients = SIZES.iter().enumerate().map(|(i, s)| normal(10 + i as u64, *s));
    values.chain(gradients).collect()
}

fn adam_case(label: &str, config: AdamConfig) -> Case {
    let count = SIZES.len();
    Case {
        kernel: "adam",
        label: format!("{SIZES:?} {label}"),
        inputs: inputs(),
        run: Box::new(move |v| {
            let parameters = parameters(&v[..count]);
            let mut adam = Adam::new(parameters.clone(), config);
            for _ in 0..STEPS {
                backward(&parameters, &v[count..]);
                adam.step();
            }
            let tape = v[0].tape();
            let state = adam.moments().into_iter().chain(adam.averages()).map(|(_, part)| tape.constant(part));
            parameters.iter().map(|(_, p)| p.var().detach()).chain(state).collect()
        }),
        twin: Box::new(move |v| {
            let scaled = clipped(&v[count..], config.max_grad_norm);
            let run = |(value, gradient): (&Vec<f64>, &Vec<f64>)| {
                let (mut p, mut m, mut u) = (value.clone(), vec![0.0; value.len()], vec![0.0; value.len()]);
                let mut average = value.clone();
                for step in 1..=STEPS {
                    let AdamConfig { lr, betas: [beta1, beta2], eps, ema, .. } = config;
                    (p, m, u) = twin::adam(&p, gradient, &m, &u, step, lr, beta1, beta2, eps);
                    average = twin::average(&average, &p, ema.unwrap_or(0.0));
                }
                [p, m, u, average]
            };
            let states: Vec<_> = v[..count].iter().zip(&scaled).map(run).collect();
            let outputs = if config.ema.is_some() { 4 } else { 3 };
            (0..outputs).flat_map(|which| states.iter().map(move |state| state[which].clone())).collect()
        }),
        tolerance: Pointwise,
    }
}

fn sgd_case(label: &str, config: SgdConfig) -> Case {
    let count = SIZES.len();
    Case {
        kernel: "sgd",
        label: format!("{SIZES:?} {label}"),
        inputs: inputs(),
        run: Box::new(move |v| {
            let parameters = parameters(&v[..count]);
            let mut sgd = Sgd::new(parameters.clone(), config);
            for _ in 0..STEPS {
                backward(&parameters, &v[count..]);
                sgd.step();
            }
            let averages = sgd.averages().into_iter().map(|(_, part)| v[0].tape().constant(part));
            parameters.iter().map(|(_, p)| p.var().detach()).chain(averages).collect()
        }),
        twin: Box::new(move |v| {
            let scaled = clipped(&v[count..], config.max_grad_norm);
            let run = |(value, gradient): (&Vec<f64>, &Vec<f64>)| {
                let (mut p, mut velocity, mut average) = (value.clone(), vec![0.0; value.len()], value.clone());
                for _ in 0..STEPS {
                    (p, velocity) = twin::sgd(&p, gradient, &velocity, config.lr, config.momentum);
                    average = twin::average(&average, &p, config.ema.unwrap_or(0.0));
                }
                [p, average]
            };
            let states: Vec<_> = v[..count].iter().zip(&scaled).map(run).collect();
            let outputs = if config.ema.is_some() { 2 } else { 1 };
            (0..outputs).flat_map(|which| states.iter().map(move |state| state[which].clone())).collect()
        }),
        tolerance: Pointwise,
    }
}

/// The gradients as the optimizer sees them.
fn clipped(gradients: &[Vec<f64>], max_norm: Option<f64>) -> Vec<Vec<f64>> {
    let squares: Vec<f64> = gradients.iter().map(|g| twin::sum_squares(g, 1)[0]).collect();
    let factor = max_norm.map_or(1.0, |most| twin::clip_factor(&squares, [1.0, 0.0], most)[0]);
    gradients.iter().map(|g| g.iter().map(|g| factor * g).collect()).collect()
}

/// The two launches of the norm: few numbers, a part's worth, several parts, and more than the parts' fewest.
fn norms() -> Vec<Case> {
    let squares = |len: usize, split: usize| Case {
        kernel: "sum_squares",
        label: format!("[{len}] into {split}"),
        inputs: vec![normal(1, [len])],
        run: Box::new(|v| vec![v[0].tape().constant(sum_squares(v[0].value()))]),
        twin: Box::new(move |v| vec![twin::sum_squares(&v[0], split)]),
        tolerance: Pointwise,
    };
    let factor = |len: usize, verdict: [f32; 2], most: f64| Case {
        kernel: "clip_factor",
        label: format!("[{len}] after {verdict:?}, at most {most}"),
        // Sums of squares are not negative.
        inputs: vec![squared(normal(2, [len])), Input { shape: [2].into(), values: verdict.to_vec() }],
        run: Box::new(move |v| vec![v[0].tape().constant(clip_factor(v[0].value(), v[1].value(), most))]),
        twin: Box::new(move |v| vec![twin::clip_factor(&v[0], [v[1][0], v[1][1]], most).to_vec()]),
        tolerance: Pointwise,
    };
    vec![
        squares(4, 1),
        squares(64, 1),
        squares(1028, 17),
        squares(300_000, 4096),
        factor(1, [1.0, 0.0], 0.25),
        factor(17, [1.0, 0.0], 2.0),
        factor(17, [0.125, 1.0], 0.25),
        factor(4096, [1.0, 0.0], 1e6),
    ]
}

/// The launches of loss scaling.
fn scaling() -> Vec<Case> {
    let mut cases: Vec<Case> = [4, 252, 4 * 4099].into_iter().map(not_finite).collect();
    cases.extend([1, 63, 4096].into_iter().flat_map(|parts| [false, true].map(|found| judged(parts, found))));
    cases.extend(GOOD_OR_NOT.map(updated));
    cases
}

/// Numbers of which some are infinite or not a number.
fn not_finite(len: usize) -> Case {
    let mut g = normal(1, [len]);
    let odd = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN, f32::MAX, f32::from_bits(1)];
    for (place, value) in odd.into_iter().enumerate() {
        g.values[(place * 67).min(len - 1 - place % 4)] = value;
    }
    Case {
        kernel: "count_not_finite",
        label: format!("[{len}]"),
        inputs: vec![g],
        run: Box::new(|v| vec![v[0].tape().constant(count_not_finite(v[0].value()))]),
        twin: Box::new(move |v| vec![twin::count_not_finite(&v[0], (len / 4).min(4096))]),
        tolerance: Exact,
    }
}

/// Counts of which the last is 1, or none.
fn judged(parts: usize, found: bool) -> Case {
    let mut counts = Input { shape: [parts].into(), values: vec![0.0; parts] };
    counts.values[parts - 1] = if found { 1.0 } else { 0.0 };
    let state = Input { shape: [4].into(), values: vec![1024.0, 7.0, 0.0, 0.0] };
    Case {
        kernel: "judge_gradients",
        label: format!("[{parts}], found {found}"),
        inputs: vec![counts, state],
        run: Box::new(|v| {
            let verdict = judge_gradients(v[0].value(), v[1].value());
            vec![v[0].tape().constant(verdict), v[1].clone()]
        }),
        twin: Box::new(|v| {
            let (verdict, state) = twin::judge_gradients(&v[0], [v[1][0], v[1][1], v[1][2]]);
            vec![verdict.to_vec(), [&state[..], &[0.0]].concat()]
        }),
        tolerance: Exact,
    }
}

/// The factor of losses after steps whose gradients are all finite, or not.
fn updated(steps: &'static [bool]) -> Case {
    let count = |good: bool| if good { 0.0_f32 } else { 3.0 };
    Case {
        kernel: "update_loss_scale",
        label: format!("{steps:?}"),
        inputs: vec![normal(1, [1])],
        run: Box::new(move |v| {
            let tape = v[0].tape();
            let scale = LossScale::new(tape, SCALING);
            let state = scale.tensor().1;
            for good in steps {
                judge_gradients(&Tensor::from_slice(tape.gpu(), [1], &[count(*good)]), &state);
                scale.update();
            }
            vec![tape.constant(state)]
        }),
        twin: Box::new(move |_| {
            let [growth, backoff] = [SCALING.growth_factor, SCALING.backoff_factor].map(f64::from);
            let mut state = [f64::from(SCALING.init_scale), 0.0, 0.0];
            for good in steps {
                state = twin::judge_gradients(&[f64::from(count(*good))], state).1;
                state = twin::update_loss_scale(state, growth, backoff, f64::from(SCALING.growth_interval));
            }
            vec![[&state[..], &[0.0]].concat()]
        }),
        tolerance: Exact,
    }
}

fn squared(input: Input) -> Input {
    Input { values: input.values.iter().map(|v| v * v).collect(), ..input }
}

fn parameters(values: &[Var]) -> Vec<(String, Parameter)> {
    let parameter = |(place, var): (usize, &Var)| (place.to_string(), Parameter::from_var(var));
    values.iter().enumerate().map(parameter).collect()
}

/// Leaves each parameter with the gradient wanted: that of the sum of parameter times gradient.
fn backward(parameters: &[(String, Parameter)], gradients: &[Var]) {
    for ((_, parameter), gradient) in parameters.iter().zip(gradients) {
        reduce::sum(&mul(&parameter.var(), gradient), reduce::Axis::All).backward();
    }
}
