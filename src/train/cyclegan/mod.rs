//! CycleGAN (Zhu, Park, Isola and Efros, 2017; the step order of pytorch-CycleGAN-and-pix2pix): two generators, A → B
//! and back, each judged by a discriminator; what goes there and back again must come out as it went in.

mod settings;

use std::ops::Range;

pub(super) use self::settings::presets;
pub use self::settings::{Config, Flags};
use super::{
    Error,
    config::RunConfig,
    parallel::{all_rows, own_rows},
    pending::Pending,
    recipe::{Counters, Ready, Trained, restore_steps, state_of, steps_of},
    run::Listener,
    translate::{self, Batches, Common, ImagePool, Parts, Translator},
};
use crate::{
    autograd::{Tape, Var},
    gpu::{self, Gpu},
    models::{patch_discriminator::PatchDiscriminator, resnet::Resnet},
    nn::{Module, Parameter, Sequential, init::Init, parameter_count},
    ops::{
        self,
        elementwise::{add, scale},
        loss::l1_loss,
        shape::{concat_rows, slice_rows},
    },
    optim::{Adam, AdamConfig, LossScale},
    parallel::World,
    tensor::Tensor,
};

/// A run in memory. Names are those of pytorch-CycleGAN-and-pix2pix: `G_A` makes B of A, and `D_A` judges what it
/// makes.
pub struct Trainer {
    config: Config,
    gpu: Gpu,
    tape: Tape,
    /// A to B.
    pub g_a: Sequential,
    /// B to A.
    pub g_b: Sequential,
    /// Judges B.
    pub d_a: Sequential,
    /// Judges A.
    pub d_b: Sequential,
    /// The optimizer of both generators.
    pub g_adam: Adam,
    /// The optimizer of both discriminators.
    pub d_adam: Adam,
    pool_a: ImagePool,
    pool_b: ImagePool,
    loss_scale: Option<LossScale>,
    steps: u64,
    world: World,
}

/// What the generators' half of a step computed: pictures, and losses with their weights.
pub struct GeneratorsHalf {
    /// G_A(A).
    pub fake_b: Var,
    /// G_B(B).
    pub fake_a: Var,
    /// What D_A says of G_A(A), and D_B of G_B(B).
    pub adversarial: [Var; 2],
    /// How far A is from G_B(G_A(A)), and B from G_A(G_B(B)).
    pub cycle: [Var; 2],
    /// How far B is from G_A(B), and A from G_B(A); `None` where the identity loss has no weight.
    pub identity: Option<[Var; 2]>,
}

