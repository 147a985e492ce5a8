//! From lane to lane.

use std::array::from_fn;

use super::{F, I, M};

functions! {
    /// The value of lane `lane`.
    pub fn lane_f(x: F, lane: u32) -> f32 { x.0[(lane % 8) as usize] }
    /// The value of lane `lane`.
    pub fn lane_i(x: I, lane: u32) -> u32 { x.0[(lane % 8) as usize] }
    /// The value of lane `lane`.
    pub fn lane_m(x: M, lane: u32) -> bool { x.0[(lane % 8) as usize] != 0 }
    /// Each lane gets the value of the lane it names.
    pub fn shuffle_f(x: F, lane: I) -> F { F(from_fn(|l| lane_f(x, lane.0[l]))) }
    /// Each lane gets the value of the lane it names.
    pub fn shuffle_i(x: I, lane: I) -> I { I(from_fn(|l| lane_i(x, lane.0[l]))) }
    /// Bit `l` is what lane `l` says.
    pub fn ballot(x: M) -> u32 { (0..8).fold(0, |bits, l| bits | (x.0[l] & 1 << l)) }
}
