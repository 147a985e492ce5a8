//! The one integration test binary.

mod common;
mod kernels;
mod reference;