impl GeneratorsHalf {
    /// Two parts of a batch as one.
    fn and(self, other: Self) -> Self {
        let sum = |[a, b]: [Var; 2], [c, d]: [Var; 2]| [add(&a, &c), add(&b, &d)];
        Self {
            fake_b: concat_rows(&[self.fake_b, other.fake_b]),
            fake_a: concat_rows(&[self.fake_a, other.fake_a]),
            adversarial: sum(self.adversarial, other.adversarial),
            cycle: sum(self.cycle, other.cycle),
            identity: self.identity.zip(other.identity).map(|(one, other)| sum(one, other)),
        }
    }
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
        let Config { common, ngf, ndf, blocks, d_layers, pool_size, .. } = config;
        let (tape, seed) = (ops::tape(gpu), common.seed);
        let g = Resnet { recomputed: common.checkpoint_activations, ..Resnet::cyclegan(*ngf, *blocks) };
        let (g, d) = (g, PatchDiscriminator::cyclegan(*ndf, *d_layers));
        let [g_a, g_b] = [0, 1].map(|network| g.generator(&tape, &mut Init::new(seed, network)));
        let [d_a, d_b] = [2, 3].map(|network| d.discriminator(&tape, &mut Init::new(seed, network)));
        let adam = AdamConfig { lr: common.lr, betas: [common.beta1, common.beta2], ..AdamConfig::default() };
        let g_adam = Adam::new([below("G_A", &g_a), below("G_B", &g_b)].concat(), common.update.of_generators(adam));
        let d_adam = Adam::new([below("D_A", &d_a), below("D_B", &d_b)].concat(), common.update.of_others(adam));
        let [pool_a, pool_b] = [0, 1].map(|number| ImagePool::new(gpu, *pool_size, common.size, seed, number));
        let (config, gpu, world) = (config.clone(), gpu.clone(), World::alone());
        let loss_scale = LossScale::where_mixed(&tape);
        Self { config, gpu, tape, g_a, g_b, d_a, d_b, g_adam, d_adam, pool_a, pool_b, loss_scale, steps: 0, world }
    }

    /// The tape.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The generators' half of a step, on pictures of both kinds `[N, H, W, 3]` in [-1, 1].
    pub fn learn_generators(&mut self, real_a: &Var, real_b: &Var) -> GeneratorsHalf {
        let parts = Parts::of(real_a, self.config.common.micro_batch);
        let of_part = |part| self.generators_part(&parts, &part, [real_a, real_b].map(|real| parts.take(real, &part)));
        let made = parts.ranges().map(of_part).reduce(GeneratorsHalf::and).expect("a batch has pictures");
        self.g_adam.step();
        made
    }

    /// Gradients of a part of the batch, whose losses are weighed.
    fn generators_part(&self, parts: &Parts, part: &Range<usize>, [real_a, real_b]: [Var; 2]) -> GeneratorsHalf {
        let (real_a, real_b) = (&real_a, &real_b);
        let Config { lambda_a, lambda_b, lambda_identity, gan_mode, .. } = self.config;
        let (fake_b, fake_a) = (self.g_a.forward(real_a), self.g_b.forward(real_b));
        let (back_a, back_b) = (self.g_b.forward(&fake_b), self.g_a.forward(&fake_a));
        let adversarial =
            [gan_mode.generator(&self.d_a.forward(&fake_b)), gan_mode.generator(&self.d_b.forward(&fake_a))];
        let distance = |x: &Var, to: &Var, weight: f64| scale(&l1_loss(x, to), weight as f32);
        let cycle = [distance(&back_a, real_a, lambda_a), distance(&back_b, real_b, lambda_b)];
        let identity = (lambda_identity > 0.0).then(|| {
            // What is B already should stay as it is.
            [
                distance(&self.g_a.forward(real_b), real_b, lambda_b * lambda_identity),
                distance(&self.g_b.forward(real_a), real_a, lambda_a * lambda_identity),
            ]
        });
        let losses = adversarial.iter().chain(&cycle).chain(identity.iter().flatten());
        let sum = losses.cloned().reduce(|sum, loss| add(&sum, &loss)).expect("there are losses");
        let parameters = [self.g_a.parameters(), self.g_b.parameters()].concat();
        parts.weigh(&sum, part).backward_to(&parameters.iter().map(|(_, p)| p.var()).collect::<Vec<_>>());
        let forget = |vars: [Var; 2]| vars.map(|var| parts.weigh(&var.detach(), part));
        GeneratorsHalf {
            fake_b: fake_b.detach(),
            fake_a: fake_a.detach(),
            adversarial: forget(adversarial),
            cycle: forget(cycle),
            identity: identity.map(forget),
        }
    }

    /// The discriminators' half of a step: D_A learns to tell real B from `fake_b`, D_B real A from `fake_a`. Their
    /// losses.
    pub fn learn_discriminators(&mut self, real: [&Var; 2], fake: [&Var; 2]) -> [Var; 2] {
        let ([real_a, real_b], [fake_a, fake_b], mode) = (real, fake, self.config.gan_mode);
        let parts = Parts::of(real_a, self.config.common.micro_batch);
        let loss = |network: &Sequential, real: &Var, fake: &Var| {
            parts.sum(|part| {
                let real = mode.discriminator_real(&network.forward(&parts.take(real, &part)));
                let fake = mode.discriminator_fake(&network.forward(&parts.take(fake, &part)));
                let loss = parts.weigh(&scale(&add(&real, &fake), 0.5), &part);
                loss.backward();
                loss.detach()
            })
        };
        let losses = [loss(&self.d_a, real_b, fake_b), loss(&self.d_b, real_a, fake_a)];
        self.d_adam.step();
        losses
    }

    /// The step itself. Records; does not submit.
    pub fn step_on(&mut self, real_a: &Var, real_b: &Var) -> Pending {
        let g = self.learn_generators(real_a, real_b);
        let shown_b = shown(&mut self.pool_b, &g.fake_b, &self.world);
        let shown_a = shown(&mut self.pool_a, &g.fake_a, &self.world);
        let [d_a, d_b] = self.learn_discriminators([real_a, real_b], [&shown_a, &shown_b]);
        self.loss_scale.iter().for_each(LossScale::update);
        self.steps += 1;
        let none = || self.tape.constant(Tensor::from_slice(&self.gpu, [], &[0.0]));
        let [identity_a, identity_b] = g.identity.unwrap_or_else(|| [none(), none()]);
        let ([g_a, g_b], [cycle_a, cycle_b]) = (g.adversarial, g.cycle);
        Pending::new(&[&d_a, &g_a, &cycle_a, &identity_a, &d_b, &g_b, &cycle_b, &identity_b])
    }
}

