//! AnimeGANv2 (Chen, Liu and Chen, 2020), the generator as bryandlee/animegan2-pytorch names and computes it.

use crate::{
    autograd::Tape,
    nn::{
        Conv2d, GroupNorm, LeakyRelu, Module, ReflectionPad2d, Residual, Sequential, SpectralNorm, Tanh, Upsample,
        init::{Init, Spread},
    },
    ops::conv::Conv2d as Config,
};

/// The generator's sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnimeGenerator {
    /// Channels at the full size: 32 in the published networks; the other stages are multiples of it.
    pub width: usize,
    /// Inverted residual blocks.
    pub blocks: usize,
    /// How pictures are doubled: as published weights were trained (false), or as the PyTorch port's default.
    pub align_corners: bool,
    /// Whether activations within a stage are computed again for their gradients, not remembered.
    pub recomputed: bool,
}

impl Default for AnimeGenerator {
    fn default() -> Self {
        Self { width: 32, blocks: 4, align_corners: false, recomputed: false }
    }
}

/// Places of the stages in [`AnimeGenerator::generator`].
const BLOCKS: [&str; 5] = ["block_a", "block_b", "block_c", "block_d", "block_e"];

impl AnimeGenerator {
    /// Pictures `[N, H, W, 3]` in [-1, 1] to pictures of the same size. H and W are multiples of 4, and 16 or more.
    /// Parameters are named `block_a.0.1.weight`, …, `out_layer.0.weight`.
    pub fn generator(&self, tape: &Tape, init: &mut Init) -> Sequential {
        let c = self.width;
        let up = || Upsample::Bilinear { factor: 2, align_corners: self.align_corners };
        let [a, b, middle, d, e] = BLOCKS;
        let mut blocks = Sequential::new().with(same(tape, init, 4 * c, 4 * c, 3));
        let mut channels = 4 * c;
        for _ in 0..self.blocks {
            let name = format!("{}.layers", blocks.len());
            blocks = blocks.with_named(&name, inverted(tape, init, channels, 8 * c));
            channels = 8 * c;
        }
        let network = Sequential::new()
            .with_named(
                a,
                Sequential::new().with(same(tape, init, 3, c, 7)).with(halved(tape, init, c, 2 * c)).with(same(
                    tape,
                    init,
                    2 * c,
                    2 * c,
                    3,
                )),
            )
            .with_named(
                b,
                Sequential::new().with(halved(tape, init, 2 * c, 4 * c)).with(same(tape, init, 4 * c, 4 * c, 3)),
            )
            .with_named(middle, blocks.with(same(tape, init, channels, 4 * c, 3)))
            .with_named("", up())
            .with_named(
                d,
                Sequential::new().with(same(tape, init, 4 * c, 4 * c, 3)).with(same(tape, init, 4 * c, 4 * c, 3)),
            )
            .with_named("", up())
            .with_named(
                e,
                Sequential::new()
                    .with(same(tape, init, 4 * c, 2 * c, 3))
                    .with(same(tape, init, 2 * c, 2 * c, 3))
                    .with(same(tape, init, 2 * c, c, 7)),
            )
            .with_named(
                "out_layer",
                Sequential::new().with(conv(tape, init, c, 3, 1, Config::default(), false)).with(Tanh),
            );
        let stages = (1..network.len()).collect();
        if self.recomputed { network.recomputed(stages) } else { network }
    }
}

fn conv(tape: &Tape, init: &mut Init, c_in: usize, c_out: usize, kernel: usize, config: Config, bias: bool) -> Conv2d {
    let std = Spread::He.std(kernel * kernel, c_in / config.groups, c_out);
    Conv2d::new(tape, init, c_in, c_out, kernel, config, bias, std)
}

/// Layer normalisation over pixels and channels, then LeakyReLU.
fn norm_leaky(layers: Sequential, tape: &Tape, c: usize) -> Sequential {
    layers.with(GroupNorm::new(tape, 1, c, 1e-5)).with(LeakyRelu { negative_slope: 0.2 })
}

/// Padding, convolution, norm, activation; the size stays.
fn same(tape: &Tape, init: &mut Init, c_in: usize, c_out: usize, kernel: usize) -> Sequential {
    let layers = Sequential::new().with(ReflectionPad2d::new([kernel / 2; 4])).with(conv(
        tape,
        init,
        c_in,
        c_out,
        kernel,
        Config::default(),
        false,
    ));
    norm_leaky(layers, tape, c_out)
}

/// The same with stride 2: the padding is below and on the right alone.
fn halved(tape: &Tape, init: &mut Init, c_in: usize, c_out: usize) -> Sequential {
    let layers = Sequential::new().with(ReflectionPad2d::new([0, 1, 0, 1])).with(conv(
        tape,
        init,
        c_in,
        c_out,
        3,
        Config { stride: [2; 2], ..Config::default() },
        false,
    ));
    norm_leaky(layers, tape, c_out)
}

/// An inverted residual block (Sandler et al., 2018): twice as many channels, each filtered by itself, then mixed.
fn inverted(tape: &Tape, init: &mut Init, c_in: usize, c_out: usize) -> Box<dyn Module> {
    let wide = 2 * c_in;
    let each = Config { groups: wide, ..Config::default() };
    let depthwise =
        Sequential::new().with(ReflectionPad2d::new([1; 4])).with(conv(tape, init, wide, wide, 3, each, true));
    let layers = Sequential::new()
        .with(same(tape, init, c_in, wide, 1))
        .with(norm_leaky(depthwise, tape, wide))
        .with(conv(tape, init, wide, c_out, 1, Config::default(), false))
        .with(GroupNorm::new(tape, 1, c_out, 1e-5));
    if c_in == c_out { Box::new(Residual::new(layers)) } else { Box::new(layers) }
}

/// The discriminator's sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnimeDiscriminator {
    /// Channels of the first stage: 32 in the published network.
    pub ndf: usize,
}

impl AnimeDiscriminator {
    /// Pictures `[N, H, W, 3]` to logits `[N, H / 4, W / 4, 1]`, one for each patch. Every convolution is divided by
    /// its spectral norm. Parameters are named `discriminate.0.weight_orig`, …
    pub fn discriminator(&self, tape: &Tape, init: &mut Init) -> Sequential {
        let c = self.ndf;
        let mut conv = |c_in, c_out, stride| {
            let config = Config { stride: [stride; 2], padding: [1; 2], ..Config::default() };
            let conv = Conv2d::new(tape, init, c_in, c_out, 3, config, false, 0.02);
            SpectralNorm::new(tape, init, conv)
        };
        let leaky = || LeakyRelu { negative_slope: 0.2 };
        let mut network = Sequential::named("discriminate").with(conv(3, c, 1)).with(leaky());
        for (c_in, wide) in [(c, 2 * c), (4 * c, 4 * c)] {
            network = network.with(conv(c_in, wide, 2)).with(leaky());
            network = norm_leaky(network.with(conv(wide, 2 * wide, 1)), tape, 2 * wide);
        }
        norm_leaky(network.with(conv(8 * c, 8 * c, 1)), tape, 8 * c).with(conv(8 * c, 1, 1))
    }
}
