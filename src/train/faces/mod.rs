//! Noise to pictures of 64 to 256 pixels, from some hundred of them on: FastGAN (Liu, Zhu, Song and Elgammal, 2021;
//! the step order of odegeasslbc/FastGAN-pytorch).
//!
//! What differs from the published training: what the discriminator draws again is compared pixel by pixel, where
//! theirs asks a network that knows photographs (LPIPS), so that no trained network is needed; and the averages of the
//! weights forget the first ones ([`Update`](super::update::Update)).

mod settings;

pub(super) use self::settings::presets;
pub use self::settings::{Config, Flags};

use super::{
    Error,
    augment::{DiffAugment, always},
    config::RunConfig,
    noise::{self, Batches, Painter},
    parallel::own_rows,
    pending::Pending,
    recipe::{Counters, Ready, Trained, restore_steps, state_of, steps_of},
    run::Listener,
};
use crate::{
    autograd::{Tape, Var},
    gpu::{self, Gpu},
    models::fastgan::{Discriminator, Generator, half, quarter},
    nn::{Module, init::Init, parameter_count},
    ops::{
        self,
        activation::relu,
        elementwise::{add, affine, neg, scale, sub, unpack_bytes},
        loss::l1,
        random::Random,
        reduce::{Axis, mean},
        rows::Indices,
    },
    optim::{Adam, AdamConfig, LossScale},
    parallel::World,
    philox::Philox,
    tensor::Tensor,
};

/// The stream of a step's random numbers beside its noise.
const BESIDE: u32 = 1;

/// The stream of a run's seed that quarters are drawn from, one for each step.
const QUARTERS: u64 = 6 << 40;

/// A run in memory: both networks, both optimizers, and how far they have come.
pub struct Trainer {
    config: Config,
    gpu: Gpu,
    tape: Tape,
    /// Noise to pictures.
    pub generator: Generator,
    /// Pictures to logits.
    pub discriminator: Discriminator,
    /// The generator's optimizer.
    pub generator_adam: Adam,
    /// The discriminator's optimizer.
    pub discriminator_adam: Adam,
    /// The probability of being augmented.
    always: Tensor,
    loss_scale: Option<LossScale>,
    steps: u64,
    world: World,
}

/// What the discriminator's half of a step computed.
pub struct DiscriminatorHalf {
    /// Its hinge loss on real and on generated pictures.
    pub loss: Var,
    /// How far what it drew again lies from the pictures: the mean absolute difference, of three pictures of each
    /// summed.
    pub redraw: Var,
    /// Its logits for the real pictures, `[N, 50]`.
    pub real_logits: Var,
    /// Its logits for the generated ones.
    pub fake_logits: Var,
}

/// What the generator's half of a step computed.
pub struct GeneratorHalf {
    /// Its loss.
    pub loss: Var,
    /// The discriminator's logits for its pictures, `[N, 50]`.
    pub logits: Var,
}

/// Reads or draws the pictures of a run.
///
/// # Errors
/// When there are none.
pub(super) fn read(run: &RunConfig, config: &Config, tell: &mut dyn Listener) -> Result<Ready, Error> {
    let Config { size, batch, seed, .. } = *config;
    let config = config.clone();
    noise::read(run, &Batches { size, batch, seed }, move |gpu, _| Trainer::new(gpu, &config), tell)
}

