//! `bench tune`: what it asks and finds, and what a device does with it.

use std::{fs, path::Path, process::Command};

use sumi::{
    gpu::{Asked, Cache, Choice, Entry, FamilyKind, Gpu, Options, Tuning},
    ops::{matmul::matmul, random::Random, tape},
    train::{
        config::Networks,
        dcgan::{Config, Trainer},
        noise::Painter,
    },
    tune::{self, Effort, Finding, Listener, Problem},
};

use crate::common::{families, open, own_gpu, wanted_adapter};

const TINY: Effort = Effort { sample: 1e-4, samples: 1, rounds: 1, parts: true };

fn networks() -> Networks {
    Networks::Dcgan(Config { size: 16, nz: 8, ngf: 8, ndf: 8, batch: 3, ..Config::default() })
}

fn questions() -> Vec<Asked> {
    tune::questions(&own_gpu(), &networks())
}

fn options(family: Option<FamilyKind>) -> Options {
    Options { adapter: wanted_adapter(), family, ..Options::default() }
}

/// Notes what it is told; stops after some findings.
struct Notes {
    found: Vec<Finding>,
    enough: usize,
}

impl Listener for Notes {
    fn begin(&mut self, done: usize, _all: usize, _kernel: &str) {
        assert_eq!(done, self.found.len());
    }

    fn found(&mut self, finding: &Finding) {
        self.found.push(finding.clone());
    }

    fn should_stop(&self) -> bool {
        self.found.len() >= self.enough
    }
}

#[test]
fn a_networks_products_ask_once_each_and_what_is_asked_is_what_a_step_looks_up() {
    let asked = questions();
    // Three layers of the generator and three of the discriminator, three products of each, but for the gradient by the
    // noise that nobody wants.
    for kind in ["conv2d_backward_input", "conv2d_backward_weight"] {
        assert!(asked.iter().any(|question| question.kernel.starts_with(kind)), "nothing asks for {kind}");
    }
    for (place, question) in asked.iter().enumerate() {
        let same = |other: &Asked| (other.kernel, &other.shape) == (question.kernel, &question.shape);
        assert!(!asked[..place].iter().any(same), "{question:?} twice");
        assert!(!question.candidates.is_empty());
        assert!(tune::describe(question.kernel, &question.shape).contains(['x', '[']));
    }
    let gpu = own_gpu();
    let mut trainer = Trainer::new(
        &gpu,
        match &networks() {
            Networks::Dcgan(config) => config,
            _ => unreachable!("it is one"),
        },
    );
    gpu.tuning().listen();
    trainer.step(&vec![7; 3 * 16 * 16 * 3], None).expect("the device works");
    for looked_up in gpu.tuning().heard() {
        assert!(asked.contains(&looked_up), "a step asks for more: {looked_up:?}");
    }
}

/// Every candidate of every family computes the right thing, whatever it takes.
#[test]
fn every_candidate_is_right_on_every_family() {
    for gpu in families() {
        let kind = match gpu.family() {
            sumi::gpu::Family::Tiled => FamilyKind::Tiled,
            sumi::gpu::Family::Lanes { .. } => FamilyKind::Lanes,
            sumi::gpu::Family::Panels { .. } => FamilyKind::Panels,
        };
        let listening = open(&options(Some(kind)));
        let asked = tune::questions(&listening, &networks());
        drop(listening);
        // On a driver each candidate is compiled: some will do.
        let enough = if gpu.adapter().compiles() { 3 } else { usize::MAX };
        let mut notes = Notes { found: Vec::new(), enough };
        let findings = tune::measure(&options(Some(kind)), &asked, TINY, &mut notes).expect("the device works");
        assert_eq!(findings.len(), asked.len().min(enough));
        assert_eq!(findings, notes.found);
        for finding in findings {
            assert!(finding.dropped.is_empty(), "{finding:?}");
            assert!(finding.rule.1.is_some_and(|seconds| seconds > 0.0) && finding.best.is_some(), "{finding:?}");
            assert!((0.0..1.0).contains(&finding.gain()));
        }
    }
}

#[test]
fn a_problem_that_is_computed_wrongly_would_be_seen() {
    let gpu = own_gpu();
    let problem = Problem::new(&gpu, "matmul", &[5, 300, 7]).expect("it is a product");
    let (got, want) = (problem.run().to_vec(), problem.by_definition().to_vec());
    let (got, want) = (got.expect("it answers"), want.expect("it answers"));
    let apart = got.iter().zip(&want).map(|(got, want)| (got - want).abs()).fold(0.0, f32::max);
    assert!(apart <= problem.tolerance(), "{apart} of {}", problem.tolerance());
    // A term of the sum is about 1.
    assert!(problem.tolerance() < 0.01, "{}", problem.tolerance());
    assert!(Problem::new(&gpu, "add", &[5]).is_none() && Problem::new(&gpu, "matmul", &[5]).is_none());
}

