//! Random numbers of one portrait: a Philox stream and the few distributions the artist needs.

use crate::philox::Philox;

/// A stream of random choices, the same on every machine.
pub struct Dice(Philox);

impl Dice {
    /// The stream numbered `stream` of `seed`.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(Philox::new(seed, stream))
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f32 {
        self.0.uniform()
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Bell-shaped in (-spread, spread): the mean of three uniforms, so that no logarithm of a platform's library is
    /// needed.
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
