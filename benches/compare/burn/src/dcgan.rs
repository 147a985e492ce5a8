//! DCGAN-64 and its training step, as pytorch/examples takes it, in burn's layers.

use burn::{
    module::{Initializer, Module},
    nn::{
        BatchNorm, BatchNormConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig},
    },
    optim::{AdamConfig, GradientsParams, ModuleOptimizer},
    tensor::{
        Device, Distribution, Tensor,
        activation::{leaky_relu, relu, softplus, tanh},
    },
};

const RATE: f64 = 2e-4;
const NOISE: usize = 100;

#[derive(Module, Debug)]
struct Generator {
    convolutions: Vec<ConvTranspose2d>,
    norms: Vec<BatchNorm>,
}

#[derive(Module, Debug)]
struct Discriminator {
    convolutions: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
}

fn initializer() -> Initializer {
    Initializer::Normal { mean: 0.0, std: 0.02 }
}

impl Generator {
    fn new(device: &Device, width: usize) -> Self {
        let channels = [NOISE, 8 * width, 4 * width, 2 * width, width, 3];
        let convolution = |i: usize| {
            let (stride, padding) = if i == 0 { (1, 0) } else { (2, 1) };
            ConvTranspose2dConfig::new([channels[i], channels[i + 1]], [4, 4])
                .with_stride([stride; 2])
                .with_padding([padding; 2])
                .with_bias(false)
                .with_initializer(initializer())
                .init(device)
        };
        let norm = |i: usize| BatchNormConfig::new(channels[i + 1]).init(device);
        Self { convolutions: (0..5).map(convolution).collect(), norms: (0..4).map(norm).collect() }
    }

    fn forward(&self, noise: Tensor<4>) -> Tensor<4> {
        let mut x = noise;
        for (convolution, norm) in self.convolutions.iter().zip(&self.norms) {
            x = relu(norm.forward(convolution.forward(x)));
        }
        tanh(self.convolutions[4].forward(x))
    }
}

impl Discriminator {
    fn new(device: &Device, width: usize) -> Self {
        let channels = [3, width, 2 * width, 4 * width, 8 * width, 1];
        let convolution = |i: usize| {
            let (stride, padding) = if i == 4 { (1, 0) } else { (2, 1) };
            Conv2dConfig::new([channels[i], channels[i + 1]], [4, 4])
                .with_stride([stride; 2])
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                .with_bias(false)
                .with_initializer(initializer())
                .init(device)
        };
        let norm = |i: usize| BatchNormConfig::new(channels[i + 1]).init(device);
        Self { convolutions: (0..5).map(convolution).collect(), norms: (1..4).map(norm).collect() }
    }

    fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        let mut x = leaky_relu(self.convolutions[0].forward(pictures), 0.2);
        for (convolution, norm) in self.convolutions[1..].iter().zip(&self.norms) {
            x = leaky_relu(norm.forward(convolution.forward(x)), 0.2);
        }
        self.convolutions[4].forward(x)
    }
}

/// Both networks with their optimizers. The networks are taken out while an optimizer makes new ones of them.
pub struct Trainer {
    device: Device,
    batch: usize,
    networks: Option<(Generator, Discriminator)>,
    generator_adam: ModuleOptimizer,
    discriminator_adam: ModuleOptimizer,
    real: Tensor<4>,
}

impl Trainer {
    pub fn new(device: &Device, width: usize, batch: usize) -> Self {
        let device = device.clone().autodiff();
        let adam = || AdamConfig::new().with_beta_1(0.5).with_beta_2(0.999).with_epsilon(1e-8).init();
        let real = Tensor::random([batch, 3, 64, 64], Distribution::Uniform(-1.0, 1.0), &device);
        let networks = Some((Generator::new(&device, width), Discriminator::new(&device, width)));
        Self { device, batch, networks, generator_adam: adam(), discriminator_adam: adam(), real }
    }

    /// The losses of the two discriminator's batches are added before one backward pass.
    pub fn step(&mut self) {
        let (generator, discriminator) = self.networks.take().expect("no step has failed");
        let shape = [self.batch, NOISE, 1, 1];
        let fake = generator.forward(Tensor::random(shape, Distribution::Normal(0.0, 1.0), &self.device));
        let on_real = softplus(discriminator.forward(self.real.clone()).neg(), 1.0).mean();
        let on_fake = softplus(discriminator.forward(fake.clone().detach()), 1.0).mean();
        let gradients = GradientsParams::from_grads((on_real + on_fake).backward(), &discriminator);
        let discriminator = self.discriminator_adam.step(RATE, discriminator, gradients);
        let loss = softplus(discriminator.forward(fake).neg(), 1.0).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &generator);
        let generator = self.generator_adam.step(RATE, generator, gradients);
        self.networks = Some((generator, discriminator));
    }
}
