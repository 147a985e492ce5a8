//! Sumi's kernels as native code: the same WGSL that runs on GPUs, translated to vector code for the CPU when this
//! package is built.
//!
//! 1. [`Level`]: the instruction sets that every kernel is compiled for, and which of them this machine has.
//! 2. [`launch`]: what a kernel is, and what it is given.
//! 3. [`find`]: the kernels by level, name and variant.
//! 4. [`Buffer`]: memory; [`machine_memory`]: how much of it there is.
//! 5. [`Kernel::launch`]: all workgroups of a launch, spread over the cores; [`Kernel::launch_both_ways`] looks for
//!    missing barriers.
//! 6. `watch`, in checked builds: which workgroup reads and writes which word; `crew`: which vector of a workgroup.
//! 7. `lanes`: the vector operations that translated kernels are written in, once for each level.

mod both_ways;
#[cfg_attr(test, allow(dead_code, unused_imports, reason = "unit tests compile no kernels, which use it"))]
mod crew;
mod lanes;
pub mod launch;
mod level;
mod memory;
mod spread;
mod table;
mod uniform;
#[cfg(feature = "checked")]
pub mod watch;

#[cfg(any(test, feature = "checked"))]
pub mod handwritten;

pub use launch::{Kernel, Launch, Memory};
pub use level::Level;
pub use memory::{Buffer, MachineMemory, Range, Shortage, machine_memory};
pub use table::{find, find_among};
#[cfg(feature = "checked")]
pub use table::{mutants, test_kernels};
