//! Averages of a generator's weights: kept step by step, in the checkpoint, and drawn with.

use sumi::{
    autograd::Tape,
    models::animegan::AnimeGenerator,
    nn::Module,
    ops::random::Random,
    tensor::Tensor,
    train::{
        anime,
        checkpoint::{Checkpoint, Error, Header},
        config::{Networks, RunConfig},
        dcgan::{self, Config, Trainer},
        flags::RunFlags,
        generator::{Direction, Generator},
        noise::Painter,
        preset::Preset,
        recipe::{Counters, Trained},
        sample::restore,
        update::Update,
    },
};

use super::{config, wide};
use crate::common::{
    compare::{Tolerance, assert_close},
    gpu,
};

const UPDATE: Update = Update { clip_grad_norm: 0.5, ema: 0.75, ema_rampup: 0.0 };

fn small(update: Update) -> Config {
    Config { size: 16, nz: 8, update, ..config(4, 4) }
}

fn values(tensors: &[(String, Tensor)]) -> Vec<Vec<f32>> {
    tensors.iter().map(|(_, tensor)| tensor.to_vec().expect("the device answers")).collect()
}

fn weights(network: &dyn Module) -> Vec<(String, Tensor)> {
    network.parameters().into_iter().map(|(name, p)| (name, p.var().value().clone())).collect()
}

fn step(trainer: &mut Trainer) {
    let tape: &Tape = trainer.tape();
    let draw = |seed, shape: [usize; 4]| tape.constant(Random::new(tape.gpu(), seed, 0).normal(shape));
    let (noise, real) = (draw(1, [4, 1, 1, 8]), draw(2, [4, 16, 16, 3]));
    let _ = trainer.step_on(&noise, &real, None);
}

#[test]
fn averages_follow_the_weights_and_the_checkpoint_draws_with_them() {
    let gpu = gpu();
    let mut trainer = Trainer::new(&gpu, &small(UPDATE));
    let mut expected = values(&weights(&trainer.generator));
    for _ in 0..3 {
        step(&mut trainer);
        for (average, now) in expected.iter_mut().zip(values(&weights(&trainer.generator))) {
            for (a, p) in average.iter_mut().zip(now) {
                *a = 0.75 * *a + 0.25 * p;
            }
        }
    }
    let averages = trainer.generator_adam.averages();
    for ((name, average), want) in averages.iter().zip(&expected) {
        let got = average.to_vec().expect("the device answers");
        assert_close(name, &got, &wide(want), Tolerance::Pointwise);
    }
    assert!(trainer.discriminator_adam.averages().is_empty(), "nobody draws with a discriminator");

    let networks = Networks::Dcgan(small(UPDATE));
    let header = Header::new(&gpu, networks, false, trainer.counters(), Counters::new());
    let checkpoint = Checkpoint::of(&gpu, header, trainer.tensors()).expect("the device answers");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("checkpoint.safetensors");
    checkpoint.write(&path).expect("there is room");
    let (restored, _) = restore(&gpu, &path).expect("the file is whole");
    assert_eq!(values(&weights(restored.generator())), values(&averages), "sample draws with the averages");

    let mut without = Trainer::new(&gpu, &small(Update::default()));
    let misfit = checkpoint.load_into(&path, &mut without).expect_err("it keeps no averages");
    assert!(matches!(misfit, Error::Misfit { .. }) && misfit.to_string().contains(".average"), "{misfit}");
}

#[test]
fn a_generator_of_a_translation_is_its_averages() {
    let gpu = gpu();
    let mut config = anime::Config { ngf: 4, ndf: 4, blocks: 1, nce_width: 8, ..anime::Config::default() };
    config.common.update = Update { ema: 0.5, ..Update::default() };
    let trainer = anime::Trainer::new(&gpu, &config);
    let networks = Networks::Anime(config);
    let header = Header::new(&gpu, networks, false, trainer.counters(), Counters::new());
    let mut checkpoint = Checkpoint::of(&gpu, header, trainer.tensors()).expect("the device answers");
    let average = checkpoint.tensors.iter_mut().filter(|(name, _)| name.ends_with(".average"));
    assert_eq!(average.map(|(_, values)| values.elements.fill(0.125)).count(), {
        let (width, blocks) = (4, 1);
        let tape = sumi::ops::tape(&gpu);
        let generator = AnimeGenerator { width, blocks, ..AnimeGenerator::default() };
        generator.generator(&tape, &mut sumi::nn::init::Init::new(0, 0)).parameters().len()
    });
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("checkpoint.safetensors");
    checkpoint.write(&path).expect("there is room");
    let generator = Generator::open(&gpu, &path, Direction::AtoB).expect("the file is whole");
    assert!(generator.about.contains("averages of its G"), "{}", generator.about);
    assert!(values(&weights(&generator.network)).iter().flatten().all(|weight| *weight == 0.125));
}

#[test]
fn clipping_may_change_at_a_resume_and_averages_may_not_begin_or_end() {
    let run = |update| {
        let mut run = RunConfig::of(Preset::all("dcgan").remove(0));
        run.networks = Networks::Dcgan(small(update));
        run
    };
    let flags = |clip, ema| RunFlags { clip_grad_norm: clip, ema, ..RunFlags::default() };
    let own = dcgan::Flags::default();
    let changed = run(UPDATE).apply(&flags(Some(0.0), Some(0.5)), &own);
    assert!(changed.refused.is_empty() && changed.made.len() == 2, "{changed:?}");
    for (from, to) in [(UPDATE, 0.0), (Update::default(), 0.9)] {
        let changed = run(from).apply(&flags(None, Some(to)), &own);
        assert!(changed.refused.len() == 1 && changed.refused[0].contains("--ema"), "{changed:?}");
    }
    let text = toml::to_string(&run(UPDATE)).expect("it is plain data");
    let back: RunConfig = toml::from_str(&text).expect("it is whole");
    assert_eq!(back, run(UPDATE));
    let plain = toml::to_string(&run(Update::default())).expect("it is plain data");
    assert!(!plain.contains("ema") && !plain.contains("clip"), "{plain}");
    assert_eq!(toml::from_str::<RunConfig>(&plain).expect("it is whole"), run(Update::default()));
}
