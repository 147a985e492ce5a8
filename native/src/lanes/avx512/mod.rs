//! AVX-512 (F, BW, DQ, VL): 16 lanes, and masks of a bit per lane.

use std::arch::x86_64::{__m512, __m512i, __mmask16};

/// Lanes of a vector.
pub const LANES: u32 = 16;
/// An f32 per lane.
pub type F = __m512;
/// A 32-bit integer per lane.
pub type I = __m512i;
/// A truth value per lane.
pub type M = __mmask16;

macro_rules! functions {
    ($($text:tt)*) => { with_instructions! { "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma" $($text)* } };
}
macro_rules! routines {
    ($($text:tt)*) => { routines_with_instructions! { "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma" $($text)* } };
}

mod across;
mod floats;
mod integers;
mod memory;

pub use super::place::place;
pub use {across::*, floats::*, integers::*, memory::*};

/// Exponentials and logarithms.
mod exponentials {
    use super::*;
    include!("../shared/exponentials.rs");
}
/// Numbers of 16 bits.
mod halves {
    use super::*;
    include!("../shared/halves.rs");
}
/// Matrices.
mod matrices {
    use super::*;
    include!("../shared/matrices.rs");
}
/// Reductions and scans.
mod reductions {
    use super::*;
    include!("../shared/reductions.rs");
}
/// Scalar twins.
mod twins {
    use super::*;
    include!("../shared/twins.rs");
}
/// Sine, cosine, tangent.
mod waves {
    use super::*;
    include!("../shared/waves.rs");
}
/// Memory as integers.
#[expect(unsafe_code, reason = "kernels are translated without checks of their indices")]
mod words {
    use super::*;
    include!("../shared/words.rs");
    include!("../shared/matrix_words.rs");
}

pub use {exponentials::*, halves::*, matrices::*, reductions::*, twins::*, waves::*, words::*};
