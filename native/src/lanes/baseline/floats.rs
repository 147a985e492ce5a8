//! Floats.

use std::array::from_fn;

use super::{F, I, M};

#[inline(always)]
fn each(x: F, op: impl Fn(f32) -> f32) -> F {
    F(from_fn(|l| op(x.0[l])))
}

#[inline(always)]
fn both(a: F, b: F, op: impl Fn(f32, f32) -> f32) -> F {
    F(from_fn(|l| op(a.0[l], b.0[l])))
}

#[inline(always)]
fn compare(a: F, b: F, op: impl Fn(f32, f32) -> bool) -> M {
    M(from_fn(|l| if op(a.0[l], b.0[l]) { u32::MAX } else { 0 }))
}

/// To the nearest integer, ties to the even one. Where rounding is no instruction of the baseline, a large number takes
/// the fraction's bits away.
#[inline(always)]
fn round(x: f32) -> f32 {
    if cfg!(any(target_arch = "aarch64", target_feature = "sse4.1")) {
        return x.round_ties_even();
    }
    let whole = 8388608.0;
    let rounded = (x.abs() + whole) - whole;
    if x.abs() < whole { rounded.copysign(x) } else { x }
}

#[inline(always)]
fn floor(x: f32) -> f32 {
    let rounded = round(x);
    if rounded > x { rounded - 1.0 } else { rounded }
}

functions! {
    /// `x` in every lane.
    pub fn splat_f(x: f32) -> F { F([x; 8]) }
    pub fn add_f(a: F, b: F) -> F { both(a, b, |a, b| a + b) }
    pub fn sub_f(a: F, b: F) -> F { both(a, b, |a, b| a - b) }
    pub fn mul_f(a: F, b: F) -> F { both(a, b, |a, b| a * b) }
    pub fn div_f(a: F, b: F) -> F { both(a, b, |a, b| a / b) }
    pub fn neg_f(x: F) -> F { each(x, |x| -x) }
    pub fn abs_f(x: F) -> F { each(x, f32::abs) }
    /// `b` if it is less, else `a`.
    pub fn min_f(a: F, b: F) -> F { both(a, b, |a, b| if b < a { b } else { a }) }
    /// `b` if it is more, else `a`.
    pub fn max_f(a: F, b: F) -> F { both(a, b, |a, b| if b > a { b } else { a }) }
    pub fn clamp_f(x: F, low: F, high: F) -> F { min_f(max_f(x, low), high) }
    pub fn floor_f(x: F) -> F { each(x, floor) }
    pub fn ceil_f(x: F) -> F { each(x, |x| -floor(-x)) }
    pub fn trunc_f(x: F) -> F { each(x, |x| floor(x.abs()).copysign(x)) }
    /// To the nearest integer, ties to the even one.
    pub fn round_f(x: F) -> F { each(x, round) }
    pub fn fract_f(x: F) -> F { sub_f(x, floor_f(x)) }
    pub fn sqrt_f(x: F) -> F { each(x, f32::sqrt) }
    pub fn inverse_sqrt_f(x: F) -> F { each(x, |x| 1.0 / x.sqrt()) }
    /// 1, -1, or `x` itself where it is zero or NaN.
    pub fn sign_f(x: F) -> F { each(x, |x| if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }) }
    /// `a * b + c`, rounded once only where the baseline can.
    pub fn fma_f(a: F, b: F, c: F) -> F {
        if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
            return F(from_fn(|l| a.0[l].mul_add(b.0[l], c.0[l])));
        }
        F(from_fn(|l| a.0[l] * b.0[l] + c.0[l]))
    }

    pub fn eq_f(a: F, b: F) -> M { compare(a, b, |a, b| a == b) }
    pub fn ne_f(a: F, b: F) -> M { compare(a, b, |a, b| a != b) }
    pub fn lt_f(a: F, b: F) -> M { compare(a, b, |a, b| a < b) }
    pub fn le_f(a: F, b: F) -> M { compare(a, b, |a, b| a <= b) }
    pub fn gt_f(a: F, b: F) -> M { compare(a, b, |a, b| a > b) }
    pub fn ge_f(a: F, b: F) -> M { compare(a, b, |a, b| a >= b) }
    /// `yes` where `m` is set, else `no`.
    pub fn select_f(m: M, yes: F, no: F) -> F {
        F(from_fn(|l| f32::from_bits((m.0[l] & yes.0[l].to_bits()) | (!m.0[l] & no.0[l].to_bits()))))
    }

    /// The nearest float.
    pub fn f_from_i(x: I) -> F { F(from_fn(|l| x.0[l].cast_signed() as f32)) }
    /// The nearest float.
    pub fn f_from_u(x: I) -> F { F(from_fn(|l| x.0[l] as f32)) }
    /// Towards zero, saturating; NaN becomes 0.
    pub fn i_from_f(x: F) -> I { I(from_fn(|l| (x.0[l] as i32).cast_unsigned())) }
    /// Towards zero, saturating; NaN becomes 0.
    pub fn u_from_f(x: F) -> I { I(from_fn(|l| x.0[l] as u32)) }
    /// The bits of the floats.
    pub fn bits_f(x: F) -> I { I(from_fn(|l| x.0[l].to_bits())) }
    /// The floats that have these bits.
    pub fn f_bits(x: I) -> F { F(from_fn(|l| f32::from_bits(x.0[l]))) }
}
