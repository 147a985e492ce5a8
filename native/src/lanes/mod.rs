//! The vector operations that translated kernels are written in: the same free functions in one module per level, so
//! that one text, translated from WGSL, means the same at each.
//!
//! `F` holds an f32 per lane, `I` a 32-bit integer (the bits of an `i32` or a `u32`), `M` a truth value; `C` is a
//! matrix that the lanes hold together. A name ends in what its first operand is: `_f`, `_i` (or `_u` where it matters
//! that the integers are unsigned), `_m`, `_c`; `_1` marks the scalar twin of a vector function, which gives the bits
//! of a lane of it. `LANES` is the length of the first three.
//!
//! - `avx512`, `avx2`: intrinsics. Each function enables the level's instructions for itself and is inlined into
//!   kernels that enable them too; from there it is safe to call. Only those that touch memory are `unsafe`.
//! - `baseline`: arrays, in loops that LLVM makes vectors of with what every machine of the target has.
//! - `checked`: the baseline with every access to memory verified.
//! - `shared/`: texts that are compiled once per level: what is made of the functions above alone.
//!
//! Results are the same at all levels, except that the baseline of a machine without fused multiply-add rounds a
//! product before it adds, and that operations over the lanes follow the number of lanes.
//!
//! # Where this differs from what WGSL asks, or from what it leaves open
//! - Subnormal numbers are kept, infinities and NaN behave as IEEE 754 says.
//! - `min_f(a, b)` is `b` if `b < a`, else `a`; `max_f(a, b)` is `b` if `a < b`, else `a`. So a NaN in the second place
//!   is ignored and one in the first is kept; `clamp_f` keeps the NaN it is given.
//! - `sign_f` returns zeros and NaN as they are.
//! - A float out of range becomes the integer nearest to it, as Rust's `as` has it (WGSL: the nearest one that f32 can
//!   hold, 127 or 255 less); NaN becomes 0.
//! - `x / 0` is `x`, `x % 0` is 0, `i32::MIN / -1` is `i32::MIN` with a remainder of 0; shift counts are taken modulo
//!   32: all as WGSL has it.
//! - Of several lanes that store to one word, the last wins.
//! - Indices are words; memory has less than 2^31 of them, since gathers take indices as signed.
//! - Lanes are numbered modulo `LANES`, where WGSL leaves an index that is too large open.

/// Defines functions that use a level's instructions. They are safe to call where these are enabled.
#[cfg(target_arch = "x86_64")]
macro_rules! with_instructions {
    ($enabled:literal $($(#[$meta:meta])* pub fn $name:ident $arguments:tt $(-> $result:ty)? $body:block)*) => {
        $($(#[$meta])* #[inline] #[target_feature(enable = $enabled)] pub fn $name $arguments $(-> $result)? $body)*
    };
    ($enabled:literal $($(#[$meta:meta])* pub unsafe fn $name:ident $arguments:tt $(-> $result:ty)? $body:block)*) => {
        $($(#[$meta])*
        #[inline]
        #[target_feature(enable = $enabled)]
        pub unsafe fn $name $arguments $(-> $result)? $body)*
    };
}

/// The same for functions that are called, not made part of their callers.
#[cfg(target_arch = "x86_64")]
macro_rules! routines_with_instructions {
    ($enabled:literal $($(#[$meta:meta])* pub fn $name:ident $arguments:tt -> $result:ty $body:block)*) => {
        $($(#[$meta])* #[inline(never)] #[target_feature(enable = $enabled)] pub fn $name $arguments -> $result $body)*
    };
}

mod place;

#[cfg(target_arch = "x86_64")]
#[allow(dead_code, unused_imports, reason = "kernels take what they need")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
#[allow(dead_code, unused_imports, reason = "kernels take what they need")]
pub mod avx512;
#[allow(dead_code, unused_imports, reason = "kernels take what they need")]
#[allow(clippy::redundant_closure, reason = "functions of the other levels do not implement Fn")]
pub mod baseline;
#[cfg(feature = "checked")]
#[allow(dead_code, unused_imports, reason = "kernels take what they need")]
#[allow(clippy::redundant_closure, reason = "functions of the other levels do not implement Fn")]
pub mod checked;

#[cfg(test)]
#[expect(unsafe_code, reason = "memory is accessed without checks")]
#[allow(clippy::redundant_closure, reason = "functions of most levels do not implement Fn")]
mod tests;
