//! What holds for every recipe from picture to picture: the same bits for a seed, a resume that is no interruption,
//! memory that stays flat. Tiny networks, two pictures to a batch, not square.

use std::path::Path;

use sumi::{
    gpu::Gpu,
    nn::Module,
    ops::elementwise::unpack_bytes,
    tensor::Tensor,
    train::{
        anime,
        checkpoint::{Checkpoint, Header},
        config::Networks,
        cut, cyclegan,
        recipe::Counters,
        translate::{Batches, Common, Translator},
        update::Update,
    },
};

use crate::{
    common::{gpu, own_gpu},
    golden::formula::pictures,
};

/// `[height, width]`, and pictures in a batch.
const SIZE: [usize; 2] = [16, 24];
const BATCH: usize = 2;

/// The recipes, tiny.
fn recipes(seed: u64) -> [Networks; 4] {
    let common = |common: Common| Common { size: SIZE, load_size: SIZE, batch: BATCH, lr: 1e-3, seed, ..common };
    let cyclegan = cyclegan::Config::default();
    let update = Update { clip_grad_norm: 0.5, ema: 0.9, ema_rampup: 0.0 };
    let cyclegan = cyclegan::Config {
        common: Common { update, ..common(cyclegan.common) },
        ngf: 4,
        ndf: 4,
        blocks: 1,
        d_layers: 2,
        pool_size: 3,
        ..cyclegan
    };
    let cut = cut::Config::default();
    let cut = cut::Config {
        common: common(cut.common),
        ngf: 4,
        ndf: 4,
        blocks: 1,
        d_layers: 2,
        nce_width: 8,
        patches: 6,
        ..cut
    };
    let fastcut = cut::Config { lambda_nce: 10.0, nce_identity: false, mirror: true, ..cut.clone() };
    let anime = anime::Config::default();
    let anime = anime::Config {
        common: common(anime.common),
        ngf: 4,
        ndf: 4,
        blocks: 1,
        d_layers: 1,
        nce_width: 8,
        patches: 6,
        warm_up: 2,
        ..anime
    };
    [Networks::Cyclegan(cyclegan), Networks::Cut(cut), Networks::Cut(fastcut), Networks::Anime(anime)]
}

fn trainer(gpu: &Gpu, networks: &Networks) -> Box<dyn Translator> {
    match networks {
        Networks::Cyclegan(config) => Box::new(cyclegan::Trainer::new(gpu, config)),
        Networks::Cut(config) => Box::new(cut::Trainer::new(gpu, config)),
        Networks::Anime(config) => Box::new(anime::Trainer::new(gpu, config)),
        Networks::Dcgan(_) | Networks::Faces(_) => panic!("from noise nothing is translated"),
    }
}

/// Pictures of a step.
fn batches(gpu: &Gpu, step: u64) -> Batches {
    let [h, w] = SIZE;
    let of = |draw: u64| {
        let whole = pictures(BATCH, 3 + draw, step);
        let at = |n: usize, y: usize, x: usize, c: usize| whole[((n * 64 + 4 * y) * 64 + 2 * x) * 3 + c];
        let index = |i: usize| at(i / (h * w * 3), i / (w * 3) % h, i / 3 % w, i % 3);
        let bytes: Vec<u8> = (0..BATCH * h * w * 3).map(index).collect();
        unpack_bytes(gpu, [BATCH, h, w, 3], &bytes)
    };
    Batches { a: of(0), b: of(1), smooth: Some(of(2)) }
}

/// Steps `from..to` of a run of `length`; the figures of each.
fn run(trainer: &mut dyn Translator, gpu: &Gpu, steps: std::ops::Range<u64>, length: u64) -> Vec<Vec<f32>> {
    let mut step = |step: u64| {
        let figures = trainer.step(&batches(gpu, step), step as f64 / length as f64).expect("the device works");
        figures.wait().expect("the device answers")
    };
    steps.map(&mut step).collect()
}

fn bits(trainer: &dyn Translator) -> Vec<(String, Vec<u32>)> {
    let words = |(name, tensor): (String, Tensor)| (name, tensor.to_words().expect("the device answers"));
    trainer.tensors().into_iter().map(words).collect()
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    let state = |seed| {
        let of = |networks: &Networks| {
            let mut trainer = trainer(&gpu(), networks);
            let figures = run(&mut *trainer, &gpu(), 0..5, 8);
            assert!(figures.iter().flatten().all(|f| f.is_finite()), "{}: {figures:?}", networks.recipe());
            assert_eq!(figures[0].len(), trainer.columns().len(), "{}", networks.recipe());
            bits(&*trainer)
        };
        recipes(seed).each_ref().map(of)
    };
    let (first, again, other) = (state(5), state(5), state(6));
    assert_eq!(first, again);
    for (first, other) in first.iter().zip(&other) {
        assert_ne!(first, other);
    }
}