impl Trainer {
    /// New networks with first values from the seed.
    ///
    /// # Panics
    /// When a size is none of FastGAN's.
    pub fn new(gpu: &Gpu, config: &Config) -> Self {
        let (tape, networks) = (ops::tape(gpu), config.networks());
        let generator = networks.generator(&tape, &mut Init::new(config.seed, 0));
        let discriminator = networks.discriminator(&tape, &mut Init::new(config.seed, 1));
        let adam = AdamConfig { lr: config.lr, betas: [config.beta1, config.beta2], ..AdamConfig::default() };
        let adam_d = AdamConfig { lr: config.lr_d(), ..adam };
        let generator_adam = Adam::new(generator.parameters(), config.update.of_generators(adam));
        let discriminator_adam = Adam::new(discriminator.parameters(), config.update.of_others(adam_d));
        let loss_scale = LossScale::where_mixed(&tape);
        Self {
            config: config.clone(),
            gpu: gpu.clone(),
            tape,
            generator,
            discriminator,
            generator_adam,
            discriminator_adam,
            always: always(gpu),
            loss_scale,
            steps: 0,
            world: World::alone(),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The step itself, on noise `[N, 1, 1, nz]` and real pictures `[N, size, size, 3]` in [-1, 1], of which it draws
    /// as many. Records; does not submit.
    pub fn step_on(&mut self, noise: &Var, real: &Var) -> Pending {
        let random = Random::stream(&self.gpu, self.config.seed, self.steps, BESIDE);
        let fake = self.generator.draw(noise);
        let d = self.learn_discriminator(real, &fake.each_ref().map(Var::detach), &random);
        let g = self.learn_generator(&fake, &random);
        self.loss_scale.iter().for_each(LossScale::update);
        self.steps += 1;
        self.tape.no_grad(|| {
            let scores = [&d.real_logits, &d.fake_logits, &g.logits].map(|logits| mean(logits, Axis::All));
            Pending::new(&[&d.loss, &g.loss, &d.redraw, &scores[0], &scores[1], &scores[2]])
        })
    }

    /// The discriminator's half of a step: it learns to tell real pictures from generated ones, and to draw the real
    /// ones again. Its margins are drawn from U(0.8, 1) for each logit, so that it is never quite sure.
    pub fn learn_discriminator(&mut self, real: &Var, fake: &[Var; 2], random: &Random) -> DiscriminatorHalf {
        let real = self.augment(real, random);
        let small = half(&real);
        let judged = self.discriminator.judge(&real, &small);
        let real_loss = mean(&relu(&sub(&self.margins(&judged.logits, random), &judged.logits)), Axis::All);
        let which = Philox::new(self.config.seed, QUARTERS + self.steps).below(4) as usize;
        let redraw = self.tape.no_grad(|| [small.clone(), quarter(&real, which), small]);
        let drawn = self.discriminator.decode(&judged, which);
        let apart = drawn.iter().zip(&redraw).map(|(drawn, real)| mean(&l1(drawn, real), Axis::All));
        let redraw = apart.reduce(|sum, part| add(&sum, &part)).expect("three are drawn");
        add(&real_loss, &scale(&redraw, self.config.redraw as f32)).backward();
        let [big, small] = fake.each_ref().map(|fake| self.augment(fake, random));
        let fake_logits = self.discriminator.judge(&big, &small).logits;
        let fake_loss = mean(&relu(&add(&self.margins(&fake_logits, random), &fake_logits)), Axis::All);
        fake_loss.backward();
        self.discriminator_adam.step();
        let loss = self.tape.no_grad(|| add(&real_loss, &fake_loss));
        let [loss, redraw, real_logits, fake_logits] =
            [loss, redraw, judged.logits, fake_logits].map(|var| var.detach());
        DiscriminatorHalf { loss, redraw, real_logits, fake_logits }
    }

    /// The generator's half of a step: it learns to have its pictures, of both sizes, taken for real by the
    /// discriminator as it now is.
    pub fn learn_generator(&mut self, fake: &[Var; 2], random: &Random) -> GeneratorHalf {
        let [big, small] = fake.each_ref().map(|fake| self.augment(fake, random));
        let logits = self.discriminator.judge(&big, &small).logits;
        let loss = neg(&mean(&logits, Axis::All));
        loss.backward_to(&self.generator.parameters().iter().map(|(_, p)| p.var()).collect::<Vec<_>>());
        self.generator_adam.step();
        GeneratorHalf { loss: loss.detach(), logits: logits.detach() }
    }

    /// Pictures as the discriminator sees them.
    fn augment(&self, pictures: &Var, random: &Random) -> Var {
        let changed = |changes: &DiffAugment| changes.apply(pictures, random, &self.always, &self.world);
        self.config.augment.as_ref().map_or_else(|| pictures.clone(), changed)
    }

    /// Numbers from U(0.8, 1), one for each logit `[N, 50]`. They are drawn for the whole batch, of which each of
    /// several processes has its share.
    fn margins(&self, logits: &Var, random: &Random) -> Var {
        let [n, count] = *logits.shape().dims() else { panic!("logits are [N, 50]") };
        let uniform = self.tape.constant(random.uniform([n * self.world.size(), count]));
        self.tape.no_grad(|| affine(&own_rows(&self.world, &uniform), 0.2, 0.8))
    }
}

impl Painter for Trainer {
    fn tape(&self) -> &Tape {
        &self.tape
    }

    fn size(&self) -> usize {
        self.config.size
    }

    fn nz(&self) -> usize {
        self.config.nz
    }

    fn seed(&self) -> u64 {
        self.config.seed
    }

    fn classes(&self) -> &[String] {
        &[]
    }

    fn columns(&self) -> &'static [&'static str] {
        &["d_loss", "g_loss", "redraw", "d_real", "d_fake", "d_fake_after"]
    }

    fn describe(&self, figures: &[f32]) -> String {
        let [d, g, redraw, real, fake, after] = *figures else { panic!("a step reports six figures") };
        format!("  loss D {d:.3} G {g:.3} redraw {redraw:.3}  D(x) {real:.3}  D(G(z)) {fake:.3} / {after:.3}")
    }

    fn step(&mut self, pictures: &[u8], _labels: Option<&[u32]>) -> Result<Pending, gpu::Error> {
        let Config { size, nz, seed, .. } = self.config;
        let n = pictures.len() / (size * size * 3);
        let random = Random::new(&self.gpu, seed, self.steps);
        let noise = self.tape.constant(random.normal([n * self.world.size(), 1, 1, nz]));
        let real = self.tape.constant(unpack_bytes(&self.gpu, [n, size, size, 3], pictures));
        let losses = self.step_on(&own_rows(&self.world, &noise), &real);
        self.gpu.submit()?;
        Ok(losses)
    }

    fn generate(&self, noise: &Var, _labels: Option<&Indices>) -> Var {
        self.generator.forward(noise)
    }

    fn features(&self, pictures: &Var) -> Var {
        self.discriminator.features(pictures)
    }

    fn generator(&self) -> &dyn Module {
        &self.generator
    }

    fn discriminator(&self) -> &dyn Module {
        &self.discriminator
    }

    fn generator_adam(&self) -> &Adam {
        &self.generator_adam
    }

    fn introduction(&self) -> String {
        format!(
            "FastGAN for {0}×{0} pixels: generator {1} parameters, discriminator {2}; learning rate {3}",
            self.config.size,
            parameter_count(&self.generator),
            parameter_count(&self.discriminator),
            self.config.lr,
        )
    }
}

impl Trained for Trainer {
    fn steps(&self) -> u64 {
        self.steps
    }

    fn tensors(&self) -> Vec<(String, Tensor)> {
        let generator = state_of("generator", &self.generator, Some(&self.generator_adam));
        let discriminator = state_of("discriminator", &self.discriminator, Some(&self.discriminator_adam));
        [generator, discriminator, self.loss_scale.iter().map(LossScale::tensor).collect()].concat()
    }

    fn counters(&self) -> Counters {
        let adams = [("generator_steps", &self.generator_adam), ("discriminator_steps", &self.discriminator_adam)];
        steps_of(self.steps, &adams)
    }

    fn set_counters(&mut self, counters: &Counters) {
        let Self { generator_adam: g, discriminator_adam: d, .. } = self;
        self.steps = restore_steps(counters, &mut [("generator_steps", g), ("discriminator_steps", d)]);
    }

    fn join(&mut self, world: &World) {
        self.world = world.clone();
        self.generator_adam.average_over(world);
        self.discriminator_adam.average_over(world);
    }
}
