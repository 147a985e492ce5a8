//! The kernels of `tests/shaders/`, which try the translation where it is delicate, at every level that this machine
//! has, against the same thing said in plain Rust for one invocation after another.

mod control;
mod data;
mod lanes;
mod matrices;
mod mutants;
mod shapes;

use bytemuck::cast_slice;
use sumi_native::{Buffer, Level, Range, find_among, test_kernels};

/// What stands in words that no invocation wrote.
pub const UNTOUCHED: u32 = 0xABAB_ABAB;

/// Numbers for a kernel to work on, all below 61.
pub fn numbers(count: usize) -> Vec<u32> {
    (0..count as u32)
        .map(|i| (i.wrapping_mul(0x9E37_79B9) ^ 0x5bd1).wrapping_mul(0x85EB_CA6B) >> 7)
        .map(|v| v % 61)
        .collect()
}

/// A buffer with these words.
pub fn buffer(words: &[u32]) -> Buffer {
    let mut buffer = Buffer::try_new(4 * words.len() as u64).expect("there is memory for it");
    buffer.words_mut()[..words.len()].copy_from_slice(words);
    buffer
}

/// The whole of `buffers`, as bindings.
pub fn whole(buffers: &[Buffer]) -> Vec<Range> {
    let range = |(buffer, memory): (usize, &Buffer)| Range { buffer, offset: 0, bytes: memory.bytes() };
    buffers.iter().enumerate().map(range).collect()
}

/// Runs kernel `name` on `groups` workgroups with `x` bound first and second `expected.len()` words to be filled, at
/// each level, vectors forward and backward. `expected` tells what must be there, given the lanes of a vector.
pub fn check(name: &str, groups: [u32; 3], params: &[u32], x: &[u32], expected: impl Fn(u32) -> Vec<u32>) {
    for level in [Level::Checked].into_iter().chain(Level::available()) {
        let kernel = find_among(test_kernels(), level, name, &[]).expect("it is a file of tests/shaders");
        let expected = expected(level.lanes());
        let mut buffers = [buffer(x), buffer(&vec![UNTOUCHED; expected.len()])];
        let ranges = whole(&buffers);
        let run = kernel.launch_both_ways(cast_slice(params), &mut buffers, &ranges, groups);
        run.unwrap_or_else(|error| panic!("{level}: {error}"));
        let words = &buffers[1].words()[..expected.len()];
        let wrong = words.iter().zip(&expected).position(|(word, expected)| word != expected);
        if let Some(i) = wrong {
            panic!("{name} at {level}: word {i} is {} and not {}\n{words:?}\n{expected:?}", words[i], expected[i]);
        }
    }
}

/// [`check`] for kernels that leave one word per invocation, with 3 workgroups of 20, for several values of `n`.
pub fn each(name: &str, expected: impl Fn(u32, u32, &[u32]) -> u32) {
    let x = numbers(60);
    for n in [4, 7, 13] {
        check(name, [3, 1, 1], &[n], &x, |_| (0..60).map(|i| expected(i, n, &x)).collect());
    }
}
