//! The probe of a device's arithmetic: one vec4, ends that are no whole vec4, and around the chains of a workgroup.

use sumi::{ops::probe as ops, reference::probe as twin};

use super::{Case, normal};
use crate::common::compare::Tolerance::Pointwise;

pub fn cases() -> Vec<Case> {
    let sizes = [(1, 0), (5, 1), (33, 2), (1023, 1), (1024, 3), (1025, 1), (5003, 7)];
    sizes.into_iter().map(|(size, rounds)| fma(size, rounds)).collect()
}

fn fma(size: usize, rounds: usize) -> Case {
    Case {
        kernel: "fma",
        label: format!("[{size}], {rounds} rounds"),
        inputs: vec![normal(1, [size])],
        run: Box::new(move |v| vec![v[0].tape().constant(ops::fma(v[0].value(), rounds as u32, -0.9375, 0.5))]),
        twin: Box::new(move |v| vec![twin::fma(&v[0], rounds, -0.9375, 0.5)]),
        tolerance: Pointwise,
    }
}
