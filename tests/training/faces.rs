//! The step of faces, by formulas in f64 on what the networks themselves say, and runs that go on to the same bits.

use sumi::{
    autograd::Var,
    models::fastgan::{half, quarter},
    ops::random::Random,
    philox::Philox,
    tensor::Tensor,
    train::{
        checkpoint::{Checkpoint, Header},
        config::Networks,
        faces::{Config, Trainer},
        noise::Painter,
        recipe::{Counters, Trained},
        sample::restore,
        update::Update,
    },
};

use crate::common::{families, gpu};

const N: usize = 2;

fn config() -> Config {
    Config { size: 64, batch: N, nz: 8, ngf: 2, ndf: 4, augment: None, seed: 5, ..Config::default() }
}

fn pictures(step: usize) -> Vec<u8> {
    (0..N * 64 * 64 * 3).map(|i| ((i + 7 * step) * 37 % 251) as u8).collect()
}

fn wide(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec().expect("the device answers").into_iter().map(f64::from).collect()
}

/// The mean hinge of logits with as many margins.
fn hinge(logits: &[f64], margins: &[f64], sign: f64) -> f64 {
    let terms = logits.iter().zip(margins).map(|(logit, margin)| (0.8 + 0.2 * margin + sign * logit).max(0.0));
    terms.sum::<f64>() / logits.len() as f64
}

fn apart(a: &Var, b: &Var) -> f64 {
    let (a, b) = (wide(a.value()), wide(b.value()));
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f64>() / a.len() as f64
}

#[test]
fn a_step_plays_for_what_the_paper_says() {
    for gpu in families() {
        let (mut trainer, twin) = (Trainer::new(&gpu, &config()), Trainer::new(&gpu, &config()));
        let random = |stream| Random::stream(&gpu, 5, 0, stream);
        let noise = random(7).normal([N, 1, 1, 8]);
        let real = random(8).normal([N, 64, 64, 3]);

        // By the twin, whose weights stay: what the discriminator says, in the order of a step.
        let tape = twin.tape();
        let [big, small] = twin.generator.draw(&tape.constant(noise.clone()));
        let real_twin = tape.constant(real.clone());
        let judged = twin.discriminator.judge(&real_twin, &half(&real_twin));
        let which = Philox::new(5, 6 << 40).below(4) as usize;
        let drawn = twin.discriminator.decode(&judged, which);
        let wanted = [half(&real_twin), quarter(&real_twin, which), half(&real_twin)];
        let redraw: f64 = drawn.iter().zip(&wanted).map(|(drawn, wanted)| apart(drawn, wanted)).sum();
        let fake_logits = twin.discriminator.judge(&big, &small).logits;
        let margins = random(9);
        let margins = [margins.uniform([N, 50]), margins.uniform([N, 50])].map(|margins| wide(&margins));
        let loss = hinge(&wide(judged.logits.value()), &margins[0], -1.0)
            + hinge(&wide(fake_logits.value()), &margins[1], 1.0);

        let fake = trainer.generator.draw(&trainer.tape().constant(noise));
        let real = trainer.tape().constant(real);
        let d = trainer.learn_discriminator(&real, &fake.each_ref().map(Var::detach), &random(9));
        let near = |what: &str, got: &Var, want: f64| {
            let got = wide(got.value())[0];
            assert!((got - want).abs() < 1e-5 * want.abs().max(1.0), "{what} on {:?}: {got}, {want}", gpu.family());
        };
        near("the hinge loss", &d.loss, loss);
        near("what was drawn again", &d.redraw, redraw);

        let moments = |trainer: &Trainer| {
            let words = |(_, moment): &(String, Tensor)| moment.to_words().expect("the device answers");
            trainer.discriminator_adam.moments().iter().map(words).collect::<Vec<_>>()
        };
        let before = moments(&trainer);
        let g = trainer.learn_generator(&fake, &random(9));
        let logits = wide(g.logits.value());
        near("the generator's loss", &g.loss, -logits.iter().sum::<f64>() / logits.len() as f64);
        assert!(before == moments(&trainer), "the generator's half is no step of the discriminator");
        assert_eq!((trainer.generator_adam.steps(), trainer.discriminator_adam.steps()), (1, 1));
    }
}

/// Every part of the discriminator learns: without the task to draw again, its decoders do not.
#[test]
fn drawing_again_is_what_decoders_learn_from() {
    let moved = |redraw: f64| {
        let mut trainer = Trainer::new(&gpu(), &Config { redraw, ..config() });
        trainer.step(&pictures(0), None).expect("the device works");
        let first = |(name, moment): (String, Tensor)| (name, wide(&moment).iter().any(|value| *value != 0.0));
        let moments = trainer.discriminator_adam.moments().into_iter().filter(|(name, _)| name.ends_with("exp_avg"));
        moments.map(first).collect::<Vec<_>>()
    };
    assert!(moved(1.0).iter().all(|(_, moved)| *moved), "{:?}", moved(1.0));
    assert!(moved(0.0).iter().all(|(name, moved)| *moved != name.starts_with("decoder")), "{:?}", moved(0.0));
}

#[test]
fn a_run_of_faces_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("faces.safetensors");
    let update = Update { ema: 0.9, ema_rampup: 0.05, clip_grad_norm: 1.0 };
    let config = Config { augment: "color,translation,cutout".parse().ok(), update, ..config() };
    let run = |trainer: &mut Trainer, steps: std::ops::Range<usize>| {
        steps.for_each(|step| drop(trainer.step(&pictures(step), None).expect("the device works")));
    };
    let state = |trainer: &Trainer| {
        let words = |(name, tensor): (String, Tensor)| (name, tensor.to_words().expect("the device answers"));
        trainer.tensors().into_iter().map(words).collect::<Vec<_>>()
    };
    let mut straight = Trainer::new(&gpu(), &config);
    run(&mut straight, 0..4);
    let mut first = Trainer::new(&gpu(), &config);
    run(&mut first, 0..2);
    let header = Header::new(&gpu(), Networks::Faces(config.clone()), false, first.counters(), Counters::new());
    let saved = Checkpoint::of(&gpu(), header, first.tensors()).expect("the device answers");
    saved.write(&path).expect("there is room");
    let mut other = Trainer::new(&gpu(), &config);
    Checkpoint::read(&path).expect("it is one").load_into(&path, &mut other).expect("it fits");
    run(&mut other, 2..4);
    for ((name, got), (_, want)) in state(&other).iter().zip(&state(&straight)) {
        assert!(got == want, "{name} is another one");
    }
    let (painter, header) = restore(&gpu(), &path).expect("it is a run that draws");
    assert_eq!((painter.size(), painter.nz(), header.steps()), (64, 8, 2));
    let averages = first.generator_adam.averages();
    for ((name, parameter), (_, average)) in painter.generator().parameters().iter().zip(averages) {
        assert_eq!(wide(parameter.var().value()), wide(&average), "{name}: drawn with averages");
    }
}
