//! Photographs to anime, our own recipe, which needs no network that somebody else has trained: AnimeGANv2's generator
//! (Chen, Liu and Chen, 2020) with its grey and smoothed negatives, its colour reconstruction and its warm-up; PatchNCE
//! (Park et al., 2020) keeps the content in the place of VGG's features. PatchGAN judges: AnimeGANv2's own
//! discriminator sees no more than 37 pixels at once.

mod settings;

use std::ops::Range;

pub(super) use self::settings::presets;
pub use self::settings::{Config, Flags};
use super::{
    Error,
    config::RunConfig,
    objective::Objective,
    pending::Pending,
    recipe::{Counters, Ready, Trained, restore_steps, state_of, steps_of},
    run::Listener,
    translate::{self, Batches, Common, Parts, Translator, patch_nce, positions},
};
use crate::{
    autograd::{Tape, Var},
    gpu::{self, Gpu},
    models::{animegan::AnimeGenerator, patch_discriminator::PatchDiscriminator, patch_heads::PatchHeads},
    nn::{Module, Sequential, init::Init, parameter_count},
    ops::{
        self,
        colour::{Mixing, RGB_TO_YUV, mix_colours, rgb_to_yuv},
        elementwise::{add, affine, scale},
        loss::{huber, l1, l1_loss, total_variation},
        reduce::{Axis, mean},
    },
    optim::{Adam, AdamConfig, LossScale},
    parallel::World,
    tensor::Tensor,
};

/// The stages of the generator whose features are compared, and their channels in multiples of its width: both
/// halvings, and the blocks.
const STAGES: [(usize, usize); 3] = [(0, 2), (1, 4), (2, 4)];

/// Both networks play for least squares, as AnimeGANv2 does.
const GAN: Objective = Objective::Lsgan;

/// A run in memory.
pub struct Trainer {
    config: Config,
    gpu: Gpu,
    tape: Tape,
    /// Photographs to anime.
    pub generator: Sequential,
    /// Judges anime.
    pub discriminator: Sequential,
    /// The heads that patches are compared through.
    pub heads: PatchHeads,
    /// The generator's optimizer.
    pub g_adam: Adam,
    /// The discriminator's optimizer.
    pub d_adam: Adam,
    /// The heads' optimizer.
    pub f_adam: Adam,
    loss_scale: Option<LossScale>,
    steps: u64,
    world: World,
}

/// Reads or draws the pictures of a run.
///
/// # Errors
/// When there are none.
pub(super) fn read(run: &RunConfig, config: &Config, tell: &mut dyn Listener) -> Result<Ready, Error> {
    let begin = {
        let config = config.clone();
        move |gpu: &Gpu| Trainer::new(gpu, &config)
    };
    translate::read(run, &config.common, true, begin, tell)
}

impl Trainer {
    /// New networks with first values from the seed.
    pub fn new(gpu: &Gpu, config: &Config) -> Self {
        let Config { common, ngf, ndf, blocks, d_layers, nce_width, d_lr, .. } = config;
        let (tape, seed) = (ops::tape(gpu), common.seed);
        let recomputed = common.checkpoint_activations;
        let networks = AnimeGenerator { width: *ngf, blocks: *blocks, recomputed, ..AnimeGenerator::default() };
        let generator = networks.generator(&tape, &mut Init::new(seed, 0));
        let discriminator = PatchDiscriminator::cyclegan(*ndf, *d_layers).discriminator(&tape, &mut Init::new(seed, 1));
        let channels = STAGES.map(|(_, wide)| wide * ngf);
        let heads = PatchHeads::new(&tape, &mut Init::new(seed, 2), &channels, *nce_width);
        let adam = AdamConfig { lr: common.lr, betas: [common.beta1, common.beta2], ..AdamConfig::default() };
        let g_adam = Adam::new(generator.parameters(), common.update.of_generators(adam));
        let adam = common.update.of_others(adam);
        let d_adam = Adam::new(discriminator.parameters(), AdamConfig { lr: d_lr * common.lr, ..adam });
        let f_adam = Adam::new(heads.parameters(), adam);
        let (config, gpu, world) = (config.clone(), gpu.clone(), World::alone());
        let loss_scale = LossScale::where_mixed(&tape);
        Self { config, gpu, tape, generator, discriminator, heads, g_adam, d_adam, f_adam, loss_scale, steps: 0, world }
    }

