//! `edit`, and `sample --truncation`: what they write, and what they say of what cannot be meant.

use image::{AnimationDecoder, codecs::webp::WebPDecoder};

use super::{Outcome, Place};

fn edit(place: &Place, arguments: &[&str]) -> Outcome {
    Outcome::of(place.command(env!("CARGO_BIN_EXE_edit"), arguments).output())
}

fn size(place: &Place, file: &str) -> (u32, u32) {
    image::open(place.path(file)).expect("a picture").into_rgb8().dimensions()
}

/// A sheet of pictures of 16 pixels.
fn sheet(columns: u32, rows: u32) -> (u32, u32) {
    (columns * 98 + 2, rows * 98 + 2)
}

#[test]
fn people_are_found_edited_and_mixed() {
    let place = Place::new();
    place.train_tiny("run", &["--steps", "3"]).succeeded();
    place.sample(&["run", "-n", "2", "--seed", "9", "--out", "drawn"]).succeeded();
    let quickly = ["--search-steps", "5", "--restarts", "2"];
    let pictures = ["invert", "run", "drawn/0000.png", "drawn/0001.png", "--sheet", "both.png"];
    let told = edit(&place, &[&pictures[..], &quickly].concat()).succeeded();
    assert!(told.out.contains("drawn/0001.png: drawn with a mean difference of "), "{}", told.out);
    assert_eq!(size(&place, "both.png"), sheet(2, 2));
    let found = place.read("drawn/0000.safetensors");
    edit(&place, &[&pictures[..], &quickly].concat()).succeeded();
    assert_eq!(place.read("drawn/0000.safetensors"), found, "the same again");

    edit(&place, &["interpolate", "run", "4", "drawn/0000.safetensors", "--steps", "5", "--out", "way.png"])
        .succeeded();
    assert_eq!(size(&place, "way.png"), sheet(5, 2), "two ways of five pictures, one of them shared");
    edit(&place, &["loop", "run", "1", "2", "--steps", "3", "--out", "loop.webp"]).succeeded();
    let bytes = place.read("loop.webp");
    let frames = WebPDecoder::new(std::io::Cursor::new(bytes)).expect("a WebP file").into_frames();
    assert_eq!(frames.count(), 6);
    edit(&place, &["loop", "run", "--steps", "2", "--out", "loop.gif"]).succeeded();
    assert_eq!(size(&place, "loop.gif"), (96, 96));

    let hair = ["--labels", "skin", "--classes", "fair..tan", "--keep", "outfit", "--out", "strip.png"];
    let told = edit(&place, &[&["direction", "run", "0", "1", "--steps", "3"][..], &hair].concat()).succeeded();
    assert!(told.out.contains("skin: told right from the pixels of "), "{}", told.out);
    assert_eq!(size(&place, "strip.png"), sheet(3, 2));
    edit(&place, &["mix", "run", "drawn/0000.safetensors", "3", "--out", "mix.png"])
        .failed(1, &["two people", "hold 3"]);
    edit(&place, &["mix", "run", "1", "3", "--carry", "skin", "--steps", "4", "--out", "mix.png"]).succeeded();
    assert_eq!(size(&place, "mix.png"), sheet(4, 2));
}

#[test]
fn what_cannot_be_edited_is_explained() {
    let place = Place::new();
    place.train_tiny("run", &["--steps", "1"]).succeeded();
    std::fs::write(place.path("text.png"), "no picture").expect("the folder can be written");
    edit(&place, &["invert", "run", "text.png"]).failed(1, &["text.png", "PNG"]);
    edit(&place, &["interpolate", "run", "1", "--out", "a.png"]).failed(1, &["two or more"]);
    edit(&place, &["loop", "run", "--out", "a.jpg"]).failed(1, &[".gif", ".webp"]);
    edit(&place, &["loop", "nowhere", "--out", "a.gif"]).failed(1, &["no checkpoint"]);
    edit(&place, &["loop", "run", "run/checkpoint.safetensors", "--out", "a.gif"]).failed(1, &["edit invert"]);
    let direction = |labels, classes| {
        edit(&place, &["direction", "run", "--labels", labels, "--classes", classes, "--out", "a.png"])
    };
    direction("hair", "black..blond").failed(1, &["'hair_colour'", "--data"]);
    direction("outfit", "hoodie..coat").failed(1, &["'coat'", "hoodie"]);
    direction("hair_colour", "black..blond").failed(1, &["24 labelled pictures are too few"]);
    edit(&place, &["direction", "run", "--labels", "skin", "--classes", "tan", "--strength", "3", "--out", "a.png"])
        .failed(2, &["-3..3"]);
    place.sample(&["run", "--grid", "a.png", "--truncation", "0"]).failed(2, &["0.01"]);
    assert!(edit(&place, &["--help"]).succeeded().out.contains("Examples:"));
}

#[test]
fn truncated_samples_are_others() {
    let place = Place::new();
    place.train_tiny("run", &["--steps", "1"]).succeeded();
    for (name, more) in [("whole", &[][..]), ("wide", &["--truncation", "10"]), ("near", &["--truncation", "0.5"])] {
        let file = format!("{name}.png");
        place.sample(&[&["run", "-n", "4", "--grid", &file], more].concat()).succeeded();
    }
    assert_eq!(place.read("whole.png"), place.read("wide.png"), "nothing is beyond 10");
    assert_ne!(place.read("whole.png"), place.read("near.png"));
}
