//! Arithmetic on numbers that all lanes share, where WGSL's rules are not Rust's.
#![allow(dead_code, reason = "translated kernels use what the shaders of the day divide")]

/// `a / b`; `a` if `b` is zero.
#[inline(always)]
pub fn div_u(a: u32, b: u32) -> u32 {
    a.checked_div(b).unwrap_or(a)
}

/// `a % b`; zero if `b` is zero.
#[inline(always)]
pub fn rem_u(a: u32, b: u32) -> u32 {
    a.checked_rem(b).unwrap_or(0)
}

/// [`div_u`] of the bits of signed numbers; the quotient that does not fit is `a`.
#[inline(always)]
pub fn div_i(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { (a as i32).wrapping_div(b as i32) as u32 }
}

/// [`rem_u`] of the bits of signed numbers.
#[inline(always)]
pub fn rem_i(a: u32, b: u32) -> u32 {
    if b == 0 { 0 } else { (a as i32).wrapping_rem(b as i32) as u32 }
}

/// A number as the place of something in an array. Here and below: a function and no `as`, because clippy follows each
/// number that is cast back through all that it was computed from, and a kernel is one long computation.
#[inline(always)]
pub fn place(a: u32) -> usize {
    a as usize
}

/// `f32(a)`.
#[inline(always)]
pub fn f_of_u(a: u32) -> f32 {
    a as f32
}

/// `f32(a)` of the bits of a signed number.
#[inline(always)]
pub fn f_of_i(a: u32) -> f32 {
    a.cast_signed() as f32
}

/// `u32(a)`.
#[inline(always)]
pub fn u_of_f(a: f32) -> u32 {
    a as u32
}

/// The bits of `i32(a)`.
#[inline(always)]
pub fn i_of_f(a: f32) -> u32 {
    (a as i32).cast_unsigned()
}

/// What all vectors of a workgroup hold a value to be.
///
/// # Panics
/// In checked builds, when they differ: then some would come to a barrier and others not.
#[inline(always)]
pub fn agreed<T: Copy + PartialEq + std::fmt::Debug>(values: &[T]) -> T {
    if cfg!(feature = "checked") {
        assert!(values.iter().all(|value| *value == values[0]), "invocations disagree about the way to a barrier");
    }
    values[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_follows_wgsl_where_it_has_no_result() {
        assert_eq!((div_u(7, 0), rem_u(7, 0), div_u(7, 2), rem_u(7, 2)), (7, 0, 3, 1));
        let (least, minus) = (i32::MIN as u32, -1i32 as u32);
        assert_eq!((div_i(least, minus), rem_i(least, minus)), (least, 0));
        assert_eq!((div_i(-7i32 as u32, 2), rem_i(-7i32 as u32, 2)), (-3i32 as u32, minus));
        assert_eq!((div_i(minus, 0), rem_i(minus, 0)), (minus, 0));
    }

    #[test]
    #[cfg(feature = "checked")]
    #[should_panic(expected = "disagree about the way to a barrier")]
    fn disagreement_about_a_barrier_is_noticed() {
        agreed(&[true, true, false]);
    }
}
