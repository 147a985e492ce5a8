//! AVX2.

use crate::{lanes::avx2::*, launch::Memory};

/// `fma_f` rounds once.
const FUSED: bool = true;

macro_rules! functions {
    ($($text:tt)*) => { with_instructions! { "avx2,fma" $($text)* } };
}
macro_rules! tests {
    ($($text:tt)*) => { tests_with_instructions! { "avx2,fma" Avx2 $($text)* } };
}

texts!();