/// What a discriminator is shown in the place of fresh pictures `[N, H, W, 3]`. The pool is that of all processes: it
/// is the same in each, and takes in the pictures of all.
fn shown(pool: &mut ImagePool, fresh: &Var, world: &World) -> Var {
    let tape = fresh.tape();
    let fresh = tape.constant(all_rows(world, fresh.value()));
    let n = fresh.shape().dims()[0];
    let chosen = |i: usize| tape.constant(pool.exchange(slice_rows(&fresh, i..i + 1).value()));
    own_rows(world, &concat_rows(&(0..n).map(chosen).collect::<Vec<_>>()))
}

/// The parameters of a network, below a name.
fn below(name: &str, network: &dyn Module) -> Vec<(String, Parameter)> {
    network.parameters().into_iter().map(|(n, p)| (format!("{name}.{n}"), p)).collect()
}

impl Trained for Trainer {
    fn steps(&self) -> u64 {
        self.steps
    }

    fn tensors(&self) -> Vec<(String, Tensor)> {
        let networks = [("G_A", &self.g_a), ("G_B", &self.g_b), ("D_A", &self.d_a), ("D_B", &self.d_b)];
        let mut state: Vec<_> =
            networks.into_iter().flat_map(|(name, network)| state_of(name, network, None)).collect();
        state.extend([self.g_adam.moments(), self.d_adam.moments(), self.g_adam.averages()].concat());
        let pools = [("pool_A", &self.pool_a), ("pool_B", &self.pool_b)];
        state.extend(pools.into_iter().filter_map(|(name, pool)| Some((name.to_owned(), pool.tensor()?))));
        state.extend(self.loss_scale.iter().map(LossScale::tensor));
        state
    }

    fn counters(&self) -> Counters {
        let mut counters = steps_of(self.steps, &[("G_steps", &self.g_adam), ("D_steps", &self.d_adam)]);
        counters.insert("pool_A".to_owned(), self.pool_a.shown());
        counters.insert("pool_B".to_owned(), self.pool_b.shown());
        counters
    }

    fn set_counters(&mut self, counters: &Counters) {
        let of = |name: &str| counters.get(name).copied().unwrap_or(0);
        let Self { g_adam, d_adam, .. } = self;
        self.steps = restore_steps(counters, &mut [("G_steps", g_adam), ("D_steps", d_adam)]);
        self.pool_a.set_shown(of("pool_A"));
        self.pool_b.set_shown(of("pool_B"));
    }

    fn join(&mut self, world: &World) {
        self.world = world.clone();
        self.g_adam.average_over(world);
        self.d_adam.average_over(world);
    }
}

impl Translator for Trainer {
    fn common(&self) -> &Common {
        &self.config.common
    }

    fn columns(&self) -> &'static [&'static str] {
        &["D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"]
    }

    fn step(&mut self, batches: &Batches, progress: f64) -> Result<Pending, gpu::Error> {
        let lr = self.config.common.lr * self.config.common.lr_factor(progress);
        self.g_adam.set_lr(lr);
        self.d_adam.set_lr(lr);
        let [a, b] = [&batches.a, &batches.b].map(|pictures| self.tape.constant(pictures.clone()));
        let figures = self.step_on(&a, &b);
        self.gpu.submit()?;
        Ok(figures)
    }

    /// B, and A again.
    fn draw(&self, a: &Tensor) -> Vec<Tensor> {
        let both = || {
            let there = self.g_a.forward(&self.tape.constant(a.clone()));
            let back = self.g_b.forward(&there);
            vec![there.value().clone(), back.value().clone()]
        };
        self.g_adam.with_averages(|| self.tape.no_grad(both))
    }

    fn introduction(&self) -> String {
        let Config { common, blocks, .. } = &self.config;
        let [height, width] = common.size;
        format!(
            "CycleGAN for {width}×{height} pixels: two generators with {blocks} blocks of {} parameters each, two \
             discriminators of {}; learning rate {}",
            parameter_count(&self.g_a),
            parameter_count(&self.d_a),
            common.lr
        )
    }
}
