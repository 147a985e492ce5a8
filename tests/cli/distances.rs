//! `evaluate` on DCGANs.

use super::{Outcome, Place};

fn evaluate(place: &Place, arguments: &[&str]) -> Outcome {
    Outcome::of(place.command(env!("CARGO_BIN_EXE_evaluate"), arguments).output())
}

/// The numbers of a column, counted from the first, in the order of the rows.
pub fn column(table: &str, column: usize) -> Vec<f64> {
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |"));
    let number =
        |row: &str| row.split('|').nth(column + 1).and_then(|cell| cell.split_whitespace().next()?.parse().ok());
    rows.map(|row| number(row).unwrap_or_else(|| panic!("no number in {row}"))).collect()
}

#[test]
fn checkpoints_of_a_dcgan_are_held_against_what_they_learn_from() {
    let place = Place::new();
    let tiny = ["--ngf", "4", "--ndf", "4", "--nz", "8", "--batch", "4", "--portraits", "24"];
    let often = ["--size", "32", "--steps", "6", "--checkpoint-every", "3", "--keep-last", "2", "--out", "run"];
    place.train(&[&tiny[..], &often].concat()).succeeded();
    let arguments = ["run", "run/checkpoints/000003.safetensors", "--pictures", "100", "--seed", "3"];
    let told = evaluate(&place, &arguments).succeeded();
    // Half of the 24 portraits, though more were asked for.
    let of_all = ["12 drawn pictures (seed 3)", "12 of the 24 from drawn portraits", "| 32×32 | 16×16 | mean |"];
    for words in of_all.into_iter().chain(["features of our own", "discriminator of run after 6 steps"]) {
        assert!(told.out.contains(words), "'{words}' is not in: {}", told.out);
    }
    let found = column(&told.out, 4);
    assert_eq!(found.len(), 3, "{}", told.out);
    // Networks of a few steps draw nothing like a portrait.
    assert!(found[0] > 0.0 && found[1] > found[0] && found[2] > found[0], "{}", told.out);
    let (precision, recall) = (column(&told.out, 5), column(&told.out, 6));
    assert!(precision.iter().chain(&recall).all(|share| (0.0..=1.0).contains(share)), "{}", told.out);
    assert!(recall[0] > recall[1] && recall[0] > recall[2], "what is drawn is all alike: {}", told.out);
    assert_eq!(evaluate(&place, &arguments).succeeded().out, told.out, "the same again");
    assert!(evaluate(&place, &["run/checkpoints/000003.safetensors"]).succeeded().out.contains("| 3 |"));

    place.train_tiny("small", &["--steps", "1"]).succeeded();
    evaluate(&place, &["run", "small"]).failed(1, &["16×16", "32×32", "one size"]);
    evaluate(&place, &["nowhere"]).failed(1, &["no checkpoint", "nowhere"]);
}
