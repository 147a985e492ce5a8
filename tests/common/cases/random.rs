//! Random numbers: lengths around a block, large step numbers, several draws.

use sumi::{ops::random::Random, reference::random as twin};

use super::Case;
use crate::common::compare::Tolerance::{Exact, Pointwise};

const SEED: u64 = 0x0123_4567_89ab_cdef;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (step, size) in [(0, 1), (1, 3), (u64::MAX, 4), (1 << 40, 257), (7, 100_003)] {
        // The second draw of the step, so that the draw's number matters.
        let case = |kernel, draw: fn(&Random, usize) -> sumi::tensor::Tensor, twin: fn(usize, u64) -> Vec<f64>| Case {
            kernel,
            label: format!("[{size}] at step {step}"),
            // One element, for the tape to come from.
            inputs: vec![super::uniform(0, [1], 0.0, 1.0)],
            run: Box::new(move |v| {
                let random = Random::new(v[0].tape().gpu(), SEED, step);
                // Draws count from 1.
                draw(&random, 5);
                vec![v[0].tape().constant(draw(&random, size))]
            }),
            twin: Box::new(move |_| vec![twin(size, step)]),
            tolerance: if kernel == "normal" { Pointwise } else { Exact },
        };
        cases.push(case("uniform", |r, n| r.uniform([n]), |n, step| twin::uniform(n, SEED, step, 2)));
        cases.push(case("normal", |r, n| r.normal([n]), |n, step| twin::normal(n, SEED, step, 2)));
    }
    cases
}
