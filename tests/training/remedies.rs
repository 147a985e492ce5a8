//! What a DCGAN can be besides the paper's: each choice trains, and goes on from a checkpoint to the same bits.

use sumi::{
    gpu::Gpu,
    models::dcgan::{Design, Normalization, Upsampling},
    nn::Module,
    ops::random::Random,
    tensor::Tensor,
    train::{
        checkpoint::{Checkpoint, Header},
        config::Networks,
        dcgan::{Config, Regularization, Trainer},
        noise::Painter,
        objective::Objective,
        recipe::{Counters, Trained},
        update::Update,
    },
};

use super::{batch, config, wide};
use crate::common::{
    compare::{Tolerance, assert_close},
    gpu,
};

const LABELS: [u32; 4] = [2, 0, 1, 2];

fn tiny() -> Config {
    Config { size: 16, nz: 8, seed: 3, ..config(4, 4) }
}

/// Nothing normalised over the batch, as penalties want it.
fn alone() -> Design {
    Design { norm_d: Normalization::None, ..Design::default() }
}

/// A configuration for each choice, and one for all that go together.
fn choices() -> Vec<(&'static str, Config)> {
    let none = Regularization::default;
    let augment = || Some("color,translation,cutout".parse().expect("a list of changes"));
    let classes = ["black", "blond", "red"].map(str::to_owned).to_vec();
    let update = Update { ema: 0.9, ema_rampup: 0.5, clip_grad_norm: 0.0 };
    let all = Design { upsample: Upsampling::Nearest, norm_d: Normalization::Spectral, minibatch_stddev: true };
    vec![
        ("nearest", Config { design: Design { upsample: Upsampling::Nearest, ..Design::default() }, ..tiny() }),
        ("spectral", Config { design: Design { norm_d: Normalization::Spectral, ..alone() }, ..tiny() }),
        ("stddev", Config { design: Design { minibatch_stddev: true, ..Design::default() }, ..tiny() }),
        ("relativistic", Config { objective: Objective::Relativistic, ..tiny() }),
        ("r1", Config { regularization: Regularization { r1: 5.0, r1_every: 2, ..none() }, design: alone(), ..tiny() }),
        (
            "wgan-gp",
            Config {
                objective: Objective::Wasserstein,
                regularization: Regularization { gradient_penalty: 10.0, ..none() },
                design: alone(),
                ..tiny()
            },
        ),
        ("augmented", Config { regularization: Regularization { augment: augment(), ..none() }, ..tiny() }),
        (
            "adapting",
            Config {
                regularization: Regularization { augment: augment(), ada_target: 0.6, ada_images: 64, ..none() },
                ..tiny()
            },
        ),
        ("averaged", Config { update, ..tiny() }),
        ("conditional", Config { classes: classes.clone(), ..tiny() }),
        (
            "all",
            Config {
                objective: Objective::Hinge,
                regularization: Regularization { r1: 1.0, r1_every: 2, augment: augment(), ada_target: 0.6, ..none() },
                design: all,
                lr_d: Some(4e-4),
                classes,
                update,
                ..tiny()
            },
        ),
    ]
}

fn train(trainer: &mut Trainer, steps: std::ops::Range<u64>) {
    let conditional = !trainer.classes().is_empty();
    for step in steps {
        let losses = trainer.step(&batch(step), conditional.then_some(&LABELS)).expect("the device works");
        let figures = losses.wait().expect("the device answers");
        assert!(figures.iter().all(|figure| figure.is_finite()), "step {step}: {figures:?}");
    }
}

fn state(trainer: &Trainer) -> Vec<(String, Vec<u32>)> {
    let words = |(name, tensor): (String, Tensor)| (name, tensor.to_words().expect("the device answers"));
    trainer.tensors().into_iter().map(words).collect()
}

fn restored(gpu: &Gpu, trainer: &Trainer) -> Trainer {
    let networks = Networks::Dcgan(trainer.config().clone());
    let header = Header::new(gpu, networks, false, trainer.counters(), Counters::new());
    let checkpoint = Checkpoint::of(gpu, header, trainer.tensors()).expect("the device answers");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("checkpoint.safetensors");
    checkpoint.write(&path).expect("there is room");
    let read = Checkpoint::read(&path).expect("the file is whole");
    let Networks::Dcgan(config) = &read.header.config else { panic!("a DCGAN was written") };
    let mut restored = Trainer::new(gpu, config);
    read.load_into(&path, &mut restored).expect("it fits");
    restored
}

#[test]
fn each_choice_trains_and_goes_on_to_the_same_bits() {
    let gpu = gpu();
    for (name, config) in choices() {
        let mut whole = Trainer::new(&gpu, &config);
        train(&mut whole, 0..3);
        let mut rest = restored(&gpu, &whole);
        train(&mut whole, 3..6);
        train(&mut rest, 3..6);
        assert_eq!(state(&whole), state(&rest), "{name}");
    }
}

