//! Philox 4×32-10, the one source of every random choice.
//!
//! The generator is counter based (Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC
//! 2011): a block of four words is a pure function of a key and a counter, so any place of any stream is reached at
//! once, a resumed run goes on exactly where it stopped, and a GPU draws the same words in parallel.
//!
//! The layout, here and in the shaders: the key is `[seed low, seed high]`, the counter
//! `[block low, block high, stream low, stream high]`.

use std::convert::Infallible;
use std::f64::consts::{LN_2, SQRT_2, TAU};

use rand::{SeedableRng, TryRng};

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The Philox 4×32 bijection with ten rounds: four random words from a counter and a key.
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..ROUNDS {
        let even = u64::from(MULTIPLIERS[0]) * u64::from(a);
        let odd = u64::from(MULTIPLIERS[1]) * u64::from(c);
        [a, b, c, d] = [high(odd) ^ b ^ k0, low(odd), high(even) ^ d ^ k1, low(even)];
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    [a, b, c, d]
}

/// A stream of random words: the blocks of one (seed, stream) in order. The same words on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Philox {
    seed: u64,
    stream: u64,
    /// The block that is drawn once `words` is used up.
    block: u64,
    words: [u32; 4],
    used: usize,
}

impl Philox {
    /// The stream `stream` of `seed`, from its first word. Different streams of one seed are independent.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self::at(seed, stream, 0)
    }

    /// The same stream from word `4 · block` on.
    pub fn at(seed: u64, stream: u64, block: u64) -> Self {
        Self { seed, stream, block, words: [0; 4], used: 4 }
    }

    /// The next word, uniform over all 2³² values.
    pub fn next_u32(&mut self) -> u32 {
        if self.used == self.words.len() {
            let counter = [low(self.block), high(self.block), low(self.stream), high(self.stream)];
            self.words = philox4x32_10(counter, [low(self.seed), high(self.seed)]);
            self.block = self.block.wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// Uniform over the 2²⁴ multiples of 2⁻²⁴ in [0, 1): one word, its upper 24 bits.
    pub fn uniform(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// Standard normal by Box and Muller (1958): √(−2 ln(1 − u)) · cos 2πv with the next two uniforms u and v, the
    /// first of the pair that the shaders make of the same words. Always two words: the second of the pair is
    /// dropped, so that no half pair has to be kept. At most √(48 ln 2) ≈ 5.77 in size.
    pub fn normal(&mut self) -> f32 {
        let (u, v) = (f64::from(self.uniform()), f64::from(self.uniform()));
        ((-2.0 * ln(1.0 - u)).sqrt() * cos_turns(v)) as f32
    }

    /// Uniform over 0 .. n without bias (Lemire, "Fast Random Integer Generation in an Interval", 2019). Usually one
    /// word.
    ///
    /// Panics where `n` is 0.
    pub fn below(&mut self, n: u32) -> u32 {
        assert!(n > 0, "Philox::below: there is no number below 0");
        // Words are refused until the rest divides evenly by n: the first 2³² mod n of each of the n intervals.
        let refused = n.wrapping_neg() % n;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(n);
            if low(product) >= refused {
                return high(product);
            }
        }
    }

    /// Shuffles in place, every order equally likely (Fisher and Yates, from the end).
    ///
    /// Kept here rather than left to `rand`, whose shuffle may draw its words differently in another version.
    ///
    /// Panics where there are 2³² items or more.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        let count = u32::try_from(items.len()).expect("Philox::shuffle: fewer than 2^32 items");
        for last in (1..count).rev() {
            items.swap(last as usize, self.below(last + 1) as usize);
        }
    }
}

