//! Memory: single words, and vectors of floats. Lanes that are off load 0 and store nothing; their words are not
//! touched.
#![expect(unsafe_code, reason = "kernels are translated without checks of their indices")]
#![expect(unsafe_op_in_unsafe_fn, reason = "each function is one access, which its caller answers for")]

use std::arch::x86_64::*;

use super::{F, I, M, ballot, f_bits, shuffle_i};
use crate::launch::Memory;

functions! {
    /// Word `i`.
    pub unsafe fn get(memory: Memory, i: u32) -> u32 { memory.at(i).read() }
    /// Sets word `i`.
    pub unsafe fn put(memory: Memory, i: u32, x: u32) { memory.at(i).write(x) }
    /// The words from `i` on, one a lane.
    pub unsafe fn load_f(memory: Memory, i: u32) -> F { _mm256_loadu_ps(memory.at(i).cast()) }
    pub unsafe fn load_masked_f(memory: Memory, i: u32, m: M) -> F { _mm256_maskload_ps(memory.at(i).cast(), m.0) }
    pub unsafe fn store_f(memory: Memory, i: u32, x: F) { _mm256_storeu_ps(memory.at(i).cast(), x) }
    pub unsafe fn store_masked_f(memory: Memory, i: u32, x: F, m: M) {
        _mm256_maskstore_ps(memory.at(i).cast(), m.0, x);
    }
    /// Each lane gets the word it names.
    pub unsafe fn gather_f(memory: Memory, i: I, m: M) -> F {
        _mm256_mask_i32gather_ps::<4>(_mm256_setzero_ps(), memory.start.cast(), i, f_bits(m.0))
    }
    /// Each lane puts its value where it says.
    pub unsafe fn scatter_f(memory: Memory, i: I, x: F, m: M) {
        let (mut indices, mut values) = ([0; 8], [0.0; 8]);
        _mm256_storeu_si256(indices.as_mut_ptr().cast(), i);
        _mm256_storeu_ps(values.as_mut_ptr(), x);
        for lane in 0..8 {
            if ballot(m) >> lane & 1 != 0 {
                memory.at(indices[lane]).cast::<f32>().write(values[lane]);
            }
        }
    }
    /// Lane `l` gets the four words from `i + 4 * l` on.
    pub unsafe fn load4_f(memory: Memory, i: u32) -> [F; 4] {
        apart([0, 8, 16, 24].map(|at| _mm256_loadu_ps(memory.at(i).wrapping_add(at).cast())))
    }
    pub unsafe fn load4_masked_f(memory: Memory, i: u32, m: M) -> [F; 4] {
        let [a, b, c, d] = each_four_times(m);
        apart([(0, a), (8, b), (16, c), (24, d)].map(|(at, m)| {
            _mm256_maskload_ps(memory.at(i).wrapping_add(at).cast(), m)
        }))
    }
    /// Lane `l` puts its four values into the words from `i + 4 * l` on.
    pub unsafe fn store4_f(memory: Memory, i: u32, x: [F; 4]) {
        for (part, x) in together(x).into_iter().enumerate() {
            _mm256_storeu_ps(memory.at(i).wrapping_add(8 * part).cast(), x);
        }
    }
    pub unsafe fn store4_masked_f(memory: Memory, i: u32, x: [F; 4], m: M) {
        for (part, (x, m)) in together(x).into_iter().zip(each_four_times(m)).enumerate() {
            _mm256_maskstore_ps(memory.at(i).wrapping_add(8 * part).cast(), m, x);
        }
    }
}

functions! {
    /// From 32 words as they lie in memory to the first words of each four, the second ones, and so on.
    pub fn apart(words: [F; 4]) -> [F; 4] {
        let [a, b, c, d] = words;
        // Lanes 0 and 4, 1 and 5, 2 and 6, 3 and 7; then transpose within the halves.
        transpose([
            _mm256_permute2f128_ps::<0x20>(a, c),
            _mm256_permute2f128_ps::<0x31>(a, c),
            _mm256_permute2f128_ps::<0x20>(b, d),
            _mm256_permute2f128_ps::<0x31>(b, d),
        ])
    }
    /// The inverse of [`apart`].
    pub fn together(parts: [F; 4]) -> [F; 4] {
        let [a, b, c, d] = transpose(parts);
        [
            _mm256_permute2f128_ps::<0x20>(a, b),
            _mm256_permute2f128_ps::<0x20>(c, d),
            _mm256_permute2f128_ps::<0x31>(a, b),
            _mm256_permute2f128_ps::<0x31>(c, d),
        ]
    }
    /// Each half of the four vectors is a matrix of 4 x 4.
    pub fn transpose(rows: [F; 4]) -> [F; 4] {
        let [a, b, c, d] = rows;
        let (low_ab, high_ab) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (low_cd, high_cd) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0x44>(low_ab, low_cd),
            _mm256_shuffle_ps::<0xee>(low_ab, low_cd),
            _mm256_shuffle_ps::<0x44>(high_ab, high_cd),
            _mm256_shuffle_ps::<0xee>(high_ab, high_cd),
        ]
    }
    /// The mask of the words of lanes 0 and 1, of lanes 2 and 3, and so on.
    pub fn each_four_times(m: M) -> [__m256i; 4] {
        [0, 2, 4, 6].map(|l| shuffle_i(m.0, _mm256_setr_epi32(l, l, l, l, l + 1, l + 1, l + 1, l + 1)))
    }
}
