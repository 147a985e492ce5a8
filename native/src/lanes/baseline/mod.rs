//! What every machine of the target has: arrays of 8, in loops that LLVM makes vectors of.

/// Lanes of a vector.
pub const LANES: u32 = 8;
/// An f32 per lane.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub struct F(pub [f32; 8]);
/// A 32-bit integer per lane.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub struct I(pub [u32; 8]);
/// A truth value per lane: all bits of the word set, or none.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub struct M(pub [u32; 8]);

macro_rules! functions {
    ($($(#[$meta:meta])* pub fn $name:ident $arguments:tt $(-> $result:ty)? $body:block)*) => {
        $($(#[$meta])* #[inline(always)] pub fn $name $arguments $(-> $result)? $body)*
    };
    ($($(#[$meta:meta])* pub unsafe fn $name:ident $arguments:tt $(-> $result:ty)? $body:block)*) => {
        $($(#[$meta])* #[inline(always)] pub unsafe fn $name $arguments $(-> $result)? $body)*
    };
}
macro_rules! routines {
    ($($(#[$meta:meta])* pub fn $name:ident $arguments:tt -> $result:ty $body:block)*) => {
        $($(#[$meta])* #[inline(never)] pub fn $name $arguments -> $result $body)*
    };
}

pub mod across;
pub mod floats;
pub mod integers;
mod memory;

pub use super::place::place;
pub use {across::*, floats::*, integers::*, memory::*};

/// Exponentials and logarithms.
pub mod exponentials {
    use super::*;
    include!("../shared/exponentials.rs");
}
/// Numbers of 16 bits.
pub mod halves {
    use super::*;
    include!("../shared/halves.rs");
}
/// Matrices.
pub mod matrices {
    use super::*;
    include!("../shared/matrices.rs");
}
/// Reductions and scans.
pub mod reductions {
    use super::*;
    include!("../shared/reductions.rs");
}
/// Scalar twins.
pub mod twins {
    use super::*;
    include!("../shared/twins.rs");
}
/// Sine, cosine, tangent.
pub mod waves {
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
