//! Sumi's kernels as native code: the same WGSL that runs on GPUs, translated to vector code for the CPU when this
//! package is built.
//!
//! 1. [`Level`]: the instruction sets that every kernel is compiled for, and which of them this machine has.
//! 2. [`launch`]: what a kernel is given, and how one is started.
//! 3. `watch`, in checked builds: which workgroup reads and writes which word.
//! 4. `lanes`: the vector operations that translated kernels are written in, once for each level.

mod lanes;
pub mod launch;
mod level;
#[cfg(feature = "checked")]
pub mod watch;

pub use launch::{Kernel, Launch, Memory};
pub use level::Level;
