//! Floats.

use std::arch::x86_64::*;

use super::{F, I, M};

/// The least float that is no `i32`.
const TWO_31: f32 = -(i32::MIN as f32);

functions! {
    /// `x` in every lane.
    pub fn splat_f(x: f32) -> F { _mm512_set1_ps(x) }
    pub fn add_f(a: F, b: F) -> F { _mm512_add_ps(a, b) }
    pub fn sub_f(a: F, b: F) -> F { _mm512_sub_ps(a, b) }
    pub fn mul_f(a: F, b: F) -> F { _mm512_mul_ps(a, b) }
    pub fn div_f(a: F, b: F) -> F { _mm512_div_ps(a, b) }
    pub fn neg_f(x: F) -> F { _mm512_xor_ps(x, splat_f(-0.0)) }
    pub fn abs_f(x: F) -> F { _mm512_abs_ps(x) }
    /// `b` if it is less, else `a`.
    pub fn min_f(a: F, b: F) -> F { _mm512_min_ps(b, a) }
    /// `b` if it is more, else `a`.
    pub fn max_f(a: F, b: F) -> F { _mm512_max_ps(b, a) }
    pub fn clamp_f(x: F, low: F, high: F) -> F { min_f(max_f(x, low), high) }
    pub fn floor_f(x: F) -> F { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(x) }
    pub fn ceil_f(x: F) -> F { _mm512_roundscale_ps::<{ _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC }>(x) }
    pub fn trunc_f(x: F) -> F { _mm512_roundscale_ps::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(x) }
    /// To the nearest integer, ties to the even one.
    pub fn round_f(x: F) -> F { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    pub fn fract_f(x: F) -> F { sub_f(x, floor_f(x)) }
    pub fn sqrt_f(x: F) -> F { _mm512_sqrt_ps(x) }
    pub fn inverse_sqrt_f(x: F) -> F { div_f(splat_f(1.0), sqrt_f(x)) }
    /// 1, -1, or `x` itself where it is zero or NaN.
    pub fn sign_f(x: F) -> F {
        let zero = splat_f(0.0);
        select_f(gt_f(x, zero), splat_f(1.0), select_f(lt_f(x, zero), splat_f(-1.0), x))
    }
    /// `a * b + c`, rounded once.
    pub fn fma_f(a: F, b: F, c: F) -> F { _mm512_fmadd_ps(a, b, c) }

    pub fn eq_f(a: F, b: F) -> M { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b) }
    pub fn ne_f(a: F, b: F) -> M { _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(a, b) }
    pub fn lt_f(a: F, b: F) -> M { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
    pub fn le_f(a: F, b: F) -> M { _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b) }
    pub fn gt_f(a: F, b: F) -> M { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b) }
    pub fn ge_f(a: F, b: F) -> M { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b) }
    /// `yes` where `m` is set, else `no`.
    pub fn select_f(m: M, yes: F, no: F) -> F { _mm512_mask_blend_ps(m, no, yes) }

    /// The nearest float.
    pub fn f_from_i(x: I) -> F { _mm512_cvtepi32_ps(x) }
    /// The nearest float.
    pub fn f_from_u(x: I) -> F { _mm512_cvtepu32_ps(x) }
    /// Towards zero, saturating; NaN becomes 0.
    pub fn i_from_f(x: F) -> I {
        // What cannot be converted becomes i32::MIN.
        let converted = _mm512_cvttps_epi32(x);
        let large = _mm512_mask_blend_epi32(ge_f(x, splat_f(TWO_31)), converted, _mm512_set1_epi32(i32::MAX));
        _mm512_maskz_mov_epi32(eq_f(x, x), large)
    }
    /// Towards zero, saturating; NaN becomes 0.
    pub fn u_from_f(x: F) -> I {
        // The instruction's maximum is its second operand if the first is NaN; what is too large becomes u32::MAX.
        _mm512_cvttps_epu32(_mm512_max_ps(x, splat_f(0.0)))
    }
    /// The bits of the floats.
    pub fn bits_f(x: F) -> I { _mm512_castps_si512(x) }
    /// The floats that have these bits.
    pub fn f_bits(x: I) -> F { _mm512_castsi512_ps(x) }
}
