//! Random numbers that depend on nothing but their place: Philox 4×32-10 (Salmon, Moraes, Dror and Shaw, "Parallel
//! random numbers: as easy as 1, 2, 3", 2011).
//!
//! A draw is a named vector of numbers. Its element `i` is word `i mod 4` of the block at counter
//! `[i / 4, draw, step low, step high]` under the key `[seed low, seed high]`.

use std::f64::consts::TAU;

/// One block: ten rounds over the four words of `counter`, the key stepped between rounds by Weyl's constants.
pub fn philox_block(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut c0, mut c1, mut c2, mut c3], [mut k0, mut k1]) = (counter, key);
    for _ in 0..10 {
        let (p0, p1) = (0xD251_1F53 * u64::from(c0), 0xCD9E_8D57 * u64::from(c2));
        (c0, c1, c2, c3) = ((p1 >> 32) as u32 ^ c1 ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c3 ^ k1, p0 as u32);
        (k0, k1) = (k0.wrapping_add(0x9E37_79B9), k1.wrapping_add(0xBB67_AE85));
    }
    [c0, c1, c2, c3]
}

/// `len` integers, each of all 32-bit integers alike likely; exact on every adapter.
pub fn philox(len: usize, seed: u64, step: u64, draw: u32) -> Vec<u32> {
    let key = [seed as u32, (seed >> 32) as u32];
    let block = |i: usize| philox_block([i as u32, draw, step as u32, (step >> 32) as u32], key);
    (0..len.div_ceil(4)).flat_map(block).take(len).collect()
}

/// `len` numbers in `[0, 1)`, multiples of 2⁻²⁴, so that `f32` holds each exactly: `⌊word / 2⁸⌋ · 2⁻²⁴`.
pub fn uniform(len: usize, seed: u64, step: u64, draw: u32) -> Vec<f64> {
    philox(len, seed, step, draw).into_iter().map(unit).collect()
}

/// `len` numbers of the standard normal distribution, by Box and Muller (1958) from the uniforms `u` of each block:
/// words (0, 1) make elements 0 and 1, words (2, 3) make 2 and 3, as `√(−2 ln(1 − u₁)) · (cos 2πu₂, sin 2πu₂)`. `1 −
/// u₁` is never zero.
pub fn normal(len: usize, seed: u64, step: u64, draw: u32) -> Vec<f64> {
    let words = philox(len.next_multiple_of(2), seed, step, draw);
    let pair = |u: &[u32]| {
        let (radius, angle) = ((-2.0 * (1.0 - unit(u[0])).ln()).sqrt(), TAU * unit(u[1]));
        [radius * angle.cos(), radius * angle.sin()]
    };
    words.chunks_exact(2).flat_map(pair).take(len).collect()
}

/// The upper 24 bits as a number in `[0, 1)`.
fn unit(word: u32) -> f64 {
    f64::from(word >> 8) / f64::from(1 << 24)
}
