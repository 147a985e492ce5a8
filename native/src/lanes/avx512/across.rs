//! From lane to lane.

use std::arch::x86_64::*;

use super::{F, I, LANES, M, splat_i};

functions! {
    /// The value of lane `lane`.
    pub fn lane_f(x: F, lane: u32) -> f32 { _mm512_cvtss_f32(shuffle_f(x, splat_i(lane))) }
    /// The value of lane `lane`.
    pub fn lane_i(x: I, lane: u32) -> u32 { _mm512_cvtsi512_si32(shuffle_i(x, splat_i(lane))).cast_unsigned() }
    /// The value of lane `lane`.
    pub fn lane_m(x: M, lane: u32) -> bool { x >> (lane % LANES) & 1 != 0 }
    /// Each lane gets the value of the lane it names.
    pub fn shuffle_f(x: F, lane: I) -> F { _mm512_permutexvar_ps(lane, x) }
    /// Each lane gets the value of the lane it names.
    pub fn shuffle_i(x: I, lane: I) -> I { _mm512_permutexvar_epi32(lane, x) }
    /// Bit `l` is what lane `l` says.
    pub fn ballot(x: M) -> u32 { u32::from(x) }
}
