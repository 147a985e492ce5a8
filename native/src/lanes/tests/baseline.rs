//! The baseline.

use crate::{lanes::baseline::*, launch::Memory};

/// `fma_f` rounds once.
const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

macro_rules! functions {
    ($($text:tt)*) => { $($text)* };
}
macro_rules! tests {
    ($(fn $name:ident() $body:block)*) => { $(#[test] fn $name() $body)* };
}

texts!();
