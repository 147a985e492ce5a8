//! `train faces`: a run end to end, what draws from it, and what cannot be meant.

use super::{Outcome, Place, distances::column, is_png};

/// Faces by the smallest networks there are.
pub const TINY_FACES: [&str; 11] =
    ["faces", "--nz", "8", "--ngf", "2", "--ndf", "4", "--batch", "2", "--portraits", "12"];

fn run(place: &Place, program: &str, arguments: &[&str]) -> Outcome {
    Outcome::of(place.command(program, arguments).output())
}

#[test]
fn faces_are_trained_drawn_edited_and_measured() {
    let place = Place::new();
    let short = ["--steps", "4", "--sample-every", "2", "--log-every", "1", "--metric", "swd", "--metric-every", "2"];
    let told = place.train(&[&TINY_FACES[..], &short, &["--metric-pictures", "6", "--out", "run"]].concat());
    let told = told.succeeded().out;
    for words in ["FastGAN for 64×64 pixels", "Memory: ", "averages", "SWD ×1000", "redraw "] {
        assert!(told.contains(words), "'{words}' is not in: {told}");
    }
    let columns = "step,epoch,d_loss,g_loss,redraw,d_real,d_fake,d_fake_after";
    assert!(place.text("run/losses.csv").starts_with(columns), "{}", place.text("run/losses.csv"));
    let config = place.text("run/config.toml");
    for line in ["recipe = \"faces\"", "ema = 0.999", "ema_rampup = 0.05", "augment = \"color,translation\""] {
        assert!(config.contains(line), "'{line}' is not in: {config}");
    }
    assert!(is_png(&place.read("run/samples/000004.png")));
    place.sample(&["run", "-n", "3", "--best", "--grid", "grid.png"]).succeeded();
    let way = ["loop", "run", "0", "1", "--steps", "2", "--out", "loop.gif"];
    run(&place, env!("CARGO_BIN_EXE_edit"), &way).succeeded();
    let invert = ["invert", "run", "run/samples/000000.png", "--search-steps", "2", "--restarts", "2", "--out", "p"];
    let told = run(&place, env!("CARGO_BIN_EXE_edit"), &invert).succeeded().out;
    assert!(told.contains("mean difference of"), "{told}");
    let table = run(&place, env!("CARGO_BIN_EXE_evaluate"), &["run", "--pictures", "6"]).succeeded().out;
    let found = column(&table, 5);
    assert!(found.len() == 2 && found[1] > found[0], "{table}");

    let told = place.train(&["faces", "--resume", "run", "--steps", "5", "--redraw", "0.5"]).succeeded();
    assert!([told.out, told.err].concat().contains("--redraw: 0.5 instead of 10"));
    assert_eq!(place.saved("run"), 5);
}

#[test]
fn what_faces_cannot_be_is_explained() {
    let place = Place::new();
    let with = |more: &[&str]| place.train(&[&TINY_FACES[..], more].concat());
    with(&["--size", "32"]).failed(1, &["size", "64, 128 and 256", "dcgan"]);
    with(&["--ndf", "6"]).failed(2, &["--ndf"]);
    place.train(&["faces", "--ndf", "6", "--dry-run"]).failed(1, &["ndf", "multiple of 4"]);
    with(&["--micro-batch", "1"]).failed(1, &["micro-batch", "batch normalisation"]);
    with(&["--steps", "1", "--out", "run"]).succeeded();
    place.train(&["--resume", "run", "--objective", "hinge"]).failed(1, &["train faces --resume"]);
    run(&place, env!("CARGO_BIN_EXE_stylize"), &["--weights", "run", "--out", "o", "run/samples/real.png"])
        .failed(1, &["faces", "`sample`"]);
}
