//! AVX2 with fused multiply-add: 8 lanes, and masks of a word per lane.

use std::arch::x86_64::{__m256, __m256i};

/// Lanes of a vector.
pub const LANES: u32 = 8;
/// An f32 per lane.
pub type F = __m256;
/// A 32-bit integer per lane.
pub type I = __m256i;
/// A truth value per lane: all bits of the word set, or none.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct M(pub __m256i);

macro_rules! functions {
    ($($text:tt)*) => { with_instructions! { "avx2,fma" $($text)* } };
}
macro_rules! routines {
    ($($text:tt)*) => { routines_with_instructions! { "avx2,fma" $($text)* } };
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
