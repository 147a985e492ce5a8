//! CartoonGAN's generator (Chen, Lai and Liu, 2018), as the published weights name and compute it
//! (Yijunmaverick/CartoonGAN-Test-Pytorch-Torch).

use crate::{
    autograd::Tape,
    nn::{
        Conv2d, ConvTranspose2d, InstanceNorm2d, Module, ReflectionPad2d, Relu, Residual, Sequential, SwapColours,
        Tanh,
        init::{Init, Spread},
    },
    ops::conv::Conv2d as Config,
};

/// Sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CartoonGenerator {
    /// Channels at the full size: 64 in the published networks.
    pub width: usize,
}

impl Default for CartoonGenerator {
    fn default() -> Self {
        Self { width: 64 }
    }
}

/// What the published weights were trained with: their variances are tiny.
const EPS: f32 = 1e-9;

impl CartoonGenerator {
    /// Pictures `[N, H, W, 3]` in [-1, 1], RGB as everywhere, to pictures of the same size; the network itself sees
    /// blue first. H and W are multiples of 4, and 8 or more. Parameters are named `conv01_1.weight`,
    /// `in01_1.weight` (`scale` in the published files), …, `deconv03_1.weight`.
    pub fn generator(&self, tape: &Tape, init: &mut Init) -> Sequential {
        let c = self.width;
        let doubling = Config { stride: [2; 2], padding: [1; 2], ..Config::default() };
        let mut network = Sequential::new()
            .with_named("", SwapColours)
            .with_named("", ReflectionPad2d::new([3; 4]))
            .with_named("conv01_1", conv(tape, init, 3, c, 7, Config::default()))
            .with_named("in01_1", norm(tape, c))
            .with_named("", Relu);
        for (stage, wide) in [("02", 2 * c), ("03", 4 * c)] {
            network = network.with_named(&format!("conv{stage}_1"), conv(tape, init, wide / 2, wide, 3, doubling));
            network = second(network, tape, init, &format!("conv{stage}_2"), &format!("in{stage}_1"), wide);
        }
        for stage in 4..12 {
            network = network.with_named("", block(tape, init, stage, 4 * c));
        }
        for (stage, norm, wide) in [("01", "in12_1", 2 * c), ("02", "in13_1", c)] {
            let std = Spread::He.std(9, 2 * wide, wide);
            let up = ConvTranspose2d::new(tape, init, 2 * wide, wide, 3, doubling, 1, true, std);
            network = network.with_named(&format!("deconv{stage}_1"), up);
            network = second(network, tape, init, &format!("deconv{stage}_2"), norm, wide);
        }
        network
            .with_named("", ReflectionPad2d::new([3; 4]))
            .with_named("deconv03_1", conv(tape, init, c, 3, 7, Config::default()))
            .with_named("", Tanh)
            .with_named("", SwapColours)
    }
}

/// The second convolution of a stage, which keeps size and channels, and the stage's norm.
fn second(network: Sequential, tape: &Tape, init: &mut Init, name: &str, norm_name: &str, c: usize) -> Sequential {
    let padded = Config { padding: [1; 2], ..Config::default() };
    network
        .with_named(name, conv(tape, init, c, c, 3, padded))
        .with_named(norm_name, norm(tape, c))
        .with_named("", Relu)
}

fn block(tape: &Tape, init: &mut Init, stage: usize, c: usize) -> impl Module + 'static {
    let mut layers = Sequential::new();
    for half in 1..=2 {
        layers = layers
            .with_named("", ReflectionPad2d::new([1; 4]))
            .with_named(&format!("conv{stage:02}_{half}"), conv(tape, init, c, c, 3, Config::default()))
            .with_named(&format!("in{stage:02}_{half}"), norm(tape, c));
        if half == 1 {
            layers = layers.with_named("", Relu);
        }
    }
    Residual::new(layers)
}

fn conv(tape: &Tape, init: &mut Init, c_in: usize, c_out: usize, kernel: usize, config: Config) -> Conv2d {
    Conv2d::new(tape, init, c_in, c_out, kernel, config, true, Spread::He.std(kernel * kernel, c_in, c_out))
}

fn norm(tape: &Tape, channels: usize) -> InstanceNorm2d {
    InstanceNorm2d::new(tape, channels, true, EPS)
}
