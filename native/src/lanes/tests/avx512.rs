//! AVX-512.

use crate::{lanes::avx512::*, launch::Memory};

/// `fma_f` rounds once.
const FUSED: bool = true;

macro_rules! functions {
    ($($text:tt)*) => { with_instructions! { "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma" $($text)* } };
}
macro_rules! tests {
    ($($text:tt)*) => { tests_with_instructions! { "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma" Avx512 $($text)* } };
}

texts!();