/// Through a file, with everything that a step depends on: pools, singular vectors, counters, the falling rate.
#[test]
fn a_resumed_training_is_the_uninterrupted_one_bit_for_bit() {
    let (gpu, folder) = (own_gpu(), tempfile::tempdir().expect("a folder can be made"));
    let path = folder.path().join("checkpoint.safetensors");
    for networks in recipes(3) {
        let mut straight = trainer(&gpu, &networks);
        let whole = run(&mut *straight, &gpu, 0..9, 9);
        let mut first = trainer(&gpu, &networks);
        let begun = run(&mut *first, &gpu, 0..5, 9);
        let header = Header::new(&gpu, networks.clone(), false, first.counters(), Counters::new());
        let checkpoint = Checkpoint::of(&gpu, header, first.tensors()).expect("the device answers");
        checkpoint.write(&path).expect("the folder can be written");
        drop(first);
        let mut second = restored(&gpu, &networks, &path);
        assert_eq!(second.steps(), 5);
        let ended = run(&mut *second, &gpu, 5..9, 9);
        assert_eq!(whole, [begun, ended].concat(), "{}: figures", networks.recipe());
        assert_eq!(straight.counters(), second.counters(), "{}", networks.recipe());
        for ((name, straight), (_, resumed)) in bits(&*straight).iter().zip(&bits(&*second)) {
            assert_eq!(straight, resumed, "{}: {name}", networks.recipe());
        }
    }
}

fn restored(gpu: &Gpu, networks: &Networks, path: &Path) -> Box<dyn Translator> {
    let mut trainer = trainer(gpu, networks);
    let checkpoint = Checkpoint::read(path).expect("it is whole");
    checkpoint.load_into(path, &mut *trainer).expect("it fits");
    trainer
}

#[test]
fn what_a_checkpoint_holds_is_named_once() {
    for networks in recipes(0) {
        let mut names: Vec<String> = trainer(&gpu(), &networks).tensors().into_iter().map(|(name, _)| name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{}", networks.recipe());
    }
}

#[test]
fn two_hundred_steps_create_no_device_buffer_after_the_first_cycle() {
    for networks in recipes(0) {
        let own = own_gpu();
        let mut trainer = trainer(&own, &networks);
        let mut cycle = |from: u64| {
            for step in from..from + 20 {
                let figures = trainer.step(&batches(&own, step), 0.0).expect("the device works");
                if step % 10 == 0 {
                    figures.wait().expect("the device answers");
                }
            }
            trainer.draw(&batches(&own, 0).a).iter().for_each(|drawn| drop(drawn.to_vec().expect("it answers")));
            let reads: Vec<_> = trainer.tensors().iter().map(|(_, tensor)| tensor.read()).collect();
            own.submit().expect("the device works");
            reads.iter().for_each(|read| drop(read.wait().expect("the device answers")));
            own.memory()
        };
        let first = cycle(0);
        let later: Vec<_> = (1..10).map(|c| cycle(20 * c)).collect();
        assert!(later.iter().all(|memory| *memory == first), "{}: {first:?} grew to {later:?}", networks.recipe());
    }
}

#[test]
fn the_learning_rate_falls_in_a_straight_line_over_the_last_part() {
    let common = Common { decay: 0.25, ..cut::Config::default().common };
    let factors = [0.0, 0.5, 0.75, 0.875, 1.0].map(|progress| common.lr_factor(progress));
    assert_eq!(factors, [1.0, 1.0, 1.0, 0.5, 0.0]);
    let constant = Common { decay: 0.0, ..common };
    assert_eq!([0.0, 0.5, 1.0].map(|progress| constant.lr_factor(progress)), [1.0; 3]);
    // Where it has fallen to 0 nothing is learnt, whichever optimizer it is.
    for networks in recipes(0) {
        let mut trainer = trainer(&gpu(), &networks);
        let weights = |trainer: &dyn Translator| {
            let learnt = |name: &str| name.ends_with("weight") || name.ends_with("weight_orig");
            bits(trainer).into_iter().filter(|(name, _)| learnt(name)).collect::<Vec<_>>()
        };
        run(&mut *trainer, &gpu(), 0..3, 8);
        let before = weights(&*trainer);
        trainer.step(&batches(&gpu(), 3), 1.0).expect("the device works");
        assert_eq!(before, weights(&*trainer), "{}", networks.recipe());
        trainer.step(&batches(&gpu(), 4), 0.5).expect("the device works");
        assert_ne!(before, weights(&*trainer), "{}", networks.recipe());
    }
}

/// Until the warm-up is over the discriminator neither learns nor is asked.
#[test]
fn anime_warms_up_without_the_discriminator() {
    let Networks::Anime(config) = recipes(0)[3].clone() else { panic!("anime is the last") };
    let mut trainer = anime::Trainer::new(&gpu(), &config);
    let state = |trainer: &anime::Trainer| -> Vec<Vec<u32>> {
        let of = trainer.discriminator.parameters().into_iter();
        of.map(|(_, p)| p.var().value().to_words().expect("the device answers")).collect()
    };
    let before = state(&trainer);
    let figures = run(&mut trainer, &gpu(), 0..2, 100);
    assert_eq!(before, state(&trainer));
    assert!(figures.iter().all(|f| f[..3] == [0.0; 3] && f[3..].iter().all(|v| *v > 0.0)), "{figures:?}");
    let figures = run(&mut trainer, &gpu(), 2..3, 100);
    assert_ne!(before, state(&trainer));
    assert!(figures[0].iter().all(|v| *v > 0.0), "{figures:?}");
}

/// In parts of one and of two of three pictures: the same random choices, and the gradients of the whole batch.
#[test]
fn a_batch_in_parts_has_the_gradients_of_the_whole() {
    let gpu = own_gpu();
    for mut networks in recipes(2) {
        networks.common_mut().expect("it translates").update = Update::default();
        let state = |micro_batch: usize| {
            let mut networks = networks.clone();
            networks.common_mut().expect("it translates").micro_batch = micro_batch;
            let mut trainer = trainer(&gpu, &networks);
            let figures: Vec<_> = (0..4)
                .map(|step| {
                    let [one, other] = [batches(&gpu, step), batches(&gpu, 100 + step)];
                    let three = |one: &Tensor, other: &Tensor| {
                        let mut values = one.to_vec().expect("the device answers");
                        values.extend(&other.to_vec().expect("the device answers")[..values.len() / BATCH]);
                        Tensor::from_slice(&gpu, [3, SIZE[0], SIZE[1], 3], &values)
                    };
                    let smooth = one.smooth.as_ref().zip(other.smooth.as_ref()).map(|(one, other)| three(one, other));
                    let whole = Batches { a: three(&one.a, &other.a), b: three(&one.b, &other.b), smooth };
                    let figures = trainer.step(&whole, 0.0).expect("the device works");
                    figures.wait().expect("the device answers")
                })
                .collect();
            let values = |(name, tensor): (String, Tensor)| (name, tensor.to_vec().expect("the device answers"));
            (figures, trainer.tensors().into_iter().map(values).collect::<Vec<_>>())
        };
        let (whole, of_whole) = state(0);
        for micro_batch in [1, 2] {
            let what = format!("{} in parts of {micro_batch}", networks.recipe());
            let (parts, of_parts) = state(micro_batch);
            // Rounding grows from step to step, so that what is near in the first is only alike in the last.
            for (step, tolerance) in [(0, 1e-5), (3, 2e-2)] {
                for (part, whole) in parts[step].iter().zip(&whole[step]) {
                    assert!(
                        (part - whole).abs() <= tolerance * whole.abs().max(0.1),
                        "{what}, step {step}: {part} {whole}"
                    );
                }
            }
            assert_ne!(of_parts, of_whole, "{what}: were there parts?");
            for ((name, part), (_, whole)) in of_parts.iter().zip(&of_whole) {
                let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v * v)).sum::<f64>().sqrt();
                let apart = norm(&mut part.iter().zip(whole).map(|(part, whole)| part - whole));
                // Adam makes steps of full length of gradients that are zero but for rounding, biases before a norm:
                // four of them go so far, and the others may go the other way.
                let rounding = 2.0 * 1e-3 * 4.0 * (part.len() as f64).sqrt();
                assert!(apart <= 0.02 * norm(&mut whole.iter().copied()) + rounding, "{what}: {name} is {apart} off");
            }
        }
    }
}

