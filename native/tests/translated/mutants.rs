//! Each barrier of the kernels matters: without it, what a kernel computes depends on the order of its vectors.

use bytemuck::cast_slice;
use sumi_native::{Kernel, Level, find, mutants};

use super::{buffer, numbers, whole};

/// Launches a kernel with barriers on a small problem, both ways.
fn launch(kernel: &Kernel) -> Result<(), String> {
    if !kernel.name.starts_with("matmul") && !kernel.name.starts_with("conv2d") {
        return launch_on_a_row(kernel);
    }
    if kernel.name.starts_with("conv2d_thin") {
        return launch_thin(kernel);
    }
    let matmul = kernel.name.starts_with("matmul");
    // 64 by 40 by 64; or a convolution of a 12 x 12 picture with 8 channels to 16, by 3 x 3 at stride 1, padding 1,
    // with an epilogue that leaves the result as it is: no bias, no operand, a slope of 1.
    let slope = 1.0_f32.to_bits();
    let params: &[u32] = match matmul {
        true => &[64, 40, 64],
        false => &[1, 12, 12, 8, 12, 12, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, slope],
    };
    let floats = |count| numbers(count).iter().map(|v| (*v as f32 - 30.0).to_bits()).collect::<Vec<_>>();
    let words = if matmul { [64 * 40, 40 * 64, 64 * 64] } else { [2304; 3] };
    let buffers = words.map(|words| buffer(&floats(words)));
    let ranges = whole(&buffers);
    // Both factors are bound twice, as numbers and as vec4s; bias and operand, where a kernel has them, are a factor.
    let idle = kernel.bindings - 5;
    let ranges: Vec<_> = [0, 0, 1, 1].into_iter().chain(vec![1; idle]).chain([2]).map(|i: usize| ranges[i]).collect();
    let mut buffers = buffers;
    kernel.launch_both_ways(cast_slice(params), &mut buffers, &ranges, [1; 3])
}

/// A convolution of a 12 x 12 picture with 16 channels to one, as above.
fn launch_thin(kernel: &Kernel) -> Result<(), String> {
    let slope = 1.0_f32.to_bits();
    let params: &[u32] = &[1, 12, 12, 16, 12, 12, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, slope];
    let floats = |count| numbers(count).iter().map(|v| (*v as f32 - 30.0).to_bits()).collect::<Vec<_>>();
    let mut buffers = [2304, 144, 144].map(|words| buffer(&floats(words)));
    let ranges = whole(&buffers);
    kernel.launch_both_ways(cast_slice(params), &mut buffers, &ranges, [1; 3])
}

/// The kernels that have a workgroup to a row, on one row of 40 columns, and one that has a single workgroup. What they
/// take besides is as long as the row: targets (small numbers, as columns) or another matrix.
fn launch_on_a_row(kernel: &Kernel) -> Result<(), String> {
    const COLUMNS: usize = 40;
    let floats: Vec<u32> = numbers(COLUMNS).iter().map(|v| (*v as f32 - 30.0).to_bits()).collect();
    let late: Vec<u32> = (1..=COLUMNS).map(|column| if column == COLUMNS { 1.0_f32.to_bits() } else { 0 }).collect();
    let targets: Vec<u32> = numbers(COLUMNS).iter().map(|v| v % COLUMNS as u32).collect();
    let (params, words): (&[u32], Vec<&[u32]>) = match kernel.name {
        name if name.starts_with("softmax_backward") => (&[1, 40], vec![&floats; 3]),
        name if name.starts_with("softmax") => (&[1, 40], vec![&floats; 2]),
        name if name.starts_with("cross_entropy_backward") => (&[1, 40], vec![&floats, &targets, &floats, &floats]),
        name if name.starts_with("cross_entropy") => (&[1, 40], vec![&floats, &targets, &floats]),
        // eps is 1e-12 in bits.
        name if name.starts_with("normalize_backward") => (&[1, 40, 0x2b8c_bccc], vec![&floats; 3]),
        name if name.starts_with("normalize") => (&[1, 40, 0x2b8c_bccc], vec![&floats; 2]),
        // One that only the last vector has.
        name if name.starts_with("judge_gradients") => (&[40], vec![&late, &floats, &floats]),
        name if name.starts_with("clip_factor") => (&[40, 0.25_f32.to_bits()], vec![&late, &floats, &floats]),
        name => panic!("{name} has barriers: say here what it can be launched with"),
    };
    let mut buffers: Vec<_> = words.into_iter().map(buffer).collect();
    let ranges = whole(&buffers);
    kernel.launch_both_ways(cast_slice(params), &mut buffers, &ranges, [1; 3])
}

#[test]
fn every_barrier_is_missed() {
    assert!(!mutants().is_empty());
    for mutant in mutants() {
        let (name, _) = mutant.name.split_once("_without_barrier_").expect("mutants are called so");
        let whole = find(Level::Checked, name, mutant.overrides).expect("it is one of our kernels");
        launch(whole).unwrap_or_else(|error| panic!("{name} with all its barriers: {error}"));
        match launch(mutant) {
            Ok(()) => panic!("{} gives the same result both ways", mutant.name),
            Err(error) => assert!(error.contains("a barrier is missing"), "{}: {error}", mutant.name),
        }
    }
}
