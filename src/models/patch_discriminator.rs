//! PatchGAN (Isola et al., 2017): a discriminator that judges patches, 70×70 pixels each with three layers, as
//! junyanz/pytorch-CycleGAN-and-pix2pix builds it, and CUT with blurring filters.

use crate::{
    autograd::Tape,
    nn::{
        BlurPool2d, Conv2d, InstanceNorm2d, LeakyRelu, Sequential,
        init::{Init, Spread},
    },
    ops::conv::Conv2d as Config,
};

/// Sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PatchDiscriminator {
    /// Channels of the first stage.
    pub ndf: usize,
    /// Stages that halve the size.
    pub layers: usize,
    /// Whether sizes change by blurring filters (CUT) or by strides (CycleGAN).
    pub antialias: bool,
    /// Spread of the first weights.
    pub spread: Spread,
}

impl PatchDiscriminator {
    /// CycleGAN's: weights from N(0, 0.02²).
    pub fn cyclegan(ndf: usize, layers: usize) -> Self {
        Self { ndf, layers, antialias: false, spread: Spread::Normal(0.02) }
    }

    /// CUT's: blurring filters, Xavier's weights with gain 0.02.
    pub fn cut(ndf: usize, layers: usize) -> Self {
        Self { ndf, layers, antialias: true, spread: Spread::Xavier(0.02) }
    }

    /// Pictures `[N, H, W, 3]` to logits `[N, h, w, 1]`, one for each patch. Parameters are named `model.0.weight`, …
    pub fn discriminator(&self, tape: &Tape, init: &mut Init) -> Sequential {
        let leaky = || LeakyRelu { negative_slope: 0.2 };
        let mut network = Sequential::named("model").with(self.conv(tape, init, 3, self.ndf, true)).with(leaky());
        if self.antialias {
            network = network.with(BlurPool2d);
        }
        let mut channels = self.ndf;
        for stage in 1..=self.layers {
            let wider = self.ndf << stage.min(3);
            // The last stage keeps the size.
            let halving = stage < self.layers;
            network = network
                .with(self.conv(tape, init, channels, wider, halving))
                .with(InstanceNorm2d::new(tape, wider, false, 1e-5))
                .with(leaky());
            if halving && self.antialias {
                network = network.with(BlurPool2d);
            }
            channels = wider;
        }
        network.with(self.conv(tape, init, channels, 1, false))
    }

    fn conv(&self, tape: &Tape, init: &mut Init, c_in: usize, c_out: usize, halving: bool) -> Conv2d {
        let stride = if halving && !self.antialias { [2; 2] } else { [1; 2] };
        let config = Config { stride, padding: [1; 2], ..Config::default() };
        Conv2d::new(tape, init, c_in, c_out, 4, config, true, self.spread.std(16, c_in, c_out))
    }
}
