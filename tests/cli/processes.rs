//! `mpirun -n 2 train`: two processes compute what one does with the whole batch, leave one run, and end together.
//! Only with the feature `mpi`; `scripts/test-mpi` installs what it needs.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

use sumi::train::checkpoint::{Checkpoint, Values};

use super::{Outcome, Place, TINY, faces::TINY_FACES, finish, interrupt, translation::RECIPES, wait_until};

/// Adam's rate, and the steps of the runs that are compared.
const RATE: f32 = 2e-4;
const STEPS: u8 = 3;

/// `mpirun -n 2 train …` on one machine, as root too.
fn together(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command("mpirun", &[&["-n", "2", env!("CARGO_BIN_EXE_train")], arguments].concat());
    let settings = [
        // Two processes on however few cores, which do not spin while they wait.
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_mpi_yield_when_idle", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        // Within a container a process may not look into another's memory.
        ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
        ("RAYON_NUM_THREADS", "1"),
    ];
    command.envs(settings);
    command
}

fn run(place: &Place, arguments: &[&str]) -> Outcome {
    Outcome::of(together(place, arguments).output())
}

/// The tensors of a run whose names end so, by the network that they are of.
fn tensors(place: &Place, run: &str, ending: &str) -> BTreeMap<String, Vec<(String, Values)>> {
    let path = place.path(&format!("{run}/checkpoint.safetensors"));
    let checkpoint = Checkpoint::read(&path).unwrap_or_else(|error| panic!("{error}"));
    let mut networks: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (name, values) in checkpoint.tensors.into_iter().filter(|(name, _)| name.ends_with(ending)) {
        let network = name.split('.').next().unwrap_or_default().to_owned();
        networks.entry(network).or_default().push((name, values));
    }
    assert!(!networks.is_empty(), "{run} has no tensors that end in {ending}");
    networks
}

fn largest<'a>(tensors: impl IntoIterator<Item = &'a (String, Values)>) -> f32 {
    tensors.into_iter().flat_map(|(_, values)| &values.elements).fold(0.0, |most, value| most.max(value.abs()))
}

/// How far Adam's moments of two runs are apart, in parts of their network's largest. They are sums of gradients and of
/// their squares, and unlike the parameters they do not make much of gradients that are nothing but rounding.
fn distance(place: &Place, one: &str, other: &str) -> f32 {
    let mut worst = 0.0_f32;
    for ending in [".exp_avg", ".exp_avg_sq"] {
        let [one, other] = [one, other].map(|run| tensors(place, run, ending));
        for (network, ours) in &one {
            let scale = largest(ours);
            assert!(scale > 0.0, "{network} has learnt nothing");
            for ((name, a), (_, b)) in ours.iter().zip(&other[network]) {
                assert_eq!(a.shape, b.shape, "{name}");
                let apart = a.elements.iter().zip(&b.elements).map(|(a, b)| (a - b).abs() / scale);
                worst = apart.fold(worst, f32::max);
            }
        }
    }
    worst
}

/// Holds the parameters of two runs against each other: where gradients are more than rounding, Adam goes the same way.
fn assert_same_way(place: &Place, one: &str, other: &str) {
    let squares = tensors(place, one, ".exp_avg_sq");
    let [ours, theirs] = [one, other].map(|run| {
        let all = tensors(place, run, "").into_values().flatten();
        all.collect::<BTreeMap<String, Values>>()
    });
    let (mut held, most) = (0, RATE * f32::from(STEPS));
    for of_network in squares.values() {
        let least = 1e-4 * largest(of_network);
        for (name, squares) in of_network {
            let name = name.trim_end_matches(".exp_avg_sq");
            let pairs = ours[name].elements.iter().zip(&theirs[name].elements);
            for ((a, b), square) in pairs.zip(&squares.elements) {
                let apart = (a - b).abs();
                assert!(apart <= 2.1 * most, "{name}: {a} and {b}");
                if *square > least {
                    assert!(apart <= 0.05 * most, "{name}: {a} and {b}");
                    held += 1;
                }
            }
        }
    }
    assert!(held > 100, "only {held} parameters have moved for a reason");
}

/// How far moments are apart that differ by rounding alone, and by a kink: where an activation or a difference that is
/// nearly zero has another sign, a gradient jumps.
const ROUNDING: f32 = 1e-4;
const KINK: f32 = 2e-2;

