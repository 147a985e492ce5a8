//! DCGAN's training (Radford, Metz and Chintala, 2016; the step order of pytorch/examples).

pub mod measure;
mod recipe;
mod settings;

pub use self::settings::{Config, Flags};
pub(super) use self::{
    recipe::read,
    settings::{OBJECTIVES, presets},
};
use super::{
    parallel::own_rows,
    pending::Pending,
    recipe::{Counters, Trained, restore_steps, state_of, steps_of},
};
use crate::{
    autograd::{Tape, Var},
    gpu::{Error, Gpu},
    models::dcgan::Dcgan,
    nn::{Module, Sequential, init::Init},
    ops::{
        self,
        elementwise::{add, unpack_bytes},
        random::Random,
    },
    optim::{Adam, AdamConfig, LossScale},
    parallel::World,
    tensor::Tensor,
};

/// A run in memory: both networks, both optimizers, and how far they have come.
pub struct Trainer {
    config: Config,
    gpu: Gpu,
    tape: Tape,
    /// Noise to pictures.
    pub generator: Sequential,
    /// Pictures to logits.
    pub discriminator: Sequential,
    /// The generator's optimizer.
    pub generator_adam: Adam,
    /// The discriminator's optimizer.
    pub discriminator_adam: Adam,
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
    /// The part of its loss that comes from real pictures.
    pub real: Var,
    /// The part that comes from generated ones.
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
        let Config { size, nz, ngf, ndf, seed, .. } = *config;
        let (tape, networks) = (ops::tape(gpu), Dcgan { size, nz, ngf, ndf, std: config.init_std as f32 });
        let generator = networks.generator(&tape, &mut Init::new(seed, 0));
        let discriminator = networks.discriminator(&tape, &mut Init::new(seed, 1));
        let (lr, betas, eps) = (config.lr, [config.beta1, config.beta2], config.eps);
        let adam = AdamConfig { lr, betas, eps, ..AdamConfig::default() };
        let generator_adam = Adam::new(generator.parameters(), config.update.of_generators(adam));
        let discriminator_adam = Adam::new(discriminator.parameters(), config.update.of_others(adam));
        let (config, gpu, world) = (config.clone(), gpu.clone(), World::alone());
        let loss_scale = LossScale::where_mixed(&tape);
        Self {
            config,
            gpu,
            tape,
            generator,
            discriminator,
            generator_adam,
            discriminator_adam,
            loss_scale,
            steps: 0,
            world,
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The tape.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// One step on a batch of pictures, bytes `[N, size, size, 3]`: noise is drawn, the discriminator learns, then the
    /// generator. Records and submits; does not wait.
    ///
    /// # Errors
    /// When the device failed.
    pub fn step(&mut self, pictures: &[u8]) -> Result<Pending, Error> {
        let n = pictures.len() / (self.config.size * self.config.size * 3);
        let random = Random::new(&self.gpu, self.config.seed, self.steps);
        let noise = self.tape.constant(random.normal([n * self.world.size(), 1, 1, self.config.nz]));
        let real = unpack_bytes(&self.gpu, [n, self.config.size, self.config.size, 3], pictures);
        let losses = self.step_on(&own_rows(&self.world, &noise), &self.tape.constant(real));
        self.gpu.submit()?;
        Ok(losses)
    }

    /// The step itself, on noise `[N, 1, 1, nz]` and real pictures `[N, size, size, 3]` in [-1, 1]. Records; does not
    /// submit.
    pub fn step_on(&mut self, noise: &Var, real: &Var) -> Pending {
        let fake = self.generator.forward(noise);
        let d = self.learn_discriminator(real, &fake.detach());
        let g = self.learn_generator(&fake);
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
    pub fn learn_discriminator(&mut self, real: &Var, fake: &Var) -> DiscriminatorHalf {
        let objective = self.config.objective;
        let real_logits = self.discriminator.forward(real);
        let real_loss = objective.discriminator_real(&real_logits);
        real_loss.backward();
        let fake_logits = self.discriminator.forward(fake);
        let fake_loss = objective.discriminator_fake(&fake_logits);
        fake_loss.backward();
        self.discriminator_adam.step();
        let [real, fake, real_logits, fake_logits] =
            [real_loss, fake_loss, real_logits, fake_logits].map(|var| var.detach());
        DiscriminatorHalf { real, fake, real_logits, fake_logits }
    }

    /// The generator's half of a step: it learns to have its pictures taken for real by the discriminator as it now is.
    pub fn learn_generator(&mut self, fake: &Var) -> GeneratorHalf {
        let logits = self.discriminator.forward(fake);
        let loss = self.config.objective.generator(&logits);
        loss.backward_to(&self.generator.parameters().iter().map(|(_, p)| p.var()).collect::<Vec<_>>());
        self.generator_adam.step();
        GeneratorHalf { loss: loss.detach(), logits: logits.detach() }
    }

    /// Pictures `[n, size, size, 3]` in [-1, 1] from given noise `[n, 1, 1, nz]`, with the running statistics of
    /// normalisation. Leaves the generator in training mode, whichever it was in.
    pub fn draw(&self, noise: &Tensor) -> Tensor {
        self.generator.train(false);
        let pictures = self.tape.no_grad(|| self.generator.forward(&self.tape.constant(noise.clone())));
        self.generator.train(true);
        pictures.value().clone()
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
        [generator, discriminator, scale].concat()
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
