//! Runs that are killed again and again end in the bits of one that was left alone.

use std::process::{Child, Stdio};

use sumi::philox::Philox;

use super::{Place, faces::TINY_FACES, finish, translation::RECIPES, wait_until};

/// Kills a run with no chance to say goodbye, once it has logged so many steps; whether it was still there.
fn kill_after(mut child: Child, place: &Place, run: &str, steps: u64) -> bool {
    let logged = || place.path(&format!("{run}/losses.csv")).exists() && place.logged_whole(run) as u64 >= steps;
    wait_until("more steps", || logged() || child.try_wait().expect("the child is ours").is_some());
    let alive = child.try_wait().expect("the child is ours").is_none();
    child.kill().expect("the child is ours");
    child.wait().expect("the child is ours");
    alive
}

fn resume(place: &Place, run: &str) -> Child {
    let mut command = place.command(env!("CARGO_BIN_EXE_train"), &["--resume", run, "--adapter", "native"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("train starts")
}

#[track_caller]
fn assert_same(place: &Place, one: &str, other: &str) {
    for file in ["checkpoint.safetensors", "losses.csv"] {
        let [one, other] = [one, other].map(|run| place.read(&format!("{run}/{file}")));
        assert!(one == other, "{file} is another one");
    }
}

#[test]
fn two_thousand_steps_survive_more_than_twenty_kills() {
    const STEPS: u64 = 2000;
    let place = Place::new();
    let often = ["--adapter", "native", "--steps", "2000", "--checkpoint-every", "7", "--log-every", "1", "--flip"];
    let often = [&often[..], &["--ema", "0.9", "--sample-every", "1000"]].concat();
    place.train_tiny("straight", &often).succeeded();
    let mut child = place.start_tiny("killed", &often);
    let (mut kills, mut done, mut random) = (0, 0, Philox::new(1, 0));
    while done < STEPS {
        let steps = done + 8 + u64::from(random.below(72));
        kills += u32::from(kill_after(child, &place, "killed", steps));
        done = place.saved("killed");
        child = resume(&place, "killed");
    }
    finish(&mut child);
    assert!(kills >= 20, "{kills} kills in {STEPS} steps");
    assert_same(&place, "straight", "killed");
}

#[test]
fn faces_survive_a_kill() {
    let place = Place::new();
    let every = ["--log-every", "1", "--checkpoint-every", "3", "--sample-every", "100", "--adapter", "native"];
    let of = |run: &'static str| [&TINY_FACES[..], &["--steps", "14", "--out", run], &every].concat();
    place.train(&of("straight")).succeeded();
    let mut command = place.command(env!("CARGO_BIN_EXE_train"), &of("killed"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("train starts");
    for steps in [4, 9] {
        kill_after(child, &place, "killed", steps);
        child = resume(&place, "killed");
    }
    assert_eq!(finish(&mut child), Some(0));
    assert_same(&place, "straight", "killed");
}

#[test]
fn every_translator_survives_a_kill() {
    let place = Place::new();
    for recipe in &RECIPES {
        let name = recipe.name;
        let every = "--portraits 6 --log-every 1 --checkpoint-every 3 --decay 0 --sample-every 100 --adapter native";
        let [straight, killed] = ["straight", "killed"].map(|part| format!("{name}-{part}"));
        recipe.train(&place, &format!("{every} --steps 30 --out {straight}")).succeeded();
        let mut child = recipe.start(&place, &format!("{every} --steps 30 --out {killed}"));
        for steps in [4, 13] {
            kill_after(child, &place, &killed, steps);
            child = resume(&place, &killed);
        }
        assert_eq!(finish(&mut child), Some(0), "{name}");
        assert_same(&place, &straight, &killed);
    }
}
