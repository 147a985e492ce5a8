//! The latent space of a generator: points found again from their pictures, and directions from labels.

use sumi::{
    data::{Attribute, Labels, Pictures},
    train::{
        dcgan::{Config, Trainer},
        latent::{
            Points,
            direction::Directions,
            invert::{Search, invert},
        },
        sample::{self, Choice},
    },
};

use super::config;
use crate::common::own_gpu;

const SIZE: usize = 16;
const NZ: usize = 6;

/// A generator whose pictures differ by much, though nobody has trained it.
fn trainer() -> Trainer {
    Trainer::new(&own_gpu(), &Config { size: SIZE, nz: NZ, init_std: 0.3, ..config(4, 4) })
}

#[test]
fn points_are_found_again_from_their_pictures() {
    let trainer = trainer();
    let hidden = sample::points(&trainer, 1, 3).expect("the device answers");
    let pictures = hidden.draw(&trainer).expect("the device answers");
    let search = Search { drawn: 64, restarts: 4, steps: 150, prior: 0.0, ..Search::default() };
    let mut last = 0;
    let found = invert(&trainer, &pictures, &search, &mut |done, all| {
        assert!(all == 150 && done == last + 1);
        last = done;
    })
    .expect("the device answers");
    let start =
        invert(&trainer, &pictures, &Search { steps: 0, ..search }, &mut |_, _| ()).expect("the device answers");
    for (place, (end, start)) in found.distances.iter().zip(&start.distances).enumerate() {
        assert!(*end < 0.2 * start, "picture {place}: from {start} to {end} only");
    }
    // Neither do the other pictures matter, nor how many there are.
    let alone = invert(&trainer, &pictures[..3 * SIZE * SIZE], &search, &mut |_, _| ()).expect("the device answers");
    assert_eq!(alone.points.point(0), found.points.point(0));
    let drawn = found.points.draw(&trainer).expect("the device answers");
    let apart: u64 = drawn.iter().zip(&pictures).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let mean = found.distances.iter().sum::<f64>() / 3.0;
    assert!((apart as f64 / pictures.len() as f64 - mean).abs() < 1e-9, "the distance is that of what is drawn");
}

#[test]
fn the_pull_keeps_points_near_the_sphere() {
    let trainer = trainer();
    // A picture that no generator draws.
    let picture: Vec<u8> = (0..3 * SIZE * SIZE).map(|i| if i / 3 % 2 == 0 { 255 } else { 0 }).collect();
    let length = |prior| {
        let search = Search { drawn: 16, restarts: 2, steps: 100, lr: 0.2, prior, ..Search::default() };
        let found = invert(&trainer, &picture, &search, &mut |_, _| ()).expect("the device answers");
        found.points.point(0).iter().map(|z| z * z).sum::<f32>() / NZ as f32
    };
    let (free, pulled) = (length(0.0), length(100.0));
    assert!((pulled - 1.0).abs() < 0.05 && (free - 1.0).abs() > 2.0 * (pulled - 1.0).abs(), "{free} {pulled}");
}

/// Pictures that the generator drew itself, labelled by the first number of their noise: that is the direction.
#[test]
fn a_direction_is_learnt_from_labels() {
    let trainer = trainer();
    let points = sample::points(&trainer, 2, 800).expect("the device answers");
    let values: Vec<u32> = (0..800).map(|place| u32::from(points.point(place)[0] > 0.0)).collect();
    let classes = ["below", "above"].map(str::to_owned).to_vec();
    let labels = Labels { attributes: vec![Attribute { name: "first".into(), classes, values }] };
    let bytes = points.draw(&trainer).expect("the device answers");
    let set = Pictures::new([SIZE; 2], bytes, labels);
    let directions = Directions::learn(&trainer, &set, 1024, 3).expect("there are labels");
    assert!(directions.right > 0.8 && directions.chance < 0.65, "{} {}", directions.right, directions.chance);
    let [from, to] = ["below", "above"].map(|name| directions.class(name).expect("it is one of the two"));
    let direction = directions.between(Some(from), to);
    assert!(direction[0] > 0.9, "{direction:?}");
    let carried = directions.carry(points.point(0), points.point(1), 1.0);
    assert!((carried[0] - points.point(1)[0]).abs() < 0.7, "{carried:?}");
    let error = Directions::learn(&trainer, &set.without_labels(), 16, 0).expect_err("nothing is known").to_string();
    assert!(error.contains("--labels"), "{error}");
}

/// Of a generator with classes each picture is of one, and the point that is found for it too.
#[test]
fn points_know_their_classes() {
    let classes = ["a", "b", "c"].map(str::to_owned).to_vec();
    let trainer = Trainer::new(&own_gpu(), &Config { size: SIZE, nz: NZ, init_std: 0.3, classes, ..config(4, 4) });
    let in_turn = sample::points(&trainer, 1, 20).expect("the device answers");
    assert_eq!([0, 1, 2, 3].map(|place| in_turn.class(place)), [0, 1, 2, 0]);
    let of_b = Choice { class: Some(1), ..Choice::of(1) };
    let b = sample::draw(&trainer, of_b, 20).expect("the device answers");
    let all = in_turn.draw(&trainer).expect("the device answers");
    let each = 3 * SIZE * SIZE;
    let part = |bytes: &[u8], place: usize| bytes[place * each..(place + 1) * each].to_vec();
    assert!(part(&b, 16 + 3) == part(&all, 16 + 3), "the twentieth is of b in turn");
    assert!(part(&b, 0) != part(&all, 0), "the first is of a in turn");
    let rows = sample::by_class(&trainer, 1, 2).expect("the device answers");
    assert_eq!([0, 1, 2, 3, 4, 5].map(|place| rows.class(place)), [0, 0, 1, 1, 2, 2]);
    assert_eq!(rows.point(1), rows.point(5));
    let hidden = Points::new(NZ, in_turn.point(2).to_vec()).of_classes(vec![2]);
    let picture = hidden.draw(&trainer).expect("the device answers");
    let search = Search { drawn: 96, restarts: 8, steps: 150, prior: 0.0, ..Search::default() };
    let found = invert(&trainer, &picture, &search, &mut |_, _| ()).expect("the device answers");
    assert!(found.distances[0] < 6.0, "{}", found.distances[0]);
    assert_eq!(found.points.class(0), 2);
}

#[test]
fn truncation_changes_what_is_beyond_the_threshold_alone() {
    let trainer = trainer();
    let of = |truncation| {
        sample::points(&trainer, Choice { seed: 5, truncation, class: None }, 20).expect("the device answers")
    };
    let (whole, truncated) = (of(None), of(Some(1.0)));
    let mut changed = 0;
    for (whole, truncated) in whole.values().iter().zip(truncated.values()) {
        assert!(truncated.abs() <= 1.0 && (whole.abs() > 1.0 || whole == truncated));
        changed += usize::from(whole != truncated);
    }
    assert!(changed > 20, "{changed} of 120");
}