    /// The tape.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The discriminator's half of a step: its loss for anime, and for what it must refuse.
    fn learn_discriminator(&mut self, fake: &Var, anime: &Var, smooth: &Var) -> [Var; 2] {
        let Config { lambda_grey, lambda_smooth, ref common, .. } = self.config;
        let parts = Parts::of(anime, common.micro_batch);
        let refused =
            |x: &Var, weight: f64| scale(&GAN.discriminator_fake(&self.discriminator.forward(x)), weight as f32);
        let of_part = |part: Range<usize>| {
            let [fake, anime, smooth] = [fake, anime, smooth].map(|x| parts.take(x, &part));
            let real = GAN.discriminator_real(&self.discriminator.forward(&anime));
            let negatives =
                [refused(&fake, 1.0), refused(&grey(&anime), lambda_grey), refused(&grey(&smooth), lambda_smooth)];
            let [fake, grey, smooth] = &negatives;
            let negative = add(&add(fake, grey), smooth);
            parts.weigh(&add(&real, &negative), &part).backward();
            [real, negative].map(|loss| parts.weigh(&loss.detach(), &part))
        };
        let losses = parts.ranges().map(of_part).reduce(sum).expect("a batch has pictures");
        self.d_adam.step();
        losses
    }

    /// The generator's half of a step, and its heads': gradients of a part of the batch, on photographs, what was made
    /// of them, and anime. Until the warm-up is over the discriminator has no say. The losses, weighed.
    fn generator_losses(
        &self,
        [photo, made, anime]: [&Var; 3],
        keys: &[Var],
        parts: &Parts,
        part: &Range<usize>,
    ) -> [Var; 5] {
        let config = &self.config;
        let weighted = |loss: &Var, weight: f64| scale(loss, weight as f32);
        let playing = self.steps >= config.warm_up;
        let adversarial = if playing {
            weighted(&GAN.generator(&self.discriminator.forward(made)), config.lambda_gan)
        } else {
            self.zero()
        };
        let stages = STAGES.map(|(stage, _)| stage);
        let among = parts.among_all(part, &self.world);
        let positions = positions(keys, config.patches, config.common.seed, self.steps, among);
        let queries = self.generator.features(made, &stages);
        let nce = weighted(&patch_nce(&self.heads, &queries, keys, &positions), config.lambda_nce);
        let colour = weighted(&colour_distance(made, photo), config.lambda_colour);
        let variation = weighted(&total_variation(made), config.lambda_tv);
        let kept = self.generator.forward(anime);
        let identity = weighted(&l1_loss(&kept, anime), config.lambda_identity);
        let losses = [&nce, &colour, &variation, &identity].into_iter().chain(playing.then_some(&adversarial));
        let total = losses.cloned().reduce(|sum, part| add(&sum, &part)).expect("there are losses");
        let parameters = [self.generator.parameters(), self.heads.parameters()].concat();
        parts.weigh(&total, part).backward_to(&parameters.iter().map(|(_, p)| p.var()).collect::<Vec<_>>());
        [adversarial, nce, colour, variation, identity].map(|loss| parts.weigh(&loss.detach(), part))
    }

    /// The step itself, on photographs, anime and other anime with smoothed edges, each `[N, H, W, 3]` in [-1, 1].
    /// Records; does not submit.
    pub fn step_on(&mut self, photo: &Var, anime: &Var, smooth: &Var) -> Pending {
        let parts = Parts::of(photo, self.config.common.micro_batch);
        let warming_up = self.steps < self.config.warm_up;
        let (whole, zeros) = (0..photo.shape().dims()[0], [self.zero(), self.zero()]);
        let ([real, fake], g) = if parts.is_whole() {
            let (made, keys) = self.redraw(photo);
            let losses = if warming_up { zeros } else { self.learn_discriminator(&made.detach(), anime, smooth) };
            (losses, self.generator_losses([photo, &made, anime], &keys, &parts, &whole))
        } else {
            // What is shown to the discriminator is made without a memory of how, and made again to learn from.
            let losses = if warming_up {
                zeros
            } else {
                let made = |part| self.generator.forward(&parts.take(photo, &part));
                let made = self.tape.no_grad(|| parts.join(made));
                self.learn_discriminator(&made, anime, smooth)
            };
            let of_part = |part: Range<usize>| {
                let [photo, anime] = [photo, anime].map(|x| parts.take(x, &part));
                let (made, keys) = self.redraw(&photo);
                self.generator_losses([&photo, &made, &anime], &keys, &parts, &part)
            };
            (losses, parts.ranges().map(of_part).reduce(sum).expect("a batch has pictures"))
        };
        self.g_adam.step();
        self.f_adam.step();
        self.loss_scale.iter().for_each(LossScale::update);
        self.steps += 1;
        let [adversarial, nce, colour, variation, identity] = &g;
        Pending::new(&[&real, &fake, adversarial, nce, colour, variation, identity])
    }

    /// What becomes of photographs, and their features, with which patches are compared.
    fn redraw(&self, photo: &Var) -> (Var, Vec<Var>) {
        let (made, keys) = self.generator.forward_with_features(photo, &STAGES.map(|(stage, _)| stage));
        (made, keys.iter().map(Var::detach).collect())
    }

    fn zero(&self) -> Var {
        self.tape.constant(Tensor::from_slice(&self.gpu, [], &[0.0]))
    }
}

/// The losses of two parts of a batch.
fn sum<const N: usize>(one: [Var; N], other: [Var; N]) -> [Var; N] {
    std::array::from_fn(|loss| add(&one[loss], &other[loss]))
}

