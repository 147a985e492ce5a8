//! Colours through a matrix: one pixel, around a vec4, around what a workgroup has, and many; there and back.

use sumi::{
    autograd::Var,
    ops::colour::{self as ops, Mixing},
    reference::colour as twin,
};

use super::{Case, one, uniform};
use crate::common::compare::Tolerance::Sum;

/// `[N, H, W]`.
const PICTURES: [[usize; 3]; 7] = [[1, 1, 1], [1, 1, 5], [2, 3, 7], [1, 7, 73], [1, 8, 64], [1, 9, 57], [2, 61, 67]];

const UNEVEN: Mixing =
    Mixing { matrix: [[0.5, -1.5, 2.0], [0.25, 3.0, -0.75], [1.25, 0.125, -2.5]], shift: [0.1, -0.2, 0.3] };

pub fn cases() -> Vec<Case> {
    let tolerance = Sum { terms: 4, largest: 3.0 };
    let mut cases = Vec::new();
    for (seed, [n, h, w]) in PICTURES.into_iter().enumerate() {
        let x = uniform(seed as u64, [n, h, w, 3], 0.0, 1.0);
        for (op, mixing) in [(ops::rgb_to_yuv as fn(&Var) -> Var, ops::RGB_TO_YUV), (ops::yuv_to_rgb, ops::YUV_TO_RGB)]
        {
            cases.push(one("mix_colours", &x, op, move |x| mixed(x, mixing), tolerance));
        }
        cases.push(one("mix_colours", &x, |x| ops::mix_colours(x, UNEVEN), |x| mixed(x, UNEVEN), tolerance));
        cases.push(one("mix_colours", &x, |x| ops::yuv_to_rgb(&ops::rgb_to_yuv(x)), <[f64]>::to_vec, tolerance));
    }
    cases
}

fn mixed(x: &[f64], Mixing { matrix, shift }: Mixing) -> Vec<f64> {
    twin::mix_colours(x, matrix.map(|row| row.map(f64::from)), shift.map(f64::from))
}
