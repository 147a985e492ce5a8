//! Memory: single words, and vectors of floats. Each access is verified, then done as at the baseline.
#![expect(unsafe_code, reason = "the functions have the signatures of the other levels")]
#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "that the words are there is verified, that they live the caller answers for"
)]

use super::{F, I, M, splat_m};
use crate::{lanes::baseline, launch::Memory};

/// The words that the lanes which are on touch: `per_lane` from `i` on, one lane's behind the other's.
fn row(i: u32, m: M, per_lane: usize) -> impl Iterator<Item = usize> {
    let on = (0..m.0.len()).filter(move |&l| m.0[l] != 0);
    on.flat_map(move |l| (0..per_lane).map(move |part| i as usize + per_lane * l + part))
}

/// The words that the lanes which are on name.
fn named(i: I, m: M) -> impl Iterator<Item = usize> {
    (0..m.0.len()).filter(move |&l| m.0[l] != 0).map(move |l| i.0[l] as usize)
}

fn reads(memory: Memory, words: impl Iterator<Item = usize>) {
    for word in words {
        assert!(word < memory.words, "a kernel reads word {word} of memory that has {}", memory.words);
        memory.watch.reads(word);
    }
}

fn writes(memory: Memory, words: impl Iterator<Item = usize>) {
    for word in words {
        assert!(word < memory.words, "a kernel writes word {word} of memory that has {}", memory.words);
        memory.watch.writes(word);
    }
}

functions! {
    /// `a + b`, the place of a word.
    pub unsafe fn place(a: u32, b: u32) -> u32 {
        a.checked_add(b).unwrap_or_else(|| panic!("a kernel counts past 2^32 to find a word: {a} + {b}"))
    }
    /// Word `i`.
    pub unsafe fn get(memory: Memory, i: u32) -> u32 {
        reads(memory, std::iter::once(i as usize));
        baseline::get(memory, i)
    }
    /// Sets word `i`.
    pub unsafe fn put(memory: Memory, i: u32, x: u32) {
        writes(memory, std::iter::once(i as usize));
        baseline::put(memory, i, x);
    }
    /// The words from `i` on, one a lane.
    pub unsafe fn load_f(memory: Memory, i: u32) -> F {
        reads(memory, row(i, splat_m(true), 1));
        baseline::load_f(memory, i)
    }
    pub unsafe fn load_masked_f(memory: Memory, i: u32, m: M) -> F {
        reads(memory, row(i, m, 1));
        baseline::load_masked_f(memory, i, m)
    }
    pub unsafe fn store_f(memory: Memory, i: u32, x: F) {
        writes(memory, row(i, splat_m(true), 1));
        baseline::store_f(memory, i, x);
    }
    pub unsafe fn store_masked_f(memory: Memory, i: u32, x: F, m: M) {
        writes(memory, row(i, m, 1));
        baseline::store_masked_f(memory, i, x, m);
    }
    /// Each lane gets the word it names.
    pub unsafe fn gather_f(memory: Memory, i: I, m: M) -> F {
        reads(memory, named(i, m));
        baseline::gather_f(memory, i, m)
    }
    /// Each lane puts its value where it says.
    pub unsafe fn scatter_f(memory: Memory, i: I, x: F, m: M) {
        writes(memory, named(i, m));
        baseline::scatter_f(memory, i, x, m);
    }
    /// Lane `l` gets the four words from `i + 4 * l` on.
    pub unsafe fn load4_f(memory: Memory, i: u32) -> [F; 4] {
        reads(memory, row(i, splat_m(true), 4));
        baseline::load4_f(memory, i)
    }
    pub unsafe fn load4_masked_f(memory: Memory, i: u32, m: M) -> [F; 4] {
        reads(memory, row(i, m, 4));
        baseline::load4_masked_f(memory, i, m)
    }
    /// Lane `l` puts its four values into the words from `i + 4 * l` on.
    pub unsafe fn store4_f(memory: Memory, i: u32, x: [F; 4]) {
        writes(memory, row(i, splat_m(true), 4));
        baseline::store4_f(memory, i, x);
    }
    pub unsafe fn store4_masked_f(memory: Memory, i: u32, x: [F; 4], m: M) {
        writes(memory, row(i, m, 4));
        baseline::store4_masked_f(memory, i, x, m);
    }
}
