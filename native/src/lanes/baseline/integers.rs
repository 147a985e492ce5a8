//! Integers and truth values.

use std::array::from_fn;

use super::{I, M};

#[inline(always)]
fn both(a: I, b: I, op: impl Fn(u32, u32) -> u32) -> I {
    I(from_fn(|l| op(a.0[l], b.0[l])))
}

#[inline(always)]
fn both_signed(a: I, b: I, op: impl Fn(i32, i32) -> i32) -> I {
    I(from_fn(|l| op(a.0[l].cast_signed(), b.0[l].cast_signed()).cast_unsigned()))
}

#[inline(always)]
fn compare(a: I, b: I, op: impl Fn(u32, u32) -> bool) -> M {
    M(from_fn(|l| if op(a.0[l], b.0[l]) { u32::MAX } else { 0 }))
}

#[inline(always)]
fn compare_signed(a: I, b: I, op: impl Fn(i32, i32) -> bool) -> M {
    compare(a, b, |a, b| op(a.cast_signed(), b.cast_signed()))
}

#[inline(always)]
fn bits(a: M, b: M, op: impl Fn(u32, u32) -> u32) -> M {
    M(from_fn(|l| op(a.0[l], b.0[l])))
}

functions! {
    /// `x` in every lane.
    pub fn splat_i(x: u32) -> I { I([x; 8]) }
    /// 0, 1, 2, ...
    pub fn iota() -> I { I([0, 1, 2, 3, 4, 5, 6, 7]) }
    /// `base`, `base + stride`, ..., wrapping.
    pub fn linear(base: u32, stride: u32) -> I { add_i(splat_i(base), mul_i(iota(), splat_i(stride))) }
    pub fn add_i(a: I, b: I) -> I { both(a, b, u32::wrapping_add) }
    pub fn sub_i(a: I, b: I) -> I { both(a, b, u32::wrapping_sub) }
    pub fn mul_i(a: I, b: I) -> I { both(a, b, u32::wrapping_mul) }
    pub fn neg_i(x: I) -> I { sub_i(splat_i(0), x) }
    pub fn abs_i(x: I) -> I { max_i(x, neg_i(x)) }
    pub fn and_i(a: I, b: I) -> I { both(a, b, |a, b| a & b) }
    pub fn or_i(a: I, b: I) -> I { both(a, b, |a, b| a | b) }
    pub fn xor_i(a: I, b: I) -> I { both(a, b, |a, b| a ^ b) }
    pub fn not_i(x: I) -> I { xor_i(x, splat_i(u32::MAX)) }
    pub fn shl_i(x: I, count: I) -> I { both(x, count, u32::wrapping_shl) }
    /// Arithmetic.
    pub fn shr_i(x: I, count: I) -> I { both_signed(x, count, |x, count| x.wrapping_shr(count.cast_unsigned())) }
    /// Logical.
    pub fn shr_u(x: I, count: I) -> I { both(x, count, u32::wrapping_shr) }
    pub fn min_i(a: I, b: I) -> I { both_signed(a, b, i32::min) }
    pub fn max_i(a: I, b: I) -> I { both_signed(a, b, i32::max) }
    pub fn min_u(a: I, b: I) -> I { both(a, b, u32::min) }
    pub fn max_u(a: I, b: I) -> I { both(a, b, u32::max) }
    pub fn clamp_i(x: I, low: I, high: I) -> I { min_i(max_i(x, low), high) }
    pub fn clamp_u(x: I, low: I, high: I) -> I { min_u(max_u(x, low), high) }

    /// Towards zero; by 0 as by 1.
    pub fn div_i(a: I, b: I) -> I { both_signed(a, b, |a, b| a.wrapping_div(if b == 0 { 1 } else { b })) }
    /// By 0 as by 1.
    pub fn div_u(a: I, b: I) -> I { both(a, b, |a, b| a / b.max(1)) }
    /// With the sign of `a`.
    pub fn rem_i(a: I, b: I) -> I { both_signed(a, b, |a, b| a.wrapping_rem(if b == 0 { 1 } else { b })) }
    pub fn rem_u(a: I, b: I) -> I { both(a, b, |a, b| a % b.max(1)) }

    pub fn eq_i(a: I, b: I) -> M { compare(a, b, |a, b| a == b) }
    pub fn ne_i(a: I, b: I) -> M { compare(a, b, |a, b| a != b) }
    pub fn lt_i(a: I, b: I) -> M { compare_signed(a, b, |a, b| a < b) }
    pub fn le_i(a: I, b: I) -> M { compare_signed(a, b, |a, b| a <= b) }
    pub fn gt_i(a: I, b: I) -> M { compare_signed(a, b, |a, b| a > b) }
    pub fn ge_i(a: I, b: I) -> M { compare_signed(a, b, |a, b| a >= b) }
    pub fn lt_u(a: I, b: I) -> M { compare(a, b, |a, b| a < b) }
    pub fn le_u(a: I, b: I) -> M { compare(a, b, |a, b| a <= b) }
    pub fn gt_u(a: I, b: I) -> M { compare(a, b, |a, b| a > b) }
    pub fn ge_u(a: I, b: I) -> M { compare(a, b, |a, b| a >= b) }
    /// `yes` where `m` is set, else `no`.
    pub fn select_i(m: M, yes: I, no: I) -> I { I(from_fn(|l| (m.0[l] & yes.0[l]) | (!m.0[l] & no.0[l]))) }

    /// `x` in every lane.
    pub fn splat_m(x: bool) -> M { M([if x { u32::MAX } else { 0 }; 8]) }
    pub fn and_m(a: M, b: M) -> M { bits(a, b, |a, b| a & b) }
    pub fn or_m(a: M, b: M) -> M { bits(a, b, |a, b| a | b) }
    pub fn not_m(x: M) -> M { bits(x, x, |x, _| !x) }
    pub fn xor_m(a: M, b: M) -> M { bits(a, b, |a, b| a ^ b) }
    /// `a` and not `b`.
    pub fn andnot_m(a: M, b: M) -> M { bits(a, b, |a, b| a & !b) }
    /// `yes` where `m` is set, else `no`.
    pub fn select_m(m: M, yes: M, no: M) -> M { M(from_fn(|l| (m.0[l] & yes.0[l]) | (!m.0[l] & no.0[l]))) }
    pub fn any_m(x: M) -> bool { x.0.iter().fold(0, |any, x| any | x) != 0 }
    pub fn all_m(x: M) -> bool { x.0.iter().fold(u32::MAX, |all, x| all & x) != 0 }
    pub fn none_m(x: M) -> bool { !any_m(x) }
    /// 1 where `m` is set, else 0.
    pub fn i_from_m(m: M) -> I { I(from_fn(|l| m.0[l] & 1)) }
}
