//! DCGAN (Radford, Metz and Chintala, 2016) as pytorch/examples builds it, at 64×64 and, with stages added or removed,
//! at every other power of two from 16.

use crate::{
    autograd::Tape,
    nn::{BatchNorm2d, Conv2d, ConvTranspose2d, LeakyRelu, Relu, Sequential, Tanh, init::Init},
    ops::conv::Conv2d as Config,
};

/// Sizes of the two networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dcgan {
    /// Side of the pictures in pixels: a power of two, 16 or more.
    pub size: usize,
    /// Length of the noise vector.
    pub nz: usize,
    /// Channels of the generator's last hidden stage.
    pub ngf: usize,
    /// Channels of the discriminator's first stage.
    pub ndf: usize,
    /// Spread of the first weights, of convolutions around 0 and of normalisations around 1.
    pub std: f32,
}

impl Default for Dcgan {
    fn default() -> Self {
        Self { size: 64, nz: 100, ngf: 64, ndf: 64, std: 0.02 }
    }
}

impl Dcgan {
    /// Stages that double or halve the side, between 4×4 and the picture.
    fn stages(&self) -> u32 {
        assert!(self.size >= 16 && self.size.is_power_of_two(), "DCGAN draws 16, 32, 64, … pixels, not {}", self.size);
        self.size.ilog2() - 2
    }

    /// Noise `[N, 1, 1, nz]` to pictures `[N, size, size, 3]` in [-1, 1].
    ///
    /// # Panics
    /// When the size is not a power of two from 16.
    pub fn generator(&self, tape: &Tape, init: &mut Init) -> Sequential {
        let doubling = Config { stride: [2; 2], padding: [1; 2], ..Config::default() };
        let up = |init: &mut Init, c_in, c_out, config| {
            ConvTranspose2d::new(tape, init, c_in, c_out, 4, config, 0, false, self.std)
        };
        let mut channels = self.ngf << (self.stages() - 1);
        let mut network = Sequential::new()
            .with(up(init, self.nz, channels, Config::default()))
            .with(BatchNorm2d::new(tape, init, channels, self.std))
            .with(Relu);
        for _ in 1..self.stages() {
            network = network
                .with(up(init, channels, channels / 2, doubling))
                .with(BatchNorm2d::new(tape, init, channels / 2, self.std))
                .with(Relu);
            channels /= 2;
        }
        network.with(up(init, channels, 3, doubling)).with(Tanh)
    }

    /// Pictures `[N, size, size, 3]` to logits `[N, 1, 1, 1]`: how real each looks, before the sigmoid.
    ///
    /// # Panics
    /// When the size is not a power of two from 16.
    pub fn discriminator(&self, tape: &Tape, init: &mut Init) -> Sequential {
        let halving = Config { stride: [2; 2], padding: [1; 2], ..Config::default() };
        let down =
            |init: &mut Init, c_in, c_out, config| Conv2d::new(tape, init, c_in, c_out, 4, config, false, self.std);
        let leaky = || LeakyRelu { negative_slope: 0.2 };
        let mut channels = self.ndf;
        let mut network = Sequential::new().with(down(init, 3, channels, halving)).with(leaky());
        for _ in 1..self.stages() {
            network = network
                .with(down(init, channels, channels * 2, halving))
                .with(BatchNorm2d::new(tape, init, channels * 2, self.std))
                .with(leaky());
            channels *= 2;
        }
        network.with(down(init, channels, 1, Config::default()))
    }
}
