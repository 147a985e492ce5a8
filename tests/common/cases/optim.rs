//! Optimizers: several parameters of odd sizes, three steps, so that moments and bias corrections matter.

use sumi::{
    autograd::Var,
    nn::Parameter,
    ops::{elementwise::mul, reduce},
    optim::{Adam, AdamConfig, LossScale, LossScaleConfig, Sgd, count_not_finite, judge_gradients},
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
const CONFIG: AdamConfig = AdamConfig { lr: 2e-3, betas: [0.5, 0.999], eps: 1e-8 };
const MOMENTUM: f64 = 0.9;

pub fn cases() -> Vec<Case> {
    let sizes = [[1, 1], [3, 67], [64, 1], [31, 33]];
    let values: Vec<_> = sizes.iter().enumerate().map(|(i, s)| normal(i as u64, *s)).collect();
    let gradients: Vec<_> = sizes.iter().enumerate().map(|(i, s)| normal(10 + i as u64, *s)).collect();
    let inputs = [values, gradients].concat();
    let count = sizes.len();
    let mut cases: Vec<Case> = [4, 252, 4 * 4099].into_iter().map(not_finite).collect();
    cases.extend([1, 63, 4096].into_iter().flat_map(|parts| [false, true].map(|found| judged(parts, found))));
    cases.extend(GOOD_OR_NOT.map(updated));
    cases.extend([
        Case {
            kernel: "adam",
            label: format!("{sizes:?}"),
            inputs: inputs.clone(),
            run: Box::new(move |v| {
                let parameters = parameters(&v[..count]);
                let mut adam = Adam::new(parameters.clone(), CONFIG);
                for _ in 0..STEPS {
                    backward(&parameters, &v[count..]);
                    adam.step();
                }
                let tape = v[0].tape();
                let moments = adam.moments().into_iter().map(|(_, moment)| tape.constant(moment));
                parameters.iter().map(|(_, p)| p.var().detach()).chain(moments).collect()
            }),
            twin: Box::new(move |v| {
                let run = |(value, gradient): (&Vec<f64>, &Vec<f64>)| {
                    let mut state = (value.clone(), vec![0.0; value.len()], vec![0.0; value.len()]);
                    for step in 1..=STEPS {
                        let AdamConfig { lr, betas: [beta1, beta2], eps } = CONFIG;
                        state = twin::adam(&state.0, gradient, &state.1, &state.2, step, lr, beta1, beta2, eps);
                    }
                    state
                };
                let states: Vec<_> = v[..count].iter().zip(&v[count..]).map(run).collect();
                let (values, m) = (states.iter().map(|s| s.0.clone()), states.iter().map(|s| s.1.clone()));
                values.chain(m).chain(states.iter().map(|s| s.2.clone())).collect()
            }),
            tolerance: Pointwise,
        },
        Case {
            kernel: "sgd",
            label: format!("{sizes:?}"),
            inputs,
            run: Box::new(move |v| {
                let parameters = parameters(&v[..count]);
                let mut sgd = Sgd::new(parameters.clone(), CONFIG.lr, MOMENTUM);
                for _ in 0..STEPS {
                    backward(&parameters, &v[count..]);
                    sgd.step();
                }
                parameters.iter().map(|(_, p)| p.var().detach()).collect()
            }),
            twin: Box::new(move |v| {
                let run = |(value, gradient): (&Vec<f64>, &Vec<f64>)| {
                    let mut state = (value.clone(), vec![0.0; value.len()]);
                    for _ in 0..STEPS {
                        state = twin::sgd(&state.0, gradient, &state.1, CONFIG.lr, MOMENTUM);
                    }
                    state.0
                };
                v[..count].iter().zip(&v[count..]).map(run).collect()
            }),
            tolerance: Pointwise,
        },
    ]);
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
