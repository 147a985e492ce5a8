//! Sumi's one test binary (one, so that wgpu is linked once), as an annotated index in reading order. Each level rests
//! on the one before: the rules of the repository, then the shaders as text, then their f64 twins against PyTorch, then
//! the kernels against the twins, then derivatives, then whole trainings; beside them weights, pictures and programs.
//!
//! `cargo test --release` runs everything, `cargo test --release tidy` one level of it, on the best adapter of the
//! machine: a GPU, or else the CPU. `SUMI_TEST_ADAPTER=llvmpipe` takes the one of that name. Whichever it is, its
//! kernels are also compared with the CPU's; where it is the CPU, they run at every instruction set that the CPU has.

// The repository's own rules: layers, names, sizes, and that nothing is forgotten. No GPU.
mod tidy;

// scripts/with-adapter on small made-up machines. No GPU.
#[cfg(unix)]
mod with_adapter;

// Every shader as text: it compiles, its bindings are in order, every device can hold it. No GPU.
mod shaders;

// What PyTorch computed in float64, typed: whole steps of DCGAN, CycleGAN and CUT, and weight files of its own. No GPU.
mod golden;

// The f64 twins: against PyTorch, against central differences, and as adjoint pairs. No GPU.
mod reference;

// Every kernel in f32 against its twin, and each adapter against the CPU.
mod kernels;
mod kernels_random;

// The device: limits and failures as sentences, guards, and how much one submit holds.
mod device;

// The tape: sums of gradients, history and its memory, first and second derivatives against f64.
mod autograd;

// Launches that the kernel before them does, against launch after launch.
mod fusion;

// What generator and discriminator minimise, against the formulas in f64.
mod objective;

// Mixed precision: when it is switched to, what it changes, and losses scaled so that f16 holds their gradients.
mod mixed;

// Weights over their largest singular value: steps against PyTorch.
mod spectral_norm;

// What recipes for small sets of pictures add: changes of pictures, penalties on slopes, a look at the whole batch.
mod small_data;

// Networks on pictures in bands against the same on whole pictures; what it costs, told before.
mod bands;

// The networks: names, sizes, and from PyTorch's own files PyTorch's outputs.
mod models;

// Inception and the distances that are made of what it sees, against PyTorch and SciPy.
mod inception;
// FastGAN's networks: counts, names, and from PyTorch's weights PyTorch's pictures, logits and gradients.
mod fastgan;

// Whole trainings: steps of DCGAN, CycleGAN and CUT against PyTorch, the same bits for a seed, memory that stays flat.
mod training;

// Memory known before it is spent: plans against what runs take, and offers that work.
mod memory;

// Pictures in: every format, folders good and bad, and batches that repeat from any position. No GPU.
mod data;

// Weights of others: every kind of file, good and bad; into a module and out of it; which network they are of.
mod weights;

// The programs as black boxes: exit codes, messages, and the files they leave, on whatever adapter opens.
mod cli;

// stylize and export: weights of others against PyTorch's pictures, and both programs as black boxes.
mod stylize;

// Choices of tiles by measuring: what networks ask, what is found, and what becomes of it.
mod tune;

// What the levels share: the list of cases, the three tolerances, and the device.
mod common;
