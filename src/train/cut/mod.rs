//! CUT and FastCUT (Park, Efros, Zhang and Zhu, 2020): one generator, A → B, one discriminator, and PatchNCE in the
//! place of the way back.

mod settings;

use std::ops::Range;

pub(super) use self::settings::presets;
pub use self::settings::{Config, Flags};
use super::{
    Error,
    config::RunConfig,
    pending::Pending,
    recipe::{Counters, Ready, Trained, restore_steps, state_of, steps_of},
    run::Listener,
    translate::{self, Batches, Common, Parts, Positions, Translator, patch_nce, positions},
};
use crate::{
    autograd::{Tape, Var},
    gpu::{self, Gpu},
    models::{patch_discriminator::PatchDiscriminator, patch_heads::PatchHeads, resnet::Resnet},
    nn::{Module, Sequential, init::Init, parameter_count},
    ops::{
        self,
        elementwise::{add, scale},
        resample::flip_horizontal,
    },
    optim::{Adam, AdamConfig, LossScale},
    parallel::World,
    philox::Philox,
    tensor::Tensor,
};

/// Whether FastCUT mirrors step s is drawn from block s of this stream.
const MIRRORS: u64 = 7 << 40;

/// A run in memory.
pub struct Trainer {
    config: Config,
    gpu: Gpu,
    tape: Tape,
    /// A to B.
    pub generator: Sequential,
    /// Judges B.
    pub discriminator: Sequential,
    /// The heads that patches are compared through.
    pub heads: PatchHeads,
    /// The generator's optimizer.
    pub g_adam: Adam,
    /// The discriminator's optimizer.
    pub d_adam: Adam,
    /// The heads' optimizer.
    pub f_adam: Adam,
    layers: Vec<usize>,
    loss_scale: Option<LossScale>,
    steps: u64,
    world: World,
}

/// The random choices of a step.
pub struct Choices {
    /// Which pixels of each layer of features are compared for A, and which for the identity.
    pub positions: [Vec<Positions>; 2],
    /// Whether the generator is shown everything mirrored, as FastCUT does at random.
    pub mirrored: bool,
}

/// What the generator made, and what will be compared with it.
pub struct Forward {
    /// G(A), mirrored where the choices say so.
    pub fake_b: Var,
    /// G(B), where the identity has a weight.
    pub identity_b: Option<Var>,
    keys_a: Vec<Var>,
    keys_b: Vec<Var>,
}

/// The losses of the generator's half of a step.
pub struct GeneratorHalf {
    /// The adversarial loss with its weight.
    pub adversarial: Var,
    /// PatchNCE between A and G(A) with its weight.
    pub nce: Var,
    /// PatchNCE between B and G(B) with its weight, where it has one.
    pub nce_identity: Option<Var>,
    /// What the generator minimises.
    pub total: Var,
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
    translate::read(run, &config.common, false, begin, tell)
}

impl Trainer {
    /// New networks with first values from the seed.
    pub fn new(gpu: &Gpu, config: &Config) -> Self {
        let Config { common, ngf, ndf, blocks, d_layers, nce_width, .. } = config;
        let (tape, seed) = (ops::tape(gpu), common.seed);
        let resnet = Resnet { recomputed: common.checkpoint_activations, ..Resnet::cut(*ngf, *blocks) };
        let generator = resnet.generator(&tape, &mut Init::new(seed, 0));
        let discriminator = PatchDiscriminator::cut(*ndf, *d_layers).discriminator(&tape, &mut Init::new(seed, 1));
        let heads = PatchHeads::new(&tape, &mut Init::new(seed, 2), &resnet.nce_channels(), *nce_width);
        let adam = AdamConfig { lr: common.lr, betas: [common.beta1, common.beta2], ..AdamConfig::default() };
        let g_adam = Adam::new(generator.parameters(), common.update.of_generators(adam));
        let adam = common.update.of_others(adam);
        let d_adam = Adam::new(discriminator.parameters(), adam);
        let f_adam = Adam::new(heads.parameters(), adam);
        let (config, gpu, layers, world) = (config.clone(), gpu.clone(), resnet.nce_layers(), World::alone());
        let loss_scale = LossScale::where_mixed(&tape);
        Self {
            config,
            gpu,
            tape,
            generator,
            discriminator,
            heads,
            g_adam,
            d_adam,
            f_adam,
            layers,
            loss_scale,
            steps: 0,
            world,
        }
    }

