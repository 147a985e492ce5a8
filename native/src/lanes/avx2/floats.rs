//! Floats.

use std::arch::x86_64::*;

use super::{F, I, M};

/// The least float that is no `i32`.
const TWO_31: f32 = -(i32::MIN as f32);

functions! {
    /// `x` in every lane.
    pub fn splat_f(x: f32) -> F { _mm256_set1_ps(x) }
    pub fn add_f(a: F, b: F) -> F { _mm256_add_ps(a, b) }
    pub fn sub_f(a: F, b: F) -> F { _mm256_sub_ps(a, b) }
    pub fn mul_f(a: F, b: F) -> F { _mm256_mul_ps(a, b) }
    pub fn div_f(a: F, b: F) -> F { _mm256_div_ps(a, b) }
    pub fn neg_f(x: F) -> F { _mm256_xor_ps(x, splat_f(-0.0)) }
    pub fn abs_f(x: F) -> F { _mm256_andnot_ps(splat_f(-0.0), x) }
    /// `b` if it is less, else `a`.
    pub fn min_f(a: F, b: F) -> F { _mm256_min_ps(b, a) }
    /// `b` if it is more, else `a`.
    pub fn max_f(a: F, b: F) -> F { _mm256_max_ps(b, a) }
    pub fn clamp_f(x: F, low: F, high: F) -> F { min_f(max_f(x, low), high) }
    pub fn floor_f(x: F) -> F { _mm256_floor_ps(x) }
    pub fn ceil_f(x: F) -> F { _mm256_ceil_ps(x) }
    pub fn trunc_f(x: F) -> F { _mm256_round_ps::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(x) }
    /// To the nearest integer, ties to the even one.
    pub fn round_f(x: F) -> F { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    pub fn fract_f(x: F) -> F { sub_f(x, floor_f(x)) }
    pub fn sqrt_f(x: F) -> F { _mm256_sqrt_ps(x) }
    pub fn inverse_sqrt_f(x: F) -> F { div_f(splat_f(1.0), sqrt_f(x)) }
    /// 1, -1, or `x` itself where it is zero or NaN.
    pub fn sign_f(x: F) -> F {
        let zero = splat_f(0.0);
        select_f(gt_f(x, zero), splat_f(1.0), select_f(lt_f(x, zero), splat_f(-1.0), x))
    }
    /// `a * b + c`, rounded once.
    pub fn fma_f(a: F, b: F, c: F) -> F { _mm256_fmadd_ps(a, b, c) }

    pub fn eq_f(a: F, b: F) -> M { M(bits_f(_mm256_cmp_ps::<_CMP_EQ_OQ>(a, b))) }
    pub fn ne_f(a: F, b: F) -> M { M(bits_f(_mm256_cmp_ps::<_CMP_NEQ_UQ>(a, b))) }
    pub fn lt_f(a: F, b: F) -> M { M(bits_f(_mm256_cmp_ps::<_CMP_LT_OQ>(a, b))) }
    pub fn le_f(a: F, b: F) -> M { M(bits_f(_mm256_cmp_ps::<_CMP_LE_OQ>(a, b))) }
    pub fn gt_f(a: F, b: F) -> M { M(bits_f(_mm256_cmp_ps::<_CMP_GT_OQ>(a, b))) }
    pub fn ge_f(a: F, b: F) -> M { M(bits_f(_mm256_cmp_ps::<_CMP_GE_OQ>(a, b))) }
    /// `yes` where `m` is set, else `no`.
    pub fn select_f(m: M, yes: F, no: F) -> F { _mm256_blendv_ps(no, yes, f_bits(m.0)) }

    /// The nearest float.
    pub fn f_from_i(x: I) -> F { _mm256_cvtepi32_ps(x) }
    /// The nearest float: both halves of the integer are exact as floats, so that only their sum is rounded.
    pub fn f_from_u(x: I) -> F {
        let high = _mm256_cvtepi32_ps(_mm256_srli_epi32::<16>(x));
        let low = _mm256_cvtepi32_ps(_mm256_and_si256(x, _mm256_set1_epi32(0xffff)));
        fma_f(high, splat_f(65536.0), low)
    }
    /// Towards zero, saturating; NaN becomes 0.
    pub fn i_from_f(x: F) -> I {
        // What cannot be converted becomes i32::MIN, whose bits are those of i32::MAX inverted.
        let converted = _mm256_xor_si256(_mm256_cvttps_epi32(x), ge_f(x, splat_f(TWO_31)).0);
        _mm256_and_si256(converted, eq_f(x, x).0)
    }
    /// Towards zero, saturating; NaN becomes 0.
    pub fn u_from_f(x: F) -> I {
        // The instruction's maximum is its second operand if the first is NaN.
        let x = _mm256_max_ps(x, splat_f(0.0));
        let large = ge_f(x, splat_f(TWO_31));
        let rest = sub_f(x, _mm256_and_ps(f_bits(large.0), splat_f(TWO_31)));
        let top = _mm256_slli_epi32::<31>(large.0);
        let whole = _mm256_xor_si256(_mm256_cvttps_epi32(rest), top);
        _mm256_or_si256(whole, ge_f(x, splat_f(2.0 * TWO_31)).0)
    }
    /// The bits of the floats.
    pub fn bits_f(x: F) -> I { _mm256_castps_si256(x) }
    /// The floats that have these bits.
    pub fn f_bits(x: I) -> F { _mm256_castsi256_ps(x) }
}