/// Lets rand's distributions and sequences draw from Philox. What they make of the words may change with rand's
/// version: what a training run depends on uses the methods of [`Philox`] itself.
impl TryRng for Philox {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand::rand_core::utils::next_u64_via_u32(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        rand::rand_core::utils::fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

/// The 16 bytes are the seed and the stream, both little endian.
impl SeedableRng for Philox {
    type Seed = [u8; 16];

    fn from_seed(bytes: Self::Seed) -> Self {
        let both = u128::from_le_bytes(bytes);
        Self::new(both as u64, (both >> 64) as u64)
    }
}

fn low(x: u64) -> u32 {
    x as u32
}

fn high(x: u64) -> u32 {
    (x >> 32) as u32
}

/// Natural logarithm of a positive normal number: 2 artanh((m − 1)/(m + 1)) of the mantissa, in [1/√2, √2].
///
/// The standard library's `ln` and `cos` are the system's and differ in the last bit between systems; sums, products,
/// quotients and square roots do not.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i32 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if mantissa > SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let series = (0..11).rev().fold(0.0, |sum, k| sum * s * s + 1.0 / f64::from(2 * k + 1));
    f64::from(exponent) * LN_2 + 2.0 * s * series
}

/// cos 2πt for t in [0, 1): folded into the first quarter turn, then the Taylor series.
fn cos_turns(t: f64) -> f64 {
    let half = t.min(1.0 - t);
    let (sign, quarter) = if half > 0.25 { (-1.0, 0.5 - half) } else { (1.0, half) };
    let x = TAU * quarter;
    sign * (1..=12).rev().fold(1.0, |sum, k| 1.0 - sum * x * x / f64::from((2 * k - 1) * (2 * k)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    /// The vectors that Random123 publishes for philox4x32 with ten rounds: zeros, ones, and the digits of π.
    #[test]
    fn known_answers() {
        let zeros = philox4x32_10([0; 4], [0; 2]);
        assert_eq!(zeros, [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        let ones = philox4x32_10([u32::MAX; 4], [u32::MAX; 2]);
        assert_eq!(ones, [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        let pi = philox4x32_10([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]);
        assert_eq!(pi, [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
    }

    #[test]
    fn words_of_the_counter_lie_as_documented() {
        let (seed, stream, block) = (0x299f31d0_a4093822, 0x03707344_13198a2e, 0x85a308d3_243f6a88);
        let mut philox = Philox::at(seed, stream, block);
        let words = [(); 4].map(|()| philox.next_u32());
        assert_eq!(words, [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
        let next = philox4x32_10([0x243f6a89, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]);
        assert_eq!([(); 4].map(|()| philox.next_u32()), next);
    }

    #[test]
    fn any_block_is_reached_at_once() {
        let mut walked = Philox::new(7, 3);
        for _ in 0..20 {
            walked.next_u32();
        }
        let mut jumped = Philox::at(7, 3, 5);
        assert_eq!([(); 9].map(|()| walked.next_u32()), [(); 9].map(|()| jumped.next_u32()));
    }

    #[test]
    fn uniforms_are_the_upper_bits() {
        let (mut words, mut uniforms) = (Philox::new(1, 2), Philox::new(1, 2));
        let mut sum = 0.0;
        for _ in 0..10_000 {
            let uniform = uniforms.uniform();
            assert_eq!((uniform * 16_777_216.0) as u32, words.next_u32() >> 8);
            assert!((0.0..1.0).contains(&uniform));
            sum += f64::from(uniform);
        }
        assert!((sum / 10_000.0 - 0.5).abs() < 0.012, "mean {}", sum / 10_000.0);
    }

    #[test]
    fn logarithm_and_cosine_agree_with_the_system() {
        let mut philox = Philox::new(3, 0);
        let edges = [1, 2, 3, (1 << 22) - 1, 1 << 22, 1 << 23, (1 << 23) + 1, 3 << 22, (1 << 24) - 1];
        for k in edges.into_iter().chain((0..10_000).map(|_| philox.below((1 << 24) - 1) + 1)) {
            let x = f64::from(k) / f64::from(1 << 24);
            assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1e-8), "ln {x}: {} {}", ln(x), x.ln());
            assert!((cos_turns(x) - (TAU * x).cos()).abs() <= 1e-15, "cos of {x} turns");
        }
        assert_eq!((ln(1.0), cos_turns(0.0), cos_turns(0.5)), (0.0, 1.0, -1.0));
    }

    /// Moments of 200,000 draws within five standard errors, and the share beyond 2 (4.55 %).
    #[test]
    fn normals_are_normal() {
        let (mut philox, count) = (Philox::new(11, 0), 200_000);
        let draws: Vec<f64> = (0..count).map(|_| f64::from(philox.normal())).collect();
        let moment = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / f64::from(count);
        assert!(moment(1).abs() < 0.0112, "mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.0159, "variance {}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.11, "fourth moment {}", moment(4));
        let tails = draws.iter().filter(|x| x.abs() > 2.0).count() as f64 / f64::from(count);
        assert!((tails - 0.0455).abs() < 0.0024, "tails {tails}");
    }

    /// The bits of Box and Muller's formula on the first known answer, worked out in f64 elsewhere and rounded once.
    #[test]
    fn normals_keep_their_bits() {
        let mut philox = Philox::new(0, 0);
        assert_eq!([(); 2].map(|()| philox.normal().to_bits()), [0x3f3ce8b2, 0xbfa49c47]);
    }

    #[test]
    fn below_is_even_and_in_range() {
        let mut philox = Philox::new(5, 0);
        let mut counts = [0_i32; 7];
        for _ in 0..70_000 {
            counts[philox.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 500), "{counts:?}");
        assert_eq!(philox.below(1), 0);
        assert!((0..100).all(|_| philox.below(u32::MAX) < u32::MAX));
    }

    #[test]
    fn shuffles_are_even() {
        let mut counts = std::collections::BTreeMap::new();
        for stream in 0..24_000 {
            let mut order = [0_u8, 1, 2, 3];
            Philox::new(9, stream).shuffle(&mut order);
            *counts.entry(order).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 24, "every order of four occurs");
        assert!(counts.values().all(|count| (count - 1000).abs() < 160), "{counts:?}");
        Philox::new(9, 0).shuffle::<u8>(&mut []);
    }

    #[test]
    fn rand_draws_from_it() {
        let mut philox = Philox::new(2, 0);
        let first = philox.clone().next_u32();
        assert_eq!(philox.clone().random::<u32>(), first);
        let mut bytes = [0; 6];
        philox.clone().fill(&mut bytes);
        assert_eq!(bytes[..4], first.to_le_bytes());
        assert!((0..1000).all(|_| (3..9).contains(&philox.random_range(3..9))));
        let mut seed = [0; 16];
        (seed[0], seed[8]) = (2, 1);
        assert_eq!(Philox::from_seed(seed), Philox::new(2, 1));
    }
}