    /// The tape.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The generator's pictures of a step, on `real_a`, `real_b` `[N, H, W, 3]` in [-1, 1].
    pub fn forward(&self, real_a: &Var, real_b: &Var, mirrored: bool) -> Forward {
        // What is compared with is the encoder's view of the pictures as they are.
        let run = |x: &Var| {
            let (made, keys) = self.generator.forward_with_features(&seen(x, mirrored), &self.layers);
            let keys = if mirrored { x.tape().no_grad(|| self.generator.features(x, &self.layers)) } else { keys };
            (made, keys.iter().map(Var::detach).collect::<Vec<_>>())
        };
        let (fake_b, keys_a) = run(real_a);
        if !self.config.nce_identity {
            return Forward { fake_b, identity_b: None, keys_a, keys_b: Vec::new() };
        }
        let (identity_b, keys_b) = run(real_b);
        Forward { fake_b, identity_b: Some(identity_b), keys_a, keys_b }
    }

    /// The discriminator's half of a step: its loss for generated and for real pictures.
    pub fn learn_discriminator(&mut self, real_b: &Var, fake_b: &Var) -> [Var; 2] {
        let (mode, fake_b) = (self.config.gan_mode, fake_b.detach());
        let parts = Parts::of(real_b, self.config.common.micro_batch);
        let of_part = |part: Range<usize>| {
            let fake = mode.discriminator_fake(&self.discriminator.forward(&parts.take(&fake_b, &part)));
            let real = mode.discriminator_real(&self.discriminator.forward(&parts.take(real_b, &part)));
            parts.weigh(&scale(&add(&fake, &real), 0.5), &part).backward();
            [fake, real].map(|loss| parts.weigh(&loss.detach(), &part))
        };
        let losses = parts.ranges().map(of_part).reduce(sum).expect("a batch has pictures");
        self.d_adam.step();
        losses
    }

    /// The half of the generator and of the heads.
    pub fn learn_generator(&mut self, made: &Forward, choices: &Choices) -> GeneratorHalf {
        let losses = self.generator_losses(made, choices, &Parts::of(&made.fake_b, 0), &(0..1));
        self.g_adam.step();
        self.f_adam.step();
        losses
    }

    /// The same on what the generator makes of one part of the batch after the other.
    fn learn_generator_in_parts(&mut self, parts: &Parts, [a, b]: [&Var; 2], mirrored: bool) -> GeneratorHalf {
        let of_part = |part: Range<usize>| {
            let made = self.forward(&parts.take(a, &part), &parts.take(b, &part), mirrored);
            let choices = self.choices(&made, mirrored, parts, &part);
            self.generator_losses(&made, &choices, parts, &part)
        };
        let losses = parts.ranges().map(of_part).reduce(GeneratorHalf::and).expect("a batch has pictures");
        self.g_adam.step();
        self.f_adam.step();
        losses
    }

    /// Gradients of a part of the batch, and its losses, weighed.
    fn generator_losses(&self, made: &Forward, choices: &Choices, parts: &Parts, part: &Range<usize>) -> GeneratorHalf {
        let Config { lambda_gan, lambda_nce, gan_mode, .. } = self.config;
        let logits = self.discriminator.forward(&made.fake_b);
        let adversarial = scale(&gan_mode.generator(&logits), lambda_gan as f32);
        let nce = |made: &Var, keys: &[Var], positions: &[Positions]| {
            let mut queries = self.generator.features(made, &self.layers);
            if choices.mirrored {
                queries = queries.iter().map(flip_horizontal).collect();
            }
            scale(&patch_nce(&self.heads, &queries, keys, positions), lambda_nce as f32)
        };
        let of_a = nce(&made.fake_b, &made.keys_a, &choices.positions[0]);
        let of_b = made.identity_b.as_ref().map(|identity| nce(identity, &made.keys_b, &choices.positions[1]));
        let both = of_b.as_ref().map_or_else(|| of_a.clone(), |of_b| scale(&add(&of_a, of_b), 0.5));
        let total = add(&adversarial, &both);
        let parameters = [self.generator.parameters(), self.heads.parameters()].concat();
        parts.weigh(&total, part).backward_to(&parameters.iter().map(|(_, p)| p.var()).collect::<Vec<_>>());
        let weighed = |loss: &Var| parts.weigh(&loss.detach(), part);
        GeneratorHalf {
            adversarial: weighed(&adversarial),
            nce: weighed(&of_a),
            nce_identity: of_b.as_ref().map(weighed),
            total: weighed(&total),
        }
    }

