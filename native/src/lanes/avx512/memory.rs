//! Memory: single words, and vectors of floats. Lanes that are off load 0 and store nothing; their words are not
//! touched.
#![expect(unsafe_code, reason = "kernels are translated without checks of their indices")]
#![expect(unsafe_op_in_unsafe_fn, reason = "each function is one access, which its caller answers for")]

use std::arch::x86_64::*;

use super::{F, I, M};
use crate::launch::Memory;

functions! {
    /// Word `i`.
    pub unsafe fn get(memory: Memory, i: u32) -> u32 { memory.at(i).read() }
    /// Sets word `i`.
    pub unsafe fn put(memory: Memory, i: u32, x: u32) { memory.at(i).write(x) }
    /// The words from `i` on, one a lane.
    pub unsafe fn load_f(memory: Memory, i: u32) -> F { _mm512_loadu_ps(memory.at(i).cast()) }
    pub unsafe fn load_masked_f(memory: Memory, i: u32, m: M) -> F { _mm512_maskz_loadu_ps(m, memory.at(i).cast()) }
    pub unsafe fn store_f(memory: Memory, i: u32, x: F) { _mm512_storeu_ps(memory.at(i).cast(), x) }
    pub unsafe fn store_masked_f(memory: Memory, i: u32, x: F, m: M) {
        _mm512_mask_storeu_ps(memory.at(i).cast(), m, x);
    }
    /// Each lane gets the word it names.
    pub unsafe fn gather_f(memory: Memory, i: I, m: M) -> F {
        _mm512_mask_i32gather_ps::<4>(_mm512_setzero_ps(), m, i, memory.start.cast())
    }
    /// Each lane puts its value where it says.
    pub unsafe fn scatter_f(memory: Memory, i: I, x: F, m: M) {
        _mm512_mask_i32scatter_ps::<4>(memory.start.cast(), m, i, x);
    }
    /// Lane `l` gets the four words from `i + 4 * l` on.
    pub unsafe fn load4_f(memory: Memory, i: u32) -> [F; 4] {
        apart([0, 16, 32, 48].map(|at| _mm512_loadu_ps(memory.at(i).wrapping_add(at).cast())))
    }
    pub unsafe fn load4_masked_f(memory: Memory, i: u32, m: M) -> [F; 4] {
        let m = each_four_times(m);
        apart([0, 16, 32, 48].map(|at| {
            _mm512_maskz_loadu_ps((m >> at) as M, memory.at(i).wrapping_add(at).cast())
        }))
    }
    /// Lane `l` puts its four values into the words from `i + 4 * l` on.
    pub unsafe fn store4_f(memory: Memory, i: u32, x: [F; 4]) {
        for (part, x) in together(x).into_iter().enumerate() {
            _mm512_storeu_ps(memory.at(i).wrapping_add(16 * part).cast(), x);
        }
    }
    pub unsafe fn store4_masked_f(memory: Memory, i: u32, x: [F; 4], m: M) {
        let m = each_four_times(m);
        for (part, x) in together(x).into_iter().enumerate() {
            _mm512_mask_storeu_ps(memory.at(i).wrapping_add(16 * part).cast(), (m >> (16 * part)) as M, x);
        }
    }
}

functions! {
    /// From 64 words as they lie in memory to the first words of each four, the second ones, and so on.
    pub fn apart(words: [F; 4]) -> [F; 4] {
        let firsts_seconds = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
        let thirds_fourths = _mm512_setr_epi32(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
        let [a, b, c, d] = words;
        let [low_01, high_01] = [(a, b), (c, d)].map(|(x, y)| _mm512_permutex2var_ps(x, firsts_seconds, y));
        let [low_23, high_23] = [(a, b), (c, d)].map(|(x, y)| _mm512_permutex2var_ps(x, thirds_fourths, y));
        [
            _mm512_shuffle_f32x4::<0x44>(low_01, high_01),
            _mm512_shuffle_f32x4::<0xee>(low_01, high_01),
            _mm512_shuffle_f32x4::<0x44>(low_23, high_23),
            _mm512_shuffle_f32x4::<0xee>(low_23, high_23),
        ]
    }
    /// The inverse of [`apart`].
    pub fn together(parts: [F; 4]) -> [F; 4] {
        let lanes_0_to_3 = _mm512_setr_epi32(0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27);
        let lanes_4_to_7 = _mm512_setr_epi32(4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31);
        let [x, y, z, w] = parts;
        let (low_xy, high_xy) = (_mm512_shuffle_f32x4::<0x44>(x, y), _mm512_shuffle_f32x4::<0xee>(x, y));
        let (low_zw, high_zw) = (_mm512_shuffle_f32x4::<0x44>(z, w), _mm512_shuffle_f32x4::<0xee>(z, w));
        [
            _mm512_permutex2var_ps(low_xy, lanes_0_to_3, low_zw),
            _mm512_permutex2var_ps(low_xy, lanes_4_to_7, low_zw),
            _mm512_permutex2var_ps(high_xy, lanes_0_to_3, high_zw),
            _mm512_permutex2var_ps(high_xy, lanes_4_to_7, high_zw),
        ]
    }
    /// Every bit becomes four: the two halves of the bits are moved apart, then the halves of the halves.
    pub fn each_four_times(m: M) -> u64 {
        let mut bits = u64::from(m);
        bits = (bits | bits << 24) & 0x0000_00ff_0000_00ff;
        bits = (bits | bits << 12) & 0x000f_000f_000f_000f;
        bits = (bits | bits << 6) & 0x0303_0303_0303_0303;
        bits = (bits | bits << 3) & 0x1111_1111_1111_1111;
        bits * 15
    }
}
