//! Optimizers: several parameters of odd sizes, three steps, so that moments and bias corrections matter.

use sumi::{
    autograd::Var,
    nn::Parameter,
    ops::{elementwise::mul, reduce},
    optim::{Adam, AdamConfig, Sgd},
    reference::optim as twin,
};

use super::{Case, normal};
use crate::common::compare::Tolerance::Pointwise;

const STEPS: u64 = 3;
const CONFIG: AdamConfig = AdamConfig { lr: 2e-3, betas: [0.5, 0.999], eps: 1e-8 };
const MOMENTUM: f64 = 0.9;

pub fn cases() -> Vec<Case> {
    let sizes = [[1, 1], [3, 67], [64, 1], [31, 33]];
    let values: Vec<_> = sizes.iter().enumerate().map(|(i, s)| normal(i as u64, *s)).collect();
    let gradients: Vec<_> = sizes.iter().enumerate().map(|(i, s)| normal(10 + i as u64, *s)).collect();
    let inputs = [values, gradients].concat();
    let count = sizes.len();
    vec![
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
    ]
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