    /// What is drawn at random for a part of the batch, of which the generator has made something.
    fn choices(&self, made: &Forward, mirrored: bool, parts: &Parts, part: &Range<usize>) -> Choices {
        let Config { common, patches, .. } = &self.config;
        let among = || parts.among_all(part, &self.world);
        let drawn = |which: u64| positions(&made.keys_a, *patches, common.seed, 2 * self.steps + which, among());
        Choices { positions: [drawn(0), drawn(1)], mirrored }
    }

    /// The step itself. Records; does not submit.
    pub fn step_on(&mut self, real_a: &Var, real_b: &Var) -> Pending {
        let Config { common, mirror, .. } = &self.config;
        let mirrored = *mirror && Philox::at(common.seed, MIRRORS, self.steps).next_u32() >> 31 == 1;
        let parts = Parts::of(real_a, common.micro_batch);
        let ([fake, real], g) = if parts.is_whole() {
            let made = self.forward(real_a, real_b, mirrored);
            let choices = self.choices(&made, mirrored, &parts, &(0..real_a.shape().dims()[0]));
            (self.learn_discriminator(real_b, &made.fake_b), self.learn_generator(&made, &choices))
        } else {
            // What is shown to the discriminator is made without a memory of how, and made again to learn from.
            let made = |part| self.generator.forward(&seen(&parts.take(real_a, &part), mirrored));
            let fake_b = self.tape.no_grad(|| parts.join(made));
            let losses = self.learn_discriminator(real_b, &fake_b);
            (losses, self.learn_generator_in_parts(&parts, [real_a, real_b], mirrored))
        };
        self.loss_scale.iter().for_each(LossScale::update);
        self.steps += 1;
        let identity = g.nce_identity.unwrap_or_else(|| self.tape.constant(Tensor::from_slice(&self.gpu, [], &[0.0])));
        Pending::new(&[&g.adversarial, &real, &fake, &g.total, &g.nce, &identity])
    }
}

/// What the generator is shown of pictures.
fn seen(x: &Var, mirrored: bool) -> Var {
    if mirrored { flip_horizontal(x) } else { x.clone() }
}

/// The losses of two parts of a batch.
fn sum([a, b]: [Var; 2], [c, d]: [Var; 2]) -> [Var; 2] {
    [add(&a, &c), add(&b, &d)]
}

impl GeneratorHalf {
    /// Two parts of a batch as one.
    fn and(self, other: Self) -> Self {
        Self {
            adversarial: add(&self.adversarial, &other.adversarial),
            nce: add(&self.nce, &other.nce),
            nce_identity: self.nce_identity.zip(other.nce_identity).map(|(one, other)| add(&one, &other)),
            total: add(&self.total, &other.total),
        }
    }
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
        &["G_GAN", "D_real", "D_fake", "G", "NCE", "NCE_Y"]
    }

    fn step(&mut self, batches: &Batches, progress: f64) -> Result<Pending, gpu::Error> {
        let lr = self.config.common.lr * self.config.common.lr_factor(progress);
        for adam in [&mut self.g_adam, &mut self.d_adam, &mut self.f_adam] {
            adam.set_lr(lr);
        }
        let [a, b] = [&batches.a, &batches.b].map(|pictures| self.tape.constant(pictures.clone()));
        let figures = self.step_on(&a, &b);
        self.gpu.submit()?;
        Ok(figures)
    }

    fn draw(&self, a: &Tensor) -> Vec<Tensor> {
        let drawn = || self.generator.forward(&self.tape.constant(a.clone()));
        vec![self.g_adam.with_averages(|| self.tape.no_grad(drawn)).value().clone()]
    }

    fn introduction(&self) -> String {
        let Config { common, blocks, .. } = &self.config;
        let [height, width] = common.size;
        let heads: usize = self.heads.parameters().iter().map(|(_, p)| p.var().value().len()).sum();
        format!(
            "CUT for {width}×{height} pixels: a generator with {blocks} blocks of {} parameters, a discriminator of \
             {}, heads of {heads}; learning rate {}",
            parameter_count(&self.generator),
            parameter_count(&self.discriminator),
            common.lr
        )
    }
}
