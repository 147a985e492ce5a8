//! From WGSL text to the module a device compiles.
//!
//! A kernel is one file below `shaders/`, written to be read: loops over small arrays, one lane exchange in a loop,
//! shared helpers by `#import`. Here that text becomes what a driver turns into fast code. In reading order:
//!
//! 1. [`source`]: the table of shader files, compiled into the crate.
//! 2. [`assemble`]: `#import` lines replaced by the text they name, with a map back to file and line.
//! 3. [`mod@compile`]: parse, validate, give every `override` its value, run the [`passes`], validate again;
//!    [`interface`] tells what the kernel binds.
//! 4. [`mod@translate`]: the same module as Rust, for machines without a GPU; [`mod@variants`] are those that exist.
//! 5. [`show`]: both side by side, for whoever wants to know what became of a kernel.

pub mod assemble;
pub mod compile;
pub mod error;
pub mod interface;
pub mod passes;
pub mod show;
pub mod source;
pub mod translate;
pub mod variants;

pub use compile::{
    Compiled, ENTRY_POINT, MOST_NATIVE_STATEMENTS_ALONE, compile, compile_native, compile_native_source,
    compile_source, overrides,
};
pub use error::{Place, ShaderError};
pub use interface::{Access, Binding};
pub use source::{Source, kernel, kernels, sources};
