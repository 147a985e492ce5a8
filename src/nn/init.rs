//! First values of parameters, the same for a seed on every machine of one kind.

use crate::philox::Philox;

/// Draws first values: each call takes the next stream of the seed, so that a layer's values do not depend on the sizes
/// of the layers before it.
pub struct Init {
    seed: u64,
    stream: u64,
}

impl Init {
    /// The values under `seed`. `network` keeps apart networks that share a seed.
    pub fn new(seed: u64, network: u32) -> Self {
        Self { seed, stream: u64::from(network) << 32 }
    }

    /// `len` values from N(mean, std²) (`torch.nn.init.normal_`).
    pub fn normal(&mut self, len: usize, mean: f32, std: f32) -> Vec<f32> {
        let mut random = self.next();
        (0..len).map(|_| mean + std * random.normal()).collect()
    }

    /// `len` values between -bound and bound (`torch.nn.init.uniform_`).
    pub fn uniform(&mut self, len: usize, bound: f32) -> Vec<f32> {
        let mut random = self.next();
        (0..len).map(|_| bound * (2.0 * random.uniform() - 1.0)).collect()
    }

    fn next(&mut self) -> Philox {
        self.stream += 1;
        Philox::new(self.seed, self.stream)
    }
}
