//! The baseline, with every access to memory verified: the words must exist, and those that one workgroup writes must
//! be touched by no other (see [`crate::watch`]). A kernel that breaks this panics.

macro_rules! functions {
    ($($(#[$meta:meta])* pub unsafe fn $name:ident $arguments:tt $(-> $result:ty)? $body:block)*) => {
        $($(#[$meta])* pub unsafe fn $name $arguments $(-> $result)? $body)*
    };
}

mod memory;

pub use super::baseline::{
    F, I, LANES, M, across::*, exponentials::*, floats::*, halves::*, integers::*, matrices::*, reductions::*,
    twins::*, waves::*,
};
pub use memory::*;

/// Memory as integers.
#[expect(unsafe_code, reason = "the functions have the signatures of the other levels")]
mod words {
    use super::*;
    include!("../shared/words.rs");
    include!("../shared/matrix_words.rs");
}

pub use words::*;
