//! From lane to lane.

use std::arch::x86_64::*;

use super::{F, I, LANES, M, splat_i};

functions! {
    /// The value of lane `lane`.
    pub fn lane_f(x: F, lane: u32) -> f32 { _mm256_cvtss_f32(shuffle_f(x, splat_i(lane))) }
    /// The value of lane `lane`.
    pub fn lane_i(x: I, lane: u32) -> u32 { _mm256_cvtsi256_si32(shuffle_i(x, splat_i(lane))).cast_unsigned() }
    /// The value of lane `lane`.
    pub fn lane_m(x: M, lane: u32) -> bool { ballot(x) >> (lane % LANES) & 1 != 0 }
    /// Each lane gets the value of the lane it names.
    pub fn shuffle_f(x: F, lane: I) -> F { _mm256_permutevar8x32_ps(x, lane) }
    /// Each lane gets the value of the lane it names.
    pub fn shuffle_i(x: I, lane: I) -> I { _mm256_permutevar8x32_epi32(x, lane) }
    /// Bit `l` is what lane `l` says.
    pub fn ballot(x: M) -> u32 { _mm256_movemask_ps(_mm256_castsi256_ps(x.0)).cast_unsigned() }
}
