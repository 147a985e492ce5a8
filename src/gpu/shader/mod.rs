//! From WGSL text to the module a device compiles.
//!
//! A kernel is one file below `shaders/`, written to be read: loops over small arrays, one lane exchange in a loop, shared
//! helpers by `#import`. Here that text becomes what a driver turns into fast code. In reading order:
//!
//! 1. [`source`]: the table of shader files, compiled into the crate.
//! 2. [`assemble`]: `#import` lines replaced by the text they name, with a map back to file and line.
//! 3. [`compile`]: parse, validate, give every `override` its value, run the [`passes`] below, validate again; [`interface`]
//!    tells what the kernel binds.
//! 4. [`unroll`]: short loops with a known number of turns are written out, with arithmetic on known integers done on the
//!    way ([`fold`]).
//! 5. [`broadcast`]: a shuffle whose lane has become constant becomes a broadcast.
//! 6. [`scalars`]: a local array that is only indexed by constants becomes one variable per element, so a register each.
//! 7. [`unread`]: what nobody reads any more is dropped.
//!
//! [`operands`] and [`emit`] are the two things all passes need to know about naga's representation.

pub mod assemble;
pub mod broadcast;
pub mod compile;
pub mod emit;
pub mod error;
pub mod fold;
pub mod interface;
#[cfg(test)]
mod interpret;
pub mod operands;
pub mod passes;
#[cfg(test)]
mod programs;
pub mod scalars;
pub mod source;
pub mod unread;
pub mod unroll;

pub use compile::{Compiled, ENTRY_POINT, compile, compile_source};
pub use error::{Place, ShaderError};
pub use interface::{Access, Binding};
pub use source::{Source, kernel, kernels, sources};
