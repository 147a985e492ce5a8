//! First values of parameters, the same for a seed on every machine of one kind.

use crate::philox::Philox;

/// How far the first weights of a convolution spread; they are normally distributed around 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// This standard deviation, whatever the layer.
    Normal(f32),
    /// `gain · √(2 / (fan_in + fan_out))` (Glorot and Bengio, 2010; `torch.nn.init.xavier_normal_`).
    Xavier(f32),
    /// `√(2 / fan_in)` (He et al., 2015; `torch.nn.init.kaiming_normal_`).
    He,
}

impl Spread {
    /// The standard deviation for a layer of `taps` weights from each of `c_in` to each of `c_out` channels.
    pub fn std(self, taps: usize, c_in: usize, c_out: usize) -> f32 {
        let (fan_in, fan_out) = ((taps * c_in) as f32, (taps * c_out) as f32);
        match self {
            Self::Normal(std) => std,
            Self::Xavier(gain) => gain * (2.0 / (fan_in + fan_out)).sqrt(),
            Self::He => (2.0 / fan_in).sqrt(),
        }
    }
}

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