/// CycleGAN with a pool that is full after the first step, CUT, and `anime`: none has batch normalisation. One of the
/// three seeds may meet a kink.
#[test]
fn two_processes_compute_what_one_does() {
    let place = Place::new();
    for recipe in &RECIPES {
        let line = format!(
            "{} --size {} {} --portraits 6 --batch 4 --lr {RATE} --decay 0 --log-every 1 --steps {STEPS}",
            recipe.name, recipe.size, recipe.flags
        );
        let mut apart = Vec::new();
        for seed in ["1", "2", "3"] {
            let [one, two] = ["one", "two"].map(|who| format!("{}-{who}-{seed}", recipe.name));
            let arguments =
                |out| [&line.split_whitespace().collect::<Vec<_>>()[..], &["--seed", seed, "--out", out]].concat();
            place.train(&arguments(&one)).succeeded();
            let told = run(&place, &arguments(&two)).succeeded();
            assert_eq!(told.out.matches("Done. Draw").count(), 1, "{}", told.out);
            assert!(told.out.contains("2 processes share each batch"), "{}", told.out);
            assert_eq!(place.logged(&two), (1..=u64::from(STEPS)).collect::<Vec<_>>());
            for (a, b) in figures(&place, &one).into_iter().zip(figures(&place, &two)) {
                assert!((a - b).abs() <= 1e-4 * a.abs().max(1.0), "{two}: logged are {a} and {b}");
            }
            let of_seed = distance(&place, &one, &two);
            assert!(of_seed < KINK, "{two}: moments are {of_seed:.1e} apart");
            if of_seed < ROUNDING {
                assert_same_way(&place, &one, &two);
            }
            apart.push(of_seed);
        }
        let near = apart.iter().filter(|apart| **apart < ROUNDING).count();
        assert!(near >= 2, "{}: moments are {apart:?} apart", recipe.name);
        let [one, other] = ["1", "2"].map(|seed| format!("{}-one-{seed}", recipe.name));
        assert!(distance(&place, &one, &other) > 5.0 * KINK, "{}: another seed is the same run", recipe.name);
    }
}

/// All that `losses.csv` holds.
fn figures(place: &Place, run: &str) -> Vec<f32> {
    let text = place.text(&format!("{run}/losses.csv"));
    text.lines().skip(1).flat_map(|row| row.split(',').map(|field| field.parse().expect("a number"))).collect()
}

/// A resume does not change a run of two processes: of a DCGAN, of one with everything that draws random numbers beside
/// its noise, and of faces.
#[test]
fn a_resume_by_as_many_is_no_interruption() {
    const HELD_BACK: &str = "--norm-d none --r1 1 --r1-every 2 --gradient-penalty 1 --ema 0.9 \
        --augment color,translation,cutout --ada-target 0.6 --ada-images 64";
    let place = Place::new();
    let held_back: Vec<_> = TINY.into_iter().chain(HELD_BACK.split_whitespace()).collect();
    for (name, recipe) in [("plain", &TINY[..]), ("held-back", &held_back[..]), ("faces", &TINY_FACES[..])] {
        let [straight, parts] = ["straight", "parts"].map(|part| format!("{name}-{part}"));
        let of = |steps, out| run(&place, &[recipe, &["--log-every", "1", "--steps", steps, "--out", out]].concat());
        of("5", &straight).succeeded();
        of("3", &parts).succeeded();
        let resumed = run(&place, &["--resume", &parts, "--steps", "5"]).succeeded();
        assert!(!resumed.err.contains("shared out"), "{}", resumed.err);
        for file in ["checkpoint.safetensors", "losses.csv", "samples/000005.png"] {
            let [one, other] = [&straight, &parts].map(|run| place.read(&format!("{run}/{file}")));
            assert!(one == other, "{name}: {file}");
        }
    }
}

/// A DCGAN's batch normalisation sees half a batch in each process: not the run of one process, which is told.
#[test]
fn another_number_of_processes_is_told() {
    let place = Place::new();
    let arguments = |out| [&TINY[..], &["--log-every", "1", "--steps", "5", "--out", out]].concat();
    run(&place, &arguments("two")).succeeded();
    place.train(&arguments("one")).succeeded();
    assert!(distance(&place, "two", "one") > 1e-3, "statistics of half a batch are not those of the whole");
    let alone = place.train(&["--resume", "two", "--steps", "6"]).succeeded();
    assert!(alone.err.contains("shared out to 2 processes, and are now to 1"), "{}", alone.err);
}

#[test]
fn an_interruption_ends_and_saves_them_all() {
    let place = Place::new();
    let endless = [&TINY[..], &["--steps", "100000", "--log-every", "1", "--out", "run"]].concat();
    let mut command = together(&place, &endless);
    // Asked to end, Open MPI waits so many seconds, asks its processes, and ends them after as many more.
    command.env("OMPI_MCA_odls_base_sigkill_timeout", "5");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("mpirun starts");
    wait_until("some steps", || place.path("run/losses.csv").exists() && place.logged_whole("run") > 5);
    interrupt(&child, "-INT");
    assert_ne!(finish(&mut child), Some(0));
    let steps = place.saved("run");
    assert!(steps > 5, "saved after step {steps}");
    let more = (steps + 2).to_string();
    run(&place, &["--resume", "run", "--steps", &more]).succeeded();
    assert_eq!(place.saved("run"), steps + 2);
    assert_eq!(place.logged("run"), (1..=steps + 2).collect::<Vec<_>>(), "rows are neither lost nor doubled");
}

#[test]
fn the_failure_of_one_is_the_end_of_all() {
    let place = Place::new();
    let fails = |arguments: &[&str], words: &[&str]| {
        let outcome = run(&place, &[arguments, &TINY[..8]].concat());
        assert_ne!(outcome.code, Some(0), "{}", outcome.out);
        for word in words {
            assert!(outcome.err.contains(word), "'{word}' is not in: {}", outcome.err);
        }
    };
    // The second finds no adapter, while the first waits for it to begin.
    fails(&["--batch", "4", "--adapter", "0,99"], &["process 1 of 2", "no adapter matches '99'"]);
    fails(&["--batch", "5"], &["process 0 of 2", "5 cannot be shared out to 2 processes"]);
    std::fs::create_dir_all(place.path("taken/samples")).expect("the folder can be made");
    fails(&["--out", "taken"], &["process 0 of 2", "exists already"]);
}
