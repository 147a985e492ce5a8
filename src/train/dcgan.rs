//! DCGAN's training (Radford, Metz and Chintala, 2016; the step order of pytorch/examples).

use serde::{Deserialize, Serialize};

use super::{objective::Objective, pending::Pending};
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
    optim::{Adam, AdamConfig},
    tensor::Tensor,
};

/// Everything that decides what a run computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Side of the pictures in pixels: 16, 32, 64, 128, 256, …
    pub size: usize,
    /// Pictures in a batch.
    pub batch: usize,
    /// Length of the noise vector.
    pub nz: usize,
    /// Channels of the generator's last hidden stage.
    pub ngf: usize,
    /// Channels of the discriminator's first stage.
    pub ndf: usize,
    /// Learning rate of both networks.
    pub lr: f64,
    /// Decay of Adam's first moment.
    pub beta1: f64,
    /// Decay of Adam's second moment.
    pub beta2: f64,
    /// Added to Adam's divisor.
    pub eps: f64,
    /// Spread of the first weights.
    pub init_std: f64,
    /// What the two networks minimise.
    pub objective: Objective,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        let objective = Objective::NonSaturating;
        let (lr, beta1, beta2, eps, init_std) = (2e-4, 0.5, 0.999, 1e-8, 0.02);
        Self { size: 64, batch: 64, nz: 100, ngf: 64, ndf: 64, lr, beta1, beta2, eps, init_std, objective, seed: 0 }
    }
}

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
    steps: u64,
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

/// The figures of one step on their way from the device.
pub struct PendingLosses(Pending);

impl PendingLosses {
    /// The figures if they have arrived, else `None`; never waits.
    ///
    /// # Errors
    /// When the device failed.
    pub fn try_take(&self) -> Result<Option<Losses>, Error> {
        Ok(self.0.try_take()?.map(Self::named))
    }

    /// Waits for the figures.
    ///
    /// # Errors
    /// When the device failed.
    pub fn wait(&self) -> Result<Losses, Error> {
        self.0.wait().map(Self::named)
    }

    fn named(figures: Vec<f32>) -> Losses {
        let [d, g, real, fake, fake_after] = figures[..] else { panic!("a step reports five figures") };
        Losses { d, g, real, fake, fake_after }
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
        let adam = AdamConfig { lr: config.lr, betas: [config.beta1, config.beta2], eps: config.eps };
        let generator_adam = Adam::new(generator.parameters(), adam);
        let discriminator_adam = Adam::new(discriminator.parameters(), adam);
        let config = config.clone();
        Self { config, gpu: gpu.clone(), tape, generator, discriminator, generator_adam, discriminator_adam, steps: 0 }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The tape.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Sets the number of steps done, after the state was loaded.
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// One step on a batch of pictures, bytes `[N, size, size, 3]`: noise is drawn, the discriminator learns, then the
    /// generator. Records and submits; does not wait.
    ///
    /// # Errors
    /// When the device failed.
    pub fn step(&mut self, pictures: &[u8]) -> Result<PendingLosses, Error> {
        let n = pictures.len() / (self.config.size * self.config.size * 3);
        let random = Random::new(&self.gpu, self.config.seed, self.steps);
        let noise = self.tape.constant(random.normal([n, 1, 1, self.config.nz]));
        let real = unpack_bytes(&self.gpu, [n, self.config.size, self.config.size, 3], pictures);
        let losses = self.step_on(&noise, &self.tape.constant(real));
        self.gpu.submit()?;
        Ok(losses)
    }

    /// The step itself, on noise `[N, 1, 1, nz]` and real pictures `[N, size, size, 3]` in [-1, 1]. Records; does not
    /// submit.
    pub fn step_on(&mut self, noise: &Var, real: &Var) -> PendingLosses {
        let fake = self.generator.forward(noise);
        let d = self.learn_discriminator(real, &fake.detach());
        let g = self.learn_generator(&fake);
        self.steps += 1;
        self.tape.no_grad(|| {
            let objective = self.config.objective;
            let (d_loss, g_loss) = (add(&d.real, &d.fake), objective.generator_report(&g.loss, &d.real));
            let scores = [&d.real_logits, &d.fake_logits, &g.logits].map(|logits| objective.score(logits));
            PendingLosses(Pending::new(&[&d_loss, &g_loss, &scores[0], &scores[1], &scores[2]]))
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

    /// Every tensor that a step depends on, by name: what a checkpoint holds beside the number of steps.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let parts = [
            ("generator", &self.generator, &self.generator_adam),
            ("discriminator", &self.discriminator, &self.discriminator_adam),
        ];
        let mut state = Vec::new();
        for (name, network, adam) in parts {
            let parameters = network.parameters().into_iter().map(|(n, p)| (n, p.var().value().clone()));
            let tensors = parameters.chain(network.buffers()).chain(adam.moments());
            state.extend(tensors.map(|(n, tensor)| (format!("{name}.{n}"), tensor)));
        }
        state
    }
}
