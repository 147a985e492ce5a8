//! Integers and truth values.

use std::arch::x86_64::*;

use super::{I, M};

functions! {
    /// `x` in every lane.
    pub fn splat_i(x: u32) -> I { _mm256_set1_epi32(x.cast_signed()) }
    /// 0, 1, 2, ...
    pub fn iota() -> I { _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7) }
    /// `base`, `base + stride`, ..., wrapping.
    pub fn linear(base: u32, stride: u32) -> I { add_i(splat_i(base), mul_i(iota(), splat_i(stride))) }
    pub fn add_i(a: I, b: I) -> I { _mm256_add_epi32(a, b) }
    pub fn sub_i(a: I, b: I) -> I { _mm256_sub_epi32(a, b) }
    pub fn mul_i(a: I, b: I) -> I { _mm256_mullo_epi32(a, b) }
    pub fn neg_i(x: I) -> I { sub_i(splat_i(0), x) }
    pub fn abs_i(x: I) -> I { _mm256_abs_epi32(x) }
    pub fn and_i(a: I, b: I) -> I { _mm256_and_si256(a, b) }
    pub fn or_i(a: I, b: I) -> I { _mm256_or_si256(a, b) }
    pub fn xor_i(a: I, b: I) -> I { _mm256_xor_si256(a, b) }
    pub fn not_i(x: I) -> I { xor_i(x, splat_i(u32::MAX)) }
    pub fn shl_i(x: I, count: I) -> I { _mm256_sllv_epi32(x, and_i(count, splat_i(31))) }
    /// Arithmetic.
    pub fn shr_i(x: I, count: I) -> I { _mm256_srav_epi32(x, and_i(count, splat_i(31))) }
    /// Logical.
    pub fn shr_u(x: I, count: I) -> I { _mm256_srlv_epi32(x, and_i(count, splat_i(31))) }
    pub fn min_i(a: I, b: I) -> I { _mm256_min_epi32(a, b) }
    pub fn max_i(a: I, b: I) -> I { _mm256_max_epi32(a, b) }
    pub fn min_u(a: I, b: I) -> I { _mm256_min_epu32(a, b) }
    pub fn max_u(a: I, b: I) -> I { _mm256_max_epu32(a, b) }
    pub fn clamp_i(x: I, low: I, high: I) -> I { min_i(max_i(x, low), high) }
    pub fn clamp_u(x: I, low: I, high: I) -> I { min_u(max_u(x, low), high) }

    /// Towards zero. An f64 holds both exactly, and its quotient is too near to the true one to round past an integer.
    pub fn div_i(a: I, b: I) -> I {
        let b = nonzero(b);
        let low = _mm256_div_pd(_mm256_cvtepi32_pd(low_half(a)), _mm256_cvtepi32_pd(low_half(b)));
        let high = _mm256_div_pd(_mm256_cvtepi32_pd(high_half(a)), _mm256_cvtepi32_pd(high_half(b)));
        _mm256_set_m128i(_mm256_cvttpd_epi32(high), _mm256_cvttpd_epi32(low))
    }
    /// As [`div_i`].
    pub fn div_u(a: I, b: I) -> I {
        let b = nonzero(b);
        let low = _mm256_floor_pd(_mm256_div_pd(f64_from_u(low_half(a)), f64_from_u(low_half(b))));
        let high = _mm256_floor_pd(_mm256_div_pd(f64_from_u(high_half(a)), f64_from_u(high_half(b))));
        // From 2^52 on the last bits of an f64 are an integer. The low words of four f64 each, side by side:
        let [low, high] = [low, high].map(|x| _mm256_castpd_ps(_mm256_add_pd(x, _mm256_set1_pd(TWO_52))));
        let words = _mm256_castps_si256(_mm256_shuffle_ps::<0x88>(low, high));
        _mm256_permute4x64_epi64::<0xd8>(words)
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
    pub fn low_half(x: I) -> __m128i { _mm256_castsi256_si128(x) }
    pub fn high_half(x: I) -> __m128i { _mm256_extracti128_si256::<1>(x) }
    /// Puts the integers into the last bits of 2^52, and takes that away.
    pub fn f64_from_u(x: __m128i) -> __m256d {
        let base = _mm256_set1_pd(TWO_52);
        let bits = _mm256_or_si256(_mm256_cvtepu32_epi64(x), _mm256_castpd_si256(base));
        _mm256_sub_pd(_mm256_castsi256_pd(bits), base)
    }

    pub fn eq_i(a: I, b: I) -> M { M(_mm256_cmpeq_epi32(a, b)) }
    pub fn ne_i(a: I, b: I) -> M { not_m(eq_i(a, b)) }
    pub fn lt_i(a: I, b: I) -> M { gt_i(b, a) }
    pub fn le_i(a: I, b: I) -> M { not_m(gt_i(a, b)) }
    pub fn gt_i(a: I, b: I) -> M { M(_mm256_cmpgt_epi32(a, b)) }
    pub fn ge_i(a: I, b: I) -> M { not_m(gt_i(b, a)) }
    pub fn lt_u(a: I, b: I) -> M { not_m(ge_u(a, b)) }
    pub fn le_u(a: I, b: I) -> M { eq_i(min_u(a, b), a) }
    pub fn gt_u(a: I, b: I) -> M { not_m(le_u(a, b)) }
    pub fn ge_u(a: I, b: I) -> M { eq_i(max_u(a, b), a) }
    /// `yes` where `m` is set, else `no`.
    pub fn select_i(m: M, yes: I, no: I) -> I { _mm256_blendv_epi8(no, yes, m.0) }

    /// `x` in every lane.
    pub fn splat_m(x: bool) -> M { M(_mm256_set1_epi32(-i32::from(x))) }
    pub fn and_m(a: M, b: M) -> M { M(and_i(a.0, b.0)) }
    pub fn or_m(a: M, b: M) -> M { M(or_i(a.0, b.0)) }
    pub fn not_m(x: M) -> M { M(not_i(x.0)) }
    pub fn xor_m(a: M, b: M) -> M { M(xor_i(a.0, b.0)) }
    /// `a` and not `b`.
    pub fn andnot_m(a: M, b: M) -> M { M(_mm256_andnot_si256(b.0, a.0)) }
    /// `yes` where `m` is set, else `no`.
    pub fn select_m(m: M, yes: M, no: M) -> M { M(select_i(m, yes.0, no.0)) }
    pub fn any_m(x: M) -> bool { !none_m(x) }
    pub fn all_m(x: M) -> bool { _mm256_movemask_ps(_mm256_castsi256_ps(x.0)) == 0xff }
    pub fn none_m(x: M) -> bool { _mm256_movemask_ps(_mm256_castsi256_ps(x.0)) == 0 }
    /// 1 where `m` is set, else 0.
    pub fn i_from_m(m: M) -> I { _mm256_srli_epi32::<31>(m.0) }
}

/// 2^52.
const TWO_52: f64 = 4503599627370496.0;