/// The same pictures without colour, brightness in all three channels.
fn grey(x: &Var) -> Var {
    mix_colours(x, Mixing { matrix: [RGB_TO_YUV.matrix[0]; 3], shift: [0.0; 3] })
}

/// Beyond this difference of a colour Huber's loss grows in a straight line. AnimeGAN's 1 is never reached, and squares
/// of differences in colour are so small that brightness alone is learnt for long.
const DELTA: f32 = 0.05;

/// How far the colours of pictures in [-1, 1] are apart (AnimeGAN's colour loss): in YUV, the absolute difference of
/// the brightness and Huber's of the two colour differences, of slope 1 beyond [`DELTA`], means over the pixels.
fn colour_distance(x: &Var, to: &Var) -> Var {
    let yuv = |x: &Var| rgb_to_yuv(&affine(x, 0.5, 0.5));
    let (x, to) = (yuv(x), yuv(to));
    // One channel of each; the means are over three times as many numbers as there are pixels.
    let keep = |x: &Var, channels: [f32; 3]| {
        let [y, u, v] = channels;
        mix_colours(x, Mixing { matrix: [[y, 0.0, 0.0], [0.0, u, 0.0], [0.0, 0.0, v]], shift: [0.0; 3] })
    };
    let brightness = mean(&l1(&keep(&x, [1.0, 0.0, 0.0]), &keep(&to, [1.0, 0.0, 0.0])), Axis::All);
    let colours = mean(&huber(&keep(&x, [0.0, 1.0, 1.0]), &keep(&to, [0.0, 1.0, 1.0]), DELTA), Axis::All);
    scale(&add(&brightness, &scale(&colours, 1.0 / DELTA)), 3.0)
}

impl Trained for Trainer {
    fn steps(&self) -> u64 {
        self.steps
    }

    fn tensors(&self) -> Vec<(String, Tensor)> {
        let heads = self.heads.parameters().into_iter().map(|(n, p)| (n, p.var().value().clone()));
        let heads = heads.chain(self.f_adam.moments()).map(|(n, tensor)| (format!("F.{n}"), tensor));
        let generator = state_of("G", &self.generator, Some(&self.g_adam));
        let discriminator = state_of("D", &self.discriminator, Some(&self.d_adam));
        let scale = self.loss_scale.iter().map(LossScale::tensor);
        generator.into_iter().chain(discriminator).chain(heads).chain(scale).collect()
    }

    fn counters(&self) -> Counters {
        let adams = [("G_steps", &self.g_adam), ("D_steps", &self.d_adam), ("F_steps", &self.f_adam)];
        steps_of(self.steps, &adams)
    }

    fn set_counters(&mut self, counters: &Counters) {
        let Self { g_adam, d_adam, f_adam, .. } = self;
        self.steps = restore_steps(counters, &mut [("G_steps", g_adam), ("D_steps", d_adam), ("F_steps", f_adam)]);
    }

    fn join(&mut self, world: &World) {
        self.world = world.clone();
        for adam in [&mut self.g_adam, &mut self.d_adam, &mut self.f_adam] {
            adam.average_over(world);
        }
    }
}

impl Translator for Trainer {
    fn common(&self) -> &Common {
        &self.config.common
    }

    fn columns(&self) -> &'static [&'static str] {
        &["D_real", "D_fake", "G_GAN", "NCE", "colour", "tv", "idt"]
    }

    fn step(&mut self, batches: &Batches, progress: f64) -> Result<Pending, gpu::Error> {
        let lr = self.config.common.lr * self.config.common.lr_factor(progress);
        self.g_adam.set_lr(lr);
        self.f_adam.set_lr(lr);
        self.d_adam.set_lr(self.config.d_lr * lr);
        let smooth = batches.smooth.as_ref().expect("this recipe asks for smoothed pictures");
        let [photo, anime, smooth] = [&batches.a, &batches.b, smooth].map(|x| self.tape.constant(x.clone()));
        let figures = self.step_on(&photo, &anime, &smooth);
        self.gpu.submit()?;
        Ok(figures)
    }

    fn draw(&self, a: &Tensor) -> Vec<Tensor> {
        let drawn = || self.generator.forward(&self.tape.constant(a.clone()));
        vec![self.g_adam.with_averages(|| self.tape.no_grad(drawn)).value().clone()]
    }

    fn introduction(&self) -> String {
        let [height, width] = self.config.common.size;
        let heads: usize = self.heads.parameters().iter().map(|(_, p)| p.var().value().len()).sum();
        format!(
            "Photographs to anime at {width}×{height} pixels: a generator of {} parameters, a discriminator of {}, \
             heads of {heads}; learning rate {}; the first {} steps without the discriminator",
            parameter_count(&self.generator),
            parameter_count(&self.discriminator),
            self.config.common.lr,
            self.config.warm_up
        )
    }
}