/// A file in the folder of a device changes which tiles it takes, and no other file and no other device.
#[test]
fn a_device_takes_the_choices_of_its_folder_and_of_no_other() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let cache = Cache::new(folder.path());
    let product = |gpu: &Gpu| {
        let tape = tape(gpu);
        let of = |seed, shape: [usize; 2]| tape.constant(Random::new(gpu, seed, 0).normal(shape));
        matmul(&of(1, [40, 70]), &of(2, [70, 90])).value().to_vec().expect("it answers")
    };
    let plain = own_gpu();
    plain.tuning().listen();
    let wanted = product(&plain);
    let asked = plain.tuning().heard().remove(0);
    let choice = asked.candidates.last().expect("there are some").clone();
    assert_ne!(choice, asked.candidates[0], "there is something to choose");
    let entry = Entry { kernel: asked.kernel.to_owned(), shape: asked.shape.clone(), choice: choice.clone() };
    cache.write_tuning(plain.adapter(), &Tuning::new([entry])).expect("there is room");

    let tuned = open(&Options { cache: Some(folder.path().to_owned()), ..options(None) });
    assert!(tuned.notes().len() == 1 && tuned.notes()[0].contains("1 choices"), "{:?}", tuned.notes());
    assert!(!tuned.tuning().fingerprint().is_empty());
    tuned.tuning().listen();
    let got = product(&tuned);
    let taken = tuned.tuning().ask(asked.kernel, || asked.shape.clone(), Vec::new);
    assert_eq!(taken, Some(choice));
    let apart = got.iter().zip(&wanted).map(|(got, want)| (got - want).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-4, "the same product, {apart} apart");

    let other = own_gpu();
    assert!(other.notes().is_empty() && other.tuning().fingerprint().is_empty(), "{:?}", other.notes());
}

#[test]
fn a_row_that_no_table_has_is_not_taken() {
    let gpu = own_gpu();
    let problem = Problem::new(&gpu, "matmul", &[5, 30, 7]).expect("it is a product");
    gpu.tuning().listen();
    drop(problem.run());
    let asked = gpu.tuning().heard().remove(0);
    let choice = Choice { tile: vec![3, 3, 3], parts: 1 };
    gpu.tuning().set(Entry { kernel: asked.kernel.to_owned(), shape: asked.shape, choice });
    let (got, want) = (problem.run().to_vec(), problem.by_definition().to_vec());
    let (got, want) = (got.expect("it answers"), want.expect("it answers"));
    assert!(got.iter().zip(&want).all(|(got, want)| (got - want).abs() <= problem.tolerance()));
}

fn program(name: &str, place: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(name);
    command.current_dir(place).args(arguments).env("SUMI_CACHE", place.join("cache")).env("XDG_RUNTIME_DIR", place);
    if let Some(adapter) = wanted_adapter() {
        command.arg("--adapter").arg(adapter);
    }
    let output = command.output().expect("the program starts");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

/// From measuring to a run and a resume that tells the difference.
#[test]
fn what_was_measured_is_used_told_and_forgotten() {
    let place = tempfile::tempdir().expect("a folder can be made");
    let bench =
        |arguments: &[&str]| program(env!("CARGO_BIN_EXE_bench"), place.path(), &[&["tune"], arguments].concat());
    let train = |arguments: &[&str]| program(env!("CARGO_BIN_EXE_train"), place.path(), arguments);
    let (worked, said) = bench(&["--networks", "nonsense"]);
    assert!(!worked && said.contains("'nonsense'") && said.contains("dcgan64"), "{said}");

    // Choices for the run's own shapes, made up: which one is the fastest is not the question here.
    let gpu = own_gpu();
    let config = Config { size: 16, nz: 8, ngf: 4, ndf: 4, batch: 4, ..Config::default() };
    let other = |asked: Asked| {
        let choice = asked.candidates.into_iter().nth(1)?;
        Some(Entry { kernel: asked.kernel.to_owned(), shape: asked.shape, choice })
    };
    let entries: Vec<Entry> = tune::questions(&gpu, &Networks::Dcgan(config)).into_iter().filter_map(other).collect();
    let cache = Cache::new(place.path().join("cache"));
    cache.write_tuning(gpu.adapter(), &Tuning::new(entries.clone())).expect("there is room");
    let tiny = ["--size", "16", "--ngf", "4", "--ndf", "4", "--nz", "8", "--batch", "4", "--portraits", "8"];
    let (worked, said) = train(&[&tiny[..], &["--out", "run", "--steps", "2"]].concat());
    assert!(worked && said.contains(&format!("{} choices as measured", entries.len())), "{said}");
    let (_, said) = bench(&["--print"]);
    assert!(said.contains(&entries[0].kernel) && said.contains(&format!("{} choices", entries.len())), "{said}");
    let (worked, said) = train(&["--resume", "run", "--steps", "3"]);
    assert!(worked && !said.contains("other measured choices"), "{said}");

    let (worked, said) = bench(&["--clear"]);
    assert!(worked && said.contains("Forgotten"), "{said}");
    let (worked, said) = train(&["--resume", "run", "--steps", "4"]);
    assert!(worked && said.contains("other measured choices"), "{said}");
    let left = fs::read_dir(place.path().join("cache")).expect("it is there");
    let names: Vec<_> = left.map(|entry| entry.expect("it can be read").file_name().into_string()).collect();
    assert!(names.iter().flatten().all(|name| !name.starts_with("tuning")), "{names:?}");
}