/// Activations that are computed again are the ones that were forgotten. Where patches of a stage's output are compared
/// too, three gradients meet there, and in another order than without stages.
#[test]
fn activations_computed_again_give_the_same_gradients() {
    let gpu = own_gpu();
    for networks in recipes(4) {
        let state = |again: bool| {
            let mut networks = networks.clone();
            networks.common_mut().expect("it translates").checkpoint_activations = again;
            let mut trainer = trainer(&gpu, &networks);
            let figures = run(&mut *trainer, &gpu, 0..4, 9);
            (figures, bits(&*trainer))
        };
        let (what, (remembered, of_remembered), (again, of_again)) = (networks.recipe(), state(false), state(true));
        assert_eq!(remembered[0], again[0], "{what}");
        if what == "cyclegan" {
            assert!(remembered == again && of_remembered == of_again, "{what}: other bits");
        }
        for (one, other) in remembered.iter().zip(&again).flat_map(|(one, other)| one.iter().zip(other)) {
            assert!((one - other).abs() <= 1e-2 * one.abs().max(0.1), "{what}: {one} and {other}");
        }
    }
}

/// What the generator is for: on one batch its losses fall.
#[test]
fn each_recipe_learns() {
    let gpu = own_gpu();
    for networks in recipes(1) {
        let mut trainer = trainer(&gpu, &networks);
        let batches = batches(&gpu, 0);
        let content = match networks.recipe() {
            "cyclegan" => vec![2, 3, 6, 7],
            "cut" => vec![4],
            _ => vec![3, 4, 6],
        };
        let mut losses = Vec::new();
        for _ in 0..60 {
            let figures = trainer.step(&batches, 0.0).expect("the device works").wait().expect("it answers");
            losses.push(content.iter().map(|at| figures[*at]).sum::<f32>());
        }
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        let (start, end) = (mean(&losses[..5]), mean(&losses[55..]));
        assert!(end < 0.9 * start, "{}: content losses went from {start} to {end}", networks.recipe());
    }
}
