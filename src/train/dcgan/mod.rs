//! DCGAN's training (Radford, Metz and Chintala, 2016; the step order of pytorch/examples).

mod augmentation;
mod settings;

use self::augmentation::Augmentation;
pub use self::settings::{Config, Flags, Regularization, RegularizationFlags};
pub(super) use self::settings::{GAN_MODES, presets};
use super::{
    Error,
    config::{RunConfig, shown},
    noise::{self, Batches, Painter},
    parallel::own_rows,
    penalty::{gradient_penalty, r1},
    pending::Pending,
    recipe::{Counters, Ready, Trained, restore_steps, state_of, steps_of},
    run::Listener,
};
use crate::{
    autograd::{Tape, Var},
    gpu::{self, Gpu},
    models::{
        conditional::{CLASS_FEATURES, Discriminator, Generator},
        dcgan::Dcgan,
    },
    nn::{Module, init::Init, parameter_count},
    ops::{
        self,
        elementwise::{add, full, scale, unpack_bytes},
        random::Random,
        rows::Indices,
    },
    optim::{Adam, AdamConfig, LossScale},
    parallel::World,
    tensor::Tensor,
};

/// The stream of a step's random numbers beside its noise.
const BESIDE: u32 = 1;

/// Reads or draws the pictures of a run.
///
/// # Errors
/// When there are none.
pub(super) fn read(run: &RunConfig, config: &Config, tell: &mut dyn Listener) -> Result<Ready, Error> {
    let Config { size, batch, seed, .. } = *config;
    let config = config.clone();
    let begin = move |gpu: &Gpu, classes| Trainer::new(gpu, &Config { classes, ..config });
    noise::read(run, &Batches { size, batch, seed }, begin, tell)
}

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
    augmentation: Option<Augmentation>,
    loss_scale: Option<LossScale>,
    steps: u64,
    world: World,
}

/// The figures of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Losses {
    /// The discriminator's loss.
    pub d: f32,
    /// The generator's loss.
    pub g: f32,
    /// D(x): mean score of the real pictures.
    pub real: f32,
    /// D(G(z)) before the discriminator's step: mean score of the generated pictures.
    pub fake: f32,
    /// D(G(z)) after it.
    pub fake_after: f32,
}

/// What the discriminator's half of a step computed.
pub struct DiscriminatorHalf {
    /// The part of its loss that comes from real pictures; of a relativistic objective all of it.
    pub real: Var,
    /// The part that comes from generated ones; of a relativistic objective 0.
    pub fake: Var,
    /// Its logits for the real pictures, `[N, 1, 1, 1]`.
    pub real_logits: Var,
    /// Its logits for the generated ones.
    pub fake_logits: Var,
}

/// What the generator's half of a step computed.
pub struct GeneratorHalf {
    /// Its loss.
    pub loss: Var,
    /// The discriminator's logits for its pictures, `[N, 1, 1, 1]`.
    pub logits: Var,
}

impl Losses {
    /// From the figures of a step, in the order of the fields.
    ///
    /// # Panics
    /// When they are not five.
    pub fn named(figures: &[f32]) -> Self {
        let [d, g, real, fake, fake_after] = *figures else { panic!("a step reports five figures") };
        Self { d, g, real, fake, fake_after }
    }
}

