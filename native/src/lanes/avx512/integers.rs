//! Integers and truth values.

use std::arch::x86_64::*;

use super::{I, M};

functions! {
    /// `x` in every lane.
    pub fn splat_i(x: u32) -> I { _mm512_set1_epi32(x.cast_signed()) }
    /// 0, 1, 2, ...
    pub fn iota() -> I { _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }
    /// `base`, `base + stride`, ..., wrapping.
    pub fn linear(base: u32, stride: u32) -> I { add_i(splat_i(base), mul_i(iota(), splat_i(stride))) }
    pub fn add_i(a: I, b: I) -> I { _mm512_add_epi32(a, b) }
    pub fn sub_i(a: I, b: I) -> I { _mm512_sub_epi32(a, b) }
    pub fn mul_i(a: I, b: I) -> I { _mm512_mullo_epi32(a, b) }
    pub fn neg_i(x: I) -> I { sub_i(splat_i(0), x) }
    pub fn abs_i(x: I) -> I { _mm512_abs_epi32(x) }
    pub fn and_i(a: I, b: I) -> I { _mm512_and_si512(a, b) }
    pub fn or_i(a: I, b: I) -> I { _mm512_or_si512(a, b) }
    pub fn xor_i(a: I, b: I) -> I { _mm512_xor_si512(a, b) }
    pub fn not_i(x: I) -> I { xor_i(x, splat_i(u32::MAX)) }
    pub fn shl_i(x: I, count: I) -> I { _mm512_sllv_epi32(x, and_i(count, splat_i(31))) }
    /// Arithmetic.
    pub fn shr_i(x: I, count: I) -> I { _mm512_srav_epi32(x, and_i(count, splat_i(31))) }
    /// Logical.
    pub fn shr_u(x: I, count: I) -> I { _mm512_srlv_epi32(x, and_i(count, splat_i(31))) }
    pub fn min_i(a: I, b: I) -> I { _mm512_min_epi32(a, b) }
    pub fn max_i(a: I, b: I) -> I { _mm512_max_epi32(a, b) }
    pub fn min_u(a: I, b: I) -> I { _mm512_min_epu32(a, b) }
    pub fn max_u(a: I, b: I) -> I { _mm512_max_epu32(a, b) }
    pub fn clamp_i(x: I, low: I, high: I) -> I { min_i(max_i(x, low), high) }
    pub fn clamp_u(x: I, low: I, high: I) -> I { min_u(max_u(x, low), high) }

    /// Towards zero. An f64 holds both exactly, and its quotient is too near to the true one to round past an integer.
    pub fn div_i(a: I, b: I) -> I {
        let b = nonzero(b);
        let low = _mm512_div_pd(_mm512_cvtepi32_pd(low_half(a)), _mm512_cvtepi32_pd(low_half(b)));
        let high = _mm512_div_pd(_mm512_cvtepi32_pd(high_half(a)), _mm512_cvtepi32_pd(high_half(b)));
        halves(_mm512_cvttpd_epi32(low), _mm512_cvttpd_epi32(high))
    }
    /// As [`div_i`].
    pub fn div_u(a: I, b: I) -> I {
        let b = nonzero(b);
        let low = _mm512_div_pd(_mm512_cvtepu32_pd(low_half(a)), _mm512_cvtepu32_pd(low_half(b)));
        let high = _mm512_div_pd(_mm512_cvtepu32_pd(high_half(a)), _mm512_cvtepu32_pd(high_half(b)));
        halves(_mm512_cvttpd_epu32(low), _mm512_cvttpd_epu32(high))
    }
    /// With the sign of `a`.
    pub fn rem_i(a: I, b: I) -> I {
        let b = nonzero(b);
        sub_i(a, mul_i(div_i(a, b), b))
    }
    pub fn rem_u(a: I, b: I) -> I {
        let b = nonzero(b);
        sub_i(a, mul_i(div_u(a, b), b))
    }
    /// 1 instead of 0: `x / 1` and `x % 1` are what WGSL wants of 0.
    pub fn nonzero(x: I) -> I { select_i(eq_i(x, splat_i(0)), splat_i(1), x) }
    pub fn low_half(x: I) -> __m256i { _mm512_castsi512_si256(x) }
    pub fn high_half(x: I) -> __m256i { _mm512_extracti64x4_epi64::<1>(x) }
    pub fn halves(low: __m256i, high: __m256i) -> I { _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high) }

    pub fn eq_i(a: I, b: I) -> M { _mm512_cmpeq_epi32_mask(a, b) }
    pub fn ne_i(a: I, b: I) -> M { _mm512_cmpneq_epi32_mask(a, b) }
    pub fn lt_i(a: I, b: I) -> M { _mm512_cmplt_epi32_mask(a, b) }
    pub fn le_i(a: I, b: I) -> M { _mm512_cmple_epi32_mask(a, b) }
    pub fn gt_i(a: I, b: I) -> M { _mm512_cmpgt_epi32_mask(a, b) }
    pub fn ge_i(a: I, b: I) -> M { _mm512_cmpge_epi32_mask(a, b) }
    pub fn lt_u(a: I, b: I) -> M { _mm512_cmplt_epu32_mask(a, b) }
    pub fn le_u(a: I, b: I) -> M { _mm512_cmple_epu32_mask(a, b) }
    pub fn gt_u(a: I, b: I) -> M { _mm512_cmpgt_epu32_mask(a, b) }
    pub fn ge_u(a: I, b: I) -> M { _mm512_cmpge_epu32_mask(a, b) }
    /// `yes` where `m` is set, else `no`.
    pub fn select_i(m: M, yes: I, no: I) -> I { _mm512_mask_blend_epi32(m, no, yes) }

    /// `x` in every lane.
    pub fn splat_m(x: bool) -> M { if x { M::MAX } else { 0 } }
    pub fn and_m(a: M, b: M) -> M { a & b }
    pub fn or_m(a: M, b: M) -> M { a | b }
    pub fn not_m(x: M) -> M { !x }
    pub fn xor_m(a: M, b: M) -> M { a ^ b }
    /// `a` and not `b`.
    pub fn andnot_m(a: M, b: M) -> M { a & !b }
    /// `yes` where `m` is set, else `no`.
    pub fn select_m(m: M, yes: M, no: M) -> M { (m & yes) | (!m & no) }
    pub fn any_m(x: M) -> bool { x != 0 }
    pub fn all_m(x: M) -> bool { x == M::MAX }
    pub fn none_m(x: M) -> bool { x == 0 }
    /// 1 where `m` is set, else 0.
    pub fn i_from_m(m: M) -> I { _mm512_maskz_set1_epi32(m, 1) }
}
