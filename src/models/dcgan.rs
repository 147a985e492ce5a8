//! DCGAN (Radford, Metz and Chintala, 2016) as pytorch/examples builds it, at 64×64 and, with stages added or removed,
//! at every other power of two from 16.

use serde::{Deserialize, Serialize};

use crate::{
    autograd::Tape,
    nn::{
        BatchNorm2d, Conv2d, ConvTranspose2d, LeakyRelu, MinibatchStddev, Relu, Sequential, SpectralNorm, Tanh,
        Upsample, init::Init,
    },
    ops::conv::Conv2d as Config,
};

/// Pictures that the discriminator compares with each other, where it does (Karras et al., 2020).
const COMPARED: usize = 4;

/// How the generator doubles the side of what it draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Upsampling {
    /// By a transposed convolution, 4×4, stride 2: the paper's.
    #[default]
    Transposed,
    /// Each pixel four times, then a convolution, 3×3, which leaves no checkerboard (Odena et al., 2016).
    Nearest,
}

/// What the discriminator normalises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalization {
    /// What is computed, over the batch: the paper's.
    #[default]
    Batch,
    /// The weights (Miyato et al., 2018).
    Spectral,
    /// Nothing.
    None,
}

/// Where the networks are built otherwise than in the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Design {
    /// The generator's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub upsample: Upsampling,
    /// The discriminator's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub norm_d: Normalization,
    /// Whether the discriminator is told how much pictures of a batch differ.
    #[serde(default, skip_serializing_if = "is_default")]
    pub minibatch_stddev: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Sizes of the two networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dcgan {
    /// Side of the pictures in pixels: a power of two, 16 or more.
    pub size: usize,
    /// Length of the vector that a picture is made from.
    pub nz: usize,
    /// Channels of the generator's last hidden stage.
    pub ngf: usize,
    /// Channels of the discriminator's first stage.
    pub ndf: usize,
    /// Spread of the first weights, of convolutions around 0 and of normalisations around 1.
    pub std: f32,
    /// Where they are built otherwise.
    pub design: Design,
}

impl Default for Dcgan {
    fn default() -> Self {
        Self { size: 64, nz: 100, ngf: 64, ndf: 64, std: 0.02, design: Design::default() }
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
        let mut channels = self.ngf << (self.stages() - 1);
        let first = ConvTranspose2d::new(tape, init, self.nz, channels, 4, Config::default(), 0, false, self.std);
        let mut network =
            Sequential::new().with(first).with(BatchNorm2d::new(tape, init, channels, self.std)).with(Relu);
        for _ in 1..self.stages() {
            network = self
                .doubling(network, tape, init, channels, channels / 2)
                .with(BatchNorm2d::new(tape, init, channels / 2, self.std))
                .with(Relu);
            channels /= 2;
        }
        self.doubling(network, tape, init, channels, 3).with(Tanh)
    }

    /// The network with a stage behind it that doubles the side.
    fn doubling(&self, network: Sequential, tape: &Tape, init: &mut Init, c_in: usize, c_out: usize) -> Sequential {
        match self.design.upsample {
            Upsampling::Transposed => {
                let doubling = Config { stride: [2; 2], padding: [1; 2], ..Config::default() };
                network.with(ConvTranspose2d::new(tape, init, c_in, c_out, 4, doubling, 0, false, self.std))
            }
            Upsampling::Nearest => {
                let same = Config { padding: [1; 2], ..Config::default() };
                let conv = Conv2d::new(tape, init, c_in, c_out, 3, same, false, self.std);
                network.with(Upsample::Nearest { factor: 2 }).with(conv)
            }
        }
    }

    /// Pictures `[N, size, size, 3]` to logits `[N, 1, 1, 1]`: how real each looks, before the sigmoid. The last layer
    /// makes them of what the layers before have found.
    ///
    /// # Panics
    /// When the size is not a power of two from 16.
    pub fn discriminator(&self, tape: &Tape, init: &mut Init) -> Sequential {
        let halving = Config { stride: [2; 2], padding: [1; 2], ..Config::default() };
        let leaky = || LeakyRelu { negative_slope: 0.2 };
        let mut channels = self.ndf;
        let mut network = self.down(Sequential::new(), tape, init, [3, channels], halving).with(leaky());
        for _ in 1..self.stages() {
            network = self.down(network, tape, init, [channels, channels * 2], halving);
            channels *= 2;
            if self.design.norm_d == Normalization::Batch {
                network = network.with(BatchNorm2d::new(tape, init, channels, self.std));
            }
            network = network.with(leaky());
        }
        if self.design.minibatch_stddev {
            network = network.with(MinibatchStddev::new(COMPARED));
        }
        self.down(network, tape, init, [self.features(), 1], Config::default())
    }

    /// Channels of what the discriminator's last layer is given.
    pub fn features(&self) -> usize {
        (self.ndf << (self.stages() - 1)) + usize::from(self.design.minibatch_stddev)
    }

    /// The network with a convolution of the discriminator's behind it.
    fn down(
        &self,
        network: Sequential,
        tape: &Tape,
        init: &mut Init,
        [c_in, c_out]: [usize; 2],
        config: Config,
    ) -> Sequential {
        let bias = self.design.norm_d != Normalization::Batch;
        let conv = Conv2d::new(tape, init, c_in, c_out, 4, config, bias, self.std);
        match self.design.norm_d {
            Normalization::Spectral => network.with(SpectralNorm::new(tape, init, conv)),
            Normalization::Batch | Normalization::None => network.with(conv),
        }
    }
}