impl Trainer {
    /// New networks with first values from the seed.
    ///
    /// # Panics
    /// When the size is not a power of two from 16.
    pub fn new(gpu: &Gpu, config: &Config) -> Self {
        let Config { size, nz, ngf, ndf, seed, design, .. } = *config;
        let (tape, classes, std) = (ops::tape(gpu), config.classes.len(), config.init_std as f32);
        let nz = if classes > 0 { nz + CLASS_FEATURES } else { nz };
        let networks = Dcgan { size, nz, ngf, ndf, std, design };
        let init = &mut Init::new(seed, 0);
        let network = networks.generator(&tape, init);
        let generator = Generator::new(&tape, init, network, classes);
        let init = &mut Init::new(seed, 1);
        let network = networks.discriminator(&tape, init);
        let discriminator = Discriminator::new(&tape, init, network, classes, networks.features());
        let (lr, betas, eps) = (config.lr, [config.beta1, config.beta2], config.eps);
        let adam = AdamConfig { lr, betas, eps, ..AdamConfig::default() };
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
            augmentation: Augmentation::new(gpu, &config.regularization),
            loss_scale,
            steps: 0,
            world: World::alone(),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The step itself, on noise `[N, 1, 1, nz]`, real pictures `[N, size, size, 3]` in [-1, 1] and their classes, of
    /// which it draws as many. Records; does not submit.
    pub fn step_on(&mut self, noise: &Var, real: &Var, labels: Option<&Indices>) -> Pending {
        let random = Random::stream(&self.gpu, self.config.seed, self.steps, BESIDE);
        let fake = self.generator.draw(noise, labels);
        let d = self.learn_discriminator(real, &fake.detach(), labels, &random);
        let g = self.learn_generator(&fake, real, labels, &random);
        self.loss_scale.iter().for_each(LossScale::update);
        self.steps += 1;
        self.tape.no_grad(|| {
            let objective = self.config.objective;
            let (d_loss, g_loss) = (add(&d.real, &d.fake), objective.generator_report(&g.loss, &d.real));
            let scores = [&d.real_logits, &d.fake_logits, &g.logits].map(|logits| objective.score(logits));
            Pending::new(&[&d_loss, &g_loss, &scores[0], &scores[1], &scores[2]])
        })
    }

    /// The discriminator's half of a step: it learns to tell real pictures from generated ones. Each kind is a batch of
    /// its own, so that batch normalisation sees them apart.
    pub fn learn_discriminator(
        &mut self,
        real: &Var,
        fake: &Var,
        labels: Option<&Indices>,
        random: &Random,
    ) -> DiscriminatorHalf {
        let objective = self.config.objective;
        let real_logits = self.judge(real, labels, random);
        let half = if objective.is_relativistic() {
            let fake_logits = self.judge(fake, labels, random);
            let loss = objective.pair(&real_logits, &fake_logits);
            loss.backward();
            let nothing = self.tape.constant(full(&self.gpu, [], 0.0));
            DiscriminatorHalf { real: loss, fake: nothing, real_logits, fake_logits }
        } else {
            let real_loss = objective.discriminator_real(&real_logits);
            real_loss.backward();
            let fake_logits = self.judge(fake, labels, random);
            let fake_loss = objective.discriminator_fake(&fake_logits);
            fake_loss.backward();
            DiscriminatorHalf { real: real_loss, fake: fake_loss, real_logits, fake_logits }
        };
        self.penalize(real, fake, labels, random);
        self.discriminator_adam.step();
        if let Some(augmentation) = &self.augmentation {
            augmentation.observe(&half.real_logits, &self.world);
        }
        let DiscriminatorHalf { real, fake, real_logits, fake_logits } = half;
        let [real, fake, real_logits, fake_logits] = [real, fake, real_logits, fake_logits].map(|var| var.detach());
        DiscriminatorHalf { real, fake, real_logits, fake_logits }
    }

    /// Adds the gradients of the penalties that this step has.
    fn penalize(&self, real: &Var, fake: &Var, labels: Option<&Indices>, random: &Random) {
        let Regularization { r1: gamma, r1_every, gradient_penalty: lambda, .. } = self.config.regularization;
        // The pictures have no use for a gradient of their own.
        let weights = || self.discriminator.parameters().iter().map(|(_, p)| p.var()).collect::<Vec<_>>();
        if gamma > 0.0 && self.steps.is_multiple_of(r1_every) {
            let slope = r1(&|x| self.judge(x, labels, random), real);
            scale(&slope, (gamma * r1_every as f64) as f32).backward_to(&weights());
        }
        if lambda > 0.0 {
            // Drawn for the whole batch, of which each of several processes has its share.
            let mix = self.tape.constant(random.uniform([real.shape().dims()[0] * self.world.size()]));
            let mix = own_rows(&self.world, &mix);
            let slope = gradient_penalty(&|x| self.discriminator.judge(x, labels), real, fake, &mix);
            scale(&slope, lambda as f32).backward_to(&weights());
        }
    }

    /// The generator's half of a step: it learns to have its pictures taken for real by the discriminator as it now is.
    /// A relativistic objective compares them with the real ones.
    pub fn learn_generator(
        &mut self,
        fake: &Var,
        real: &Var,
        labels: Option<&Indices>,
        random: &Random,
    ) -> GeneratorHalf {
        let objective = self.config.objective;
        let logits = self.judge(fake, labels, random);
        let loss = if objective.is_relativistic() {
            let real_logits = self.tape.no_grad(|| self.judge(real, labels, random));
            objective.pair(&logits, &real_logits)
        } else {
            objective.generator(&logits)
        };
        loss.backward_to(&self.generator.parameters().iter().map(|(_, p)| p.var()).collect::<Vec<_>>());
        self.generator_adam.step();
        GeneratorHalf { loss: loss.detach(), logits: logits.detach() }
    }

    /// The discriminator's logits for pictures, augmented where that is asked for.
    fn judge(&self, pictures: &Var, labels: Option<&Indices>, random: &Random) -> Var {
        match &self.augmentation {
            Some(changes) => self.discriminator.judge(&changes.apply(pictures, random, &self.world), labels),
            None => self.discriminator.judge(pictures, labels),
        }
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
        &self.config.classes
    }

    fn columns(&self) -> &'static [&'static str] {
        &["d_loss", "g_loss", "d_real", "d_fake", "d_fake_after"]
    }

    fn describe(&self, figures: &[f32]) -> String {
        let Losses { d, g, real, fake, fake_after } = Losses::named(figures);
        format!("  loss D {d:.3} G {g:.3}  D(x) {real:.3}  D(G(z)) {fake:.3} / {fake_after:.3}")
    }

    fn step(&mut self, pictures: &[u8], labels: Option<&[u32]>) -> Result<Pending, gpu::Error> {
        let n = pictures.len() / (self.config.size * self.config.size * 3);
        let random = Random::new(&self.gpu, self.config.seed, self.steps);
        let noise = self.tape.constant(random.normal([n * self.world.size(), 1, 1, self.config.nz]));
        let real = unpack_bytes(&self.gpu, [n, self.config.size, self.config.size, 3], pictures);
        let noise = own_rows(&self.world, &noise);
        let losses = self.step_on(&noise, &self.tape.constant(real), self.indices(labels).as_ref());
        self.gpu.submit()?;
        Ok(losses)
    }

    fn generate(&self, noise: &Var, labels: Option<&Indices>) -> Var {
        self.generator.draw(noise, labels)
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
            "Networks for {0}×{0} pixels: generator {1} parameters, discriminator {2}; objective {3}, learning rate \
             {4}",
            self.config.size,
            parameter_count(&self.generator),
            parameter_count(&self.discriminator),
            shown(&self.config.objective),
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
        let scale = self.loss_scale.iter().map(LossScale::tensor).collect();
        let augmentation = self.augmentation.iter().flat_map(Augmentation::tensors).collect();
        [generator, discriminator, scale, augmentation].concat()
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
