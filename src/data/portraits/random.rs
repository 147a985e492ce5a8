//! Random numbers of one portrait: a counter-based generator and the few distributions the artist needs.

/// SplitMix64 keyed by `(seed, stream)`. To be swapped for `crate::philox::Philox`, whose interface it has.
struct SplitMix {
    key: u64,
    counter: u64,
}

impl SplitMix {
    fn new(seed: u64, stream: u64) -> Self {
        Self { key: mix(seed ^ mix(stream.wrapping_add(0x9e37_79b9_7f4a_7c15))), counter: 0 }
    }

    fn next_u32(&mut self) -> u32 {
        self.counter += 1;
        (mix(self.key.wrapping_add(self.counter.wrapping_mul(0x9e37_79b9_7f4a_7c15))) >> 32) as u32
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of random choices, the same on every machine.
pub struct Dice(SplitMix);

impl Dice {
    /// The stream numbered `stream` of `seed`.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(SplitMix::new(seed, stream))
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Bell-shaped in (-spread, spread): the mean of three uniforms, so that no logarithm of a platform's library is needed.
    pub fn bell(&mut self, spread: f32) -> f32 {
        (self.uniform() + self.uniform() + self.uniform() - 1.5) / 1.5 * spread
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f32) -> bool {
        self.uniform() < p
    }

    /// An index drawn in proportion to `weights`.
    pub fn weighted(&mut self, weights: &[f32]) -> usize {
        let mut left = self.uniform() * weights.iter().sum::<f32>();
        for (i, w) in weights.iter().enumerate() {
            left -= w;
            if left < 0.0 {
                return i;
            }
        }
        weights.len() - 1
    }

    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }
}
