//! Memory known before it is spent: what a plan says is what a run then holds, and what it offers fits.

use std::{io::Write, path::Path, time::Duration};

use sumi::{
    data::WAITING,
    gpu::{self, AdapterKind, Gpu},
    parallel::World,
    train::{
        Error, anime,
        config::{Networks, RecipeFlags, RunConfig},
        cut, cyclegan, dcgan, faces,
        flags::RunFlags,
        plan::{self, Plan},
        preset::{Preset, RECIPES},
        run::{Listener, Resumed, Run},
    },
};

use crate::common::own_gpu;

/// Says a measurement even where the test passes: what is printed the usual way is shown for failures only.
fn tell(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// Keeps what is said.
#[derive(Default)]
struct Told(Vec<String>);

impl Listener for Told {
    fn say(&mut self, sentence: &str) {
        self.0.push(sentence.to_owned());
    }
    fn warn(&mut self, sentence: &str) {
        panic!("nothing goes wrong: {sentence}");
    }
    fn preparing(&mut self, _: usize, _: usize) {}
    fn begin(&mut self, _: u64, _: u64, _: usize) {}
    fn step(&mut self, _: u64, _: Duration) {}
    fn figures(&mut self, _: u64, _: u64, _: &str) {}
    fn should_stop(&self) -> bool {
        false
    }
}

fn own(recipe: &str) -> Box<dyn RecipeFlags> {
    match recipe {
        "dcgan" => Box::new(dcgan::Flags::default()),
        "faces" => Box::new(faces::Flags::default()),
        "cyclegan" => Box::new(cyclegan::Flags::default()),
        "cut" => Box::new(cut::Flags::default()),
        _ => Box::new(anime::Flags::default()),
    }
}

/// A short run of a recipe from its smallest preset, as `change` has it.
fn config(recipe: &str, change: impl FnOnce(&mut RunConfig)) -> RunConfig {
    let flags = RunFlags { steps: Some(6), sample_every: Some(3), log_every: Some(1), ..RunFlags::default() };
    let mut config = RunConfig::new(&flags, &*own(recipe), AdapterKind::Native).expect("there is such a preset");
    config.source.portraits = 12;
    change(&mut config);
    config.check().expect("it can be meant");
    config
}

fn dcgan(size: usize, width: usize, batch: usize) -> RunConfig {
    config("dcgan", |config| {
        let Networks::Dcgan(dcgan) = &mut config.networks else { panic!("it is one") };
        (dcgan.size, dcgan.ngf, dcgan.ndf, dcgan.batch) = (size, width, width, batch);
        dcgan.update.ema = if size == 32 { 0.9 } else { 0.0 };
    })
}

fn faces(width: usize, batch: usize) -> RunConfig {
    config("faces", |config| {
        let Networks::Faces(faces) = &mut config.networks else { panic!("it is one") };
        (faces.nz, faces.ngf, faces.ndf, faces.batch) = (16, width, width, batch);
    })
}

/// A recipe from picture to picture, whose pools are full and whose warm-up is over before its short run is.
fn translator(recipe: &str, side: usize, batch: usize, micro_batch: usize) -> RunConfig {
    config(recipe, |config| {
        match &mut config.networks {
            Networks::Cyclegan(cyclegan) => cyclegan.pool_size = 3,
            Networks::Anime(anime) => anime.warm_up = 2,
            _ => {}
        }
        let common = config.networks.common_mut().expect("it translates");
        (common.size, common.load_size) = ([side; 2], [side + 4; 2]);
        (common.batch, common.micro_batch) = (batch, micro_batch);
    })
}

/// Trains; the bytes that the device then holds.
fn held(gpu: &Gpu, config: RunConfig, folder: &Path) -> u64 {
    let mut told = Told::default();
    let mut run = Run::start(gpu, &World::alone(), config, Some(folder), &mut told).expect("it can be started");
    run.train(&mut told).expect("nothing is wrong");
    assert!(told.0.iter().any(|said| said.starts_with("Memory: ")), "{:?}", told.0);
    gpu.memory().bytes
}

#[test]
fn a_plan_is_what_a_run_then_holds() {
    let place = tempfile::tempdir().expect("a folder can be made");
    let runs = [
        dcgan(16, 8, 4),
        dcgan(32, 16, 16),
        dcgan(64, 16, 8),
        faces(8, 4),
        translator("cyclegan", 32, 1, 0),
        translator("cyclegan", 48, 4, 2),
        translator("cut", 32, 2, 0),
        translator("anime", 32, 4, 0),
        translator("anime", 32, 4, 1),
    ];
    for (number, config) in runs.into_iter().enumerate() {
        let (gpu, folder) = (own_gpu(), place.path().join(number.to_string()));
        let plan = Plan::of(&gpu, &World::alone(), &config, false).expect("it fits any adapter");
        assert_eq!(gpu.memory().bytes, 0, "a plan takes nothing");
        if let Some(side) = config.networks.drawn_size() {
            let pictures = config.source.portraits as usize + WAITING * config.networks.batch();
            assert_eq!(plan.pictures, (pictures * 3 * side * side) as u64, "the set, and the batches that wait");
        }
        let what = format!("{} {number}: {}", config.recipe, plan.describe());
        let held = held(&gpu, config, &folder);
        let off = plan.device() as f64 / held as f64 - 1.0;
        tell(&format!("{what}: {held} bytes were held, {:.2} % off", 100.0 * off));
        assert!(off.abs() < 1e-3, "{what}: {held} bytes are held, {:.1} % off", 100.0 * off);

        // And where it is gone on with.
        let flags = RunFlags { steps: Some(12), ..RunFlags::default() };
        let gpu = own_gpu();
        let recipe = what.split(' ').next().expect("it has a name");
        let resumed = Resumed::read(&folder, &flags, &*own(recipe)).expect("it is there");
        let plan = Plan::of(&gpu, &World::alone(), &resumed.config, true).expect("it fits any adapter");
        let mut told = Told::default();
        let mut run = Run::resume(&gpu, &World::alone(), resumed, &mut told).expect("it can be gone on with");
        run.train(&mut told).expect("nothing is wrong");
        let (planned, held) = (plan.device() as f64, gpu.memory().bytes as f64);
        tell(&format!("resumed: {held} bytes were held, {:.2} % off", 100.0 * (planned / held - 1.0)));
        assert!(
            (planned / held - 1.0).abs() < 1e-2,
            "{what}, resumed: {held} bytes are held and {planned} were planned"
        );
    }
}

#[test]
fn parts_of_a_batch_and_stages_take_less() {
    let gpu = own_gpu();
    for recipe in ["cyclegan", "cut", "anime"] {
        let of = |micro_batch: usize| {
            let config = translator(recipe, 32, 8, micro_batch);
            Plan::of(&gpu, &World::alone(), &config, false).expect("it fits any adapter").workspace
        };
        let [whole, four, one] = [of(0), of(4), of(1)];
        assert!(one < four && four < whole, "{recipe}: {one}, {four}, {whole}");
        let mut again = translator(recipe, 32, 8, 0);
        again.networks.common_mut().expect("it translates").checkpoint_activations = true;
        let again = Plan::of(&gpu, &World::alone(), &again, false).expect("it fits any adapter").workspace;
        tell(&format!("{recipe}: {whole} bytes to work in; of 4 {four}, of 1 {one}; by stages {again}"));
        assert!(again < whole, "{recipe}: {again}, {whole}");
    }
}

#[test]
fn too_much_is_refused_with_offers_that_fit() {
    let gpu = own_gpu();
    for config in [dcgan(32, 16, 64), faces(8, 32), translator("cyclegan", 48, 8, 0), translator("anime", 48, 8, 0)] {
        let whole = Plan::of(&gpu, &World::alone(), &config, false).expect("it fits any adapter").total();
        let limited = RunConfig { memory: Some(whole * 6 / 10), ..config.clone() };
        let refused = plan::check(&gpu, &World::alone(), &limited, false, &mut Told::default());
        let refused = refused.expect_err("it is too much").to_string();
        assert!(refused.contains("as --memory says") && refused.contains("--batch "), "{refused}");
        assert_eq!(refused.contains("--micro-batch "), !config.networks.draw_from_noise(), "{refused}");
        let batch = refused.split(" --batch ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a number");
        let mut smaller = limited.clone();
        smaller.networks.set_batch(batch.parse().expect("a number"));
        let mut told = Told::default();
        plan::check(&gpu, &World::alone(), &smaller, false, &mut told).expect("what is offered fits");
        let exact = RunConfig { memory: Some(whole), ..config };
        plan::check(&gpu, &World::alone(), &exact, false, &mut told).expect("it just fits");
    }
    let nothing = RunConfig { memory: Some(1000), ..dcgan(16, 4, 1) };
    let refused = plan::check(&gpu, &World::alone(), &nothing, false, &mut Told::default());
    assert!(refused.expect_err("it is too much").to_string().contains("No smaller"));
}

/// The starting points of all recipes are planned in no time, for no kernel is compiled.
#[test]
fn every_preset_can_be_planned() {
    let gpu = own_gpu();
    for preset in RECIPES.into_iter().flat_map(Preset::all) {
        let (name, begun) = (preset.name, std::time::Instant::now());
        let mut config = RunConfig::of(preset);
        config.source.portraits = 1;
        let plan = match Plan::of(&gpu, &World::alone(), &config, false) {
            Ok(plan) => plan,
            // The large ones have tensors that a small adapter cannot bind, and a run of them would be told so.
            Err(Error::Gpu(gpu::Error::TooLarge { mib, limit_mib })) if mib > limit_mib => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        assert!(plan.workspace > 0 && plan.moments == 2 * plan.gradients, "{name}: {}", plan.describe());
        tell(&format!("{name}: {} in {:.2} s", plan.describe(), begun.elapsed().as_secs_f64()));
    }
    assert_eq!(gpu.memory().bytes, 0);
}

/// A `config.toml` may have been written by hand.
#[test]
fn what_no_machine_can_hold_is_refused_in_a_file_too() {
    let refused = |networks: Networks, name: &str| {
        let of = config(networks.recipe(), |_| {});
        let error = RunConfig { networks, ..of }.check().expect_err("no run can have it").to_string();
        assert!(error.contains(name), "{error}");
    };
    let (cyclegan, cut) = (cyclegan::Config::default(), cut::Config::default());
    refused(Networks::Cyclegan(cyclegan::Config { pool_size: 1 << 40, ..cyclegan.clone() }), "pool-size");
    refused(Networks::Cut(cut::Config { d_layers: 66, ..cut }), "n-layers-d");
    let mut large = Networks::Cyclegan(cyclegan);
    large.common_mut().expect("it translates").load_size = [1 << 20; 2];
    refused(large, "load_size");
}
