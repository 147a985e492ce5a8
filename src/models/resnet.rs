//! The residual generator from picture to picture (Johnson, Alahi and Fei-Fei, 2016), as CycleGAN (Zhu et al., 2017;
//! junyanz/pytorch-CycleGAN-and-pix2pix) and CUT (Park et al., 2020) build it.

use crate::{
    autograd::Tape,
    nn::{
        BlurPool2d, BlurUpsample2d, Conv2d, ConvTranspose2d, InstanceNorm2d, ReflectionPad2d, Relu, Residual,
        Sequential, Tanh,
        init::{Init, Spread},
    },
    ops::conv::Conv2d as Config,
};

/// Sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resnet {
    /// Channels of the outermost stage; the blocks have four times as many.
    pub ngf: usize,
    /// Residual blocks: 9 for 256 pixels and more, 6 for 128.
    pub blocks: usize,
    /// Whether sizes change by blurring filters (CUT) or by strides (CycleGAN).
    pub antialias: bool,
    /// Spread of the first weights.
    pub spread: Spread,
    /// Whether activations within a stage are computed again for their gradients, not remembered.
    pub recomputed: bool,
}

impl Resnet {
    /// CycleGAN's: weights from N(0, 0.02²).
    pub fn cyclegan(ngf: usize, blocks: usize) -> Self {
        Self { ngf, blocks, antialias: false, spread: Spread::Normal(0.02), recomputed: false }
    }

    /// CUT's: blurring filters, Xavier's weights with gain 0.02.
    pub fn cut(ngf: usize, blocks: usize) -> Self {
        Self { ngf, blocks, antialias: true, spread: Spread::Xavier(0.02), recomputed: false }
    }

    /// The layers whose outputs CUT compares patches of: the padded picture, both halvings, and two of the blocks, as
    /// far as there are such blocks.
    pub fn nce_layers(&self) -> Vec<usize> {
        let first = if self.antialias { 12 } else { 10 };
        [0, 4, 8, 12, 16].into_iter().filter(|place| *place < first + self.blocks).collect()
    }

    /// Channels of the outputs of [`Resnet::nce_layers`].
    pub fn nce_channels(&self) -> Vec<usize> {
        let channels = [3, 2 * self.ngf, 4 * self.ngf];
        self.nce_layers().iter().map(|place| channels[(place / 4).min(2)]).collect()
    }

    /// Pictures `[N, H, W, 3]` in [-1, 1] to pictures of the same size. H and W are multiples of 4, and 8 or more.
    /// Parameters are named `model.1.weight`, `model.10.conv_block.1.weight`, …
    pub fn generator(&self, tape: &Tape, init: &mut Init) -> Sequential {
        let ngf = self.ngf;
        let mut network = Sequential::named("model").with(ReflectionPad2d::new([3; 4])).with(self.conv(
            tape,
            init,
            3,
            ngf,
            7,
            Config::default(),
        ));
        network = norm_relu(network, tape, ngf);
        for c in [ngf, 2 * ngf] {
            network = self.halved(network, tape, init, c);
        }
        let mut ends = vec![network.len()];
        for _ in 0..self.blocks {
            network = network.with(self.block(tape, init, 4 * ngf));
            ends.push(network.len());
        }
        for c in [4 * ngf, 2 * ngf] {
            network = self.doubled(network, tape, init, c);
            ends.push(network.len());
        }
        let network = network.with(ReflectionPad2d::new([3; 4]));
        let network = network.with(self.conv(tape, init, ngf, 3, 7, Config::default())).with(Tanh);
        if self.recomputed { network.recomputed(ends) } else { network }
    }

    fn conv(&self, tape: &Tape, init: &mut Init, c_in: usize, c_out: usize, kernel: usize, config: Config) -> Conv2d {
        let std = self.spread.std(kernel * kernel, c_in, c_out);
        Conv2d::new(tape, init, c_in, c_out, kernel, config, true, std)
    }

    /// Half the size, from `c` to twice as many channels.
    fn halved(&self, network: Sequential, tape: &Tape, init: &mut Init, c: usize) -> Sequential {
        let stride = if self.antialias { [1; 2] } else { [2; 2] };
        let config = Config { stride, padding: [1; 2], ..Config::default() };
        let network = norm_relu(network.with(self.conv(tape, init, c, 2 * c, 3, config)), tape, 2 * c);
        if self.antialias { network.with(BlurPool2d) } else { network }
    }

    /// Twice the size, from `c` to half as many channels.
    fn doubled(&self, network: Sequential, tape: &Tape, init: &mut Init, c: usize) -> Sequential {
        let network = if self.antialias {
            let config = Config { padding: [1; 2], ..Config::default() };
            network.with(BlurUpsample2d).with(self.conv(tape, init, c, c / 2, 3, config))
        } else {
            let config = Config { stride: [2; 2], padding: [1; 2], ..Config::default() };
            let std = self.spread.std(9, c, c / 2);
            network.with(ConvTranspose2d::new(tape, init, c, c / 2, 3, config, 1, true, std))
        };
        norm_relu(network, tape, c / 2)
    }

    fn block(&self, tape: &Tape, init: &mut Init, c: usize) -> Residual {
        let layers = Sequential::named("conv_block").with(ReflectionPad2d::new([1; 4])).with(self.conv(
            tape,
            init,
            c,
            c,
            3,
            Config::default(),
        ));
        let layers = norm_relu(layers, tape, c)
            .with(ReflectionPad2d::new([1; 4]))
            .with(self.conv(tape, init, c, c, 3, Config::default()))
            .with(instance_norm(tape, c));
        Residual::new(layers)
    }
}

fn instance_norm(tape: &Tape, channels: usize) -> InstanceNorm2d {
    InstanceNorm2d::new(tape, channels, false, 1e-5)
}

fn norm_relu(network: Sequential, tape: &Tape, channels: usize) -> Sequential {
    network.with(instance_norm(tape, channels)).with(Relu)
}