#[test]
fn no_choice_is_without_effect() {
    let gpu = gpu();
    let of = |config: &Config| {
        let mut trainer = Trainer::new(&gpu, config);
        let conditional = !config.classes.is_empty();
        train(&mut trainer, 0..2);
        let noise = Random::new(&gpu, 1, 1).normal([4, 1, 1, 8]);
        trainer.draw(&noise, conditional.then_some(&LABELS)).to_words().expect("the device answers")
    };
    let plain = of(&tiny());
    let bare = of(&Config { design: alone(), ..tiny() });
    for (name, config) in choices() {
        // Averages are drawn with by `sample`; the network that is trained does not know of them.
        if name != "averaged" {
            assert_ne!(of(&config), plain, "{name}");
            assert_ne!(of(&config), bare, "{name}");
        }
    }
}

/// γ/2 · E‖∇D‖² in every second step alone, at twice its weight.
#[test]
fn a_lazy_penalty_waits_its_turn() {
    let gpu = gpu();
    let trained = |r1, r1_every, steps| {
        let regularization = Regularization { r1, r1_every, ..Regularization::default() };
        let mut trainer = Trainer::new(&gpu, &Config { regularization, design: alone(), ..tiny() });
        trainer.set_counters(&Counters::from([("steps".to_owned(), steps)]));
        train(&mut trainer, steps..steps + 1);
        state(&trainer)
    };
    assert_eq!(trained(5.0, 2, 1), trained(0.0, 2, 1), "an odd step has none");
    assert_ne!(trained(5.0, 2, 2), trained(0.0, 2, 2), "an even step has one");
    assert_eq!(trained(5.0, 2, 2), trained(10.0, 1, 2), "which weighs as much as two");
}

#[test]
fn a_label_changes_what_is_drawn_and_how_it_is_judged() {
    let gpu = gpu();
    let classes = ["a", "b"].map(str::to_owned).to_vec();
    let trainer = Trainer::new(&gpu, &Config { classes, ..tiny() });
    let noise = Random::new(&gpu, 1, 1).normal([2, 1, 1, 8]);
    let drawn = |labels: &[u32]| trainer.draw(&noise, Some(labels)).to_vec().expect("the device answers");
    let (aa, ab) = (drawn(&[0, 0]), drawn(&[0, 1]));
    let half = aa.len() / 2;
    assert!(aa[..half] == ab[..half] && aa[half..] != ab[half..], "a class is that of its picture");
    let pictures = trainer.tape().constant(trainer.draw(&noise, Some(&[0, 1])));
    let judged = |labels: &[u32]| {
        let labels = trainer.indices(Some(labels));
        trainer.discriminator.judge(&pictures, labels.as_ref()).value().to_vec().expect("the device answers")
    };
    assert_ne!(judged(&[0, 0]), judged(&[0, 1]));
    let names: Vec<_> = trainer.discriminator.parameters().into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"classes.weight".to_owned()), "{names:?}");
}

/// `average ← d a + (1 − d) p`, where d grows with the steps from 0.5^(1 / (rampup · step)) up to `ema`.
#[test]
fn averages_forget_the_first_weights_early_where_they_ramp_up() {
    let gpu = gpu();
    let update = Update { ema: 0.75, ema_rampup: 0.5, clip_grad_norm: 0.0 };
    let mut trainer = Trainer::new(&gpu, &Config { update, ..tiny() });
    let weights = |trainer: &Trainer| {
        let values = |p: sumi::nn::Parameter| wide(&p.var().value().to_vec().expect("the device answers"));
        trainer.generator.parameters().into_iter().flat_map(|(_, p)| values(p)).collect::<Vec<_>>()
    };
    let mut expected = weights(&trainer);
    for (step, decay) in [(0, 0.25), (1, 0.5), (2, 0.5f64.powf(1.0 / 1.5)), (3, 0.5f64.sqrt()), (4, 0.75)] {
        train(&mut trainer, step..step + 1);
        expected.iter_mut().zip(weights(&trainer)).for_each(|(a, p)| *a = decay * *a + (1.0 - decay) * p);
    }
    let averages = trainer.generator_adam.averages();
    let got: Vec<f32> = averages.iter().flat_map(|(_, a)| a.to_vec().expect("the device answers")).collect();
    assert_close("averages", &got, &expected, Tolerance::Pointwise);
    let before = weights(&trainer);
    let seen = trainer.generator_adam.with_averages(|| {
        let copies: Vec<_> = trainer.generator.parameters();
        copies.iter().flat_map(|(_, p)| p.var().value().to_vec().expect("the device answers")).collect::<Vec<_>>()
    });
    assert_eq!(seen, got, "what is drawn inside sees the averages");
    assert_eq!(weights(&trainer), before, "and what comes after the weights");
}

#[test]
fn each_network_has_its_learning_rate() {
    let gpu = gpu();
    let moved = |lr, lr_d| {
        let mut trainer = Trainer::new(&gpu, &Config { lr, lr_d, ..tiny() });
        let weights = |network: &dyn Module| {
            let parameters = network.parameters().into_iter();
            parameters.flat_map(|(_, p)| p.var().value().to_words().expect("the device answers")).collect::<Vec<_>>()
        };
        let of = |trainer: &Trainer| [weights(&trainer.generator), weights(&trainer.discriminator)];
        let before = of(&trainer);
        train(&mut trainer, 0..1);
        let after = of(&trainer);
        [before[0] != after[0], before[1] != after[1]]
    };
    assert_eq!(moved(1e-3, None), [true, true]);
    assert_eq!(moved(1e-3, Some(0.0)), [true, false]);
    assert_eq!(moved(0.0, Some(1e-3)), [false, true]);
}
