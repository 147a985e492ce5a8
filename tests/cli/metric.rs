//! A metric in the loop: it changes nothing, outlives being killed, and finds what `evaluate` finds.

use std::fs;

use sumi::{ops::tape, train::checkpoint::Checkpoint};

use super::{Outcome, Place, distances::column, finish, wait_until};
use crate::{common::gpu, golden::inception::write_weights};

/// A metric every other step; of 24 portraits 12 are compared with 12.
const OFTEN: [&str; 4] = ["--metric", "swd", "--metric-every", "2"];

fn checkpoint(place: &Place, path: &str) -> Checkpoint {
    Checkpoint::read(&place.path(path)).unwrap_or_else(|error| panic!("{error}"))
}

/// The rows of metrics.csv: step and mean.
fn values(place: &Place, run: &str) -> Vec<(u64, f64)> {
    let text = place.text(&format!("{run}/metrics.csv"));
    let rows = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let fields = rows.map(|row| row.split(',').collect::<Vec<_>>());
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("{text} is no number"));
    fields.map(|fields| (number(fields[0]) as u64, number(fields[fields.len() - 2]))).collect()
}

#[test]
fn a_metric_changes_no_bit_of_the_weights_and_keeps_the_best() {
    let place = Place::new();
    let same = ["--steps", "9", "--ema", "0.9", "--keep-last", "1", "--checkpoint-every", "4"];
    place.train_tiny("plain", &same).succeeded();
    let told = place.train_tiny("measured", &[&same[..], &OFTEN].concat()).succeeded();
    let [plain, measured] = ["plain", "measured"].map(|run| {
        let Checkpoint { header, tensors } = checkpoint(&place, &format!("{run}/checkpoint.safetensors"));
        (header.counters, header.position, tensors)
    });
    assert!(plain == measured, "the metric has changed the state");

    for words in ["Every 2 steps SWD", "12 of the 24 from drawn portraits", "no resize: 16×16 pixels", "Step 8: SWD"] {
        assert!(told.out.contains(words), "'{words}' is not in: {}", told.out);
    }
    let text = place.text("measured/metrics.csv");
    assert!(text.starts_with("# 12 pictures drawn") && text.contains("step,metric,16x16,mean,samples\n"), "{text}");
    let found = values(&place, "measured");
    assert_eq!(found.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [2, 4, 6, 8]);
    let (step, value) = found.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are rows");
    let best = checkpoint(&place, "measured/checkpoints/best.safetensors");
    assert_eq!(best.header.steps(), step, "what --keep-last 1 would have removed");
    let noted = checkpoint(&place, "measured/checkpoint.safetensors").header.best.expect("there is a best");
    assert_eq!((noted.step, noted.value()), (step, value));
    let kept: Vec<_> = fs::read_dir(place.path("measured/checkpoints")).expect("it is there").collect();
    assert_eq!(kept.len(), 2, "the last and the best");

    place.sample(&["measured", "--best", "-n", "4", "--grid", "best.png"]).succeeded();
    place.sample(&["measured/checkpoints/best.safetensors", "-n", "4", "--grid", "same.png"]).succeeded();
    assert_eq!(place.read("best.png"), place.read("same.png"));
    place.sample(&["plain", "--best", "--grid", "none.png"]).failed(1, &["no best checkpoint", "--metric"]);

    // The value of the best is what `evaluate` says of it, which draws by the averages too.
    let arguments = ["measured/checkpoints/best.safetensors", "--pictures", "12"];
    let table = Outcome::of(place.command(env!("CARGO_BIN_EXE_evaluate"), &arguments).output()).succeeded().out;
    assert!(table.lines().last().is_some_and(|row| row.contains(&format!(" {value:.2} |"))), "{value}: {table}");
}

/// A scalar of TensorBoard's is its tag, and behind it a byte that says float, and the float.
#[test]
fn tensorboard_gets_the_values_too() {
    let place = Place::new();
    place.train_tiny("run", &[&OFTEN[..], &["--steps", "6"]].concat()).succeeded();
    let files = fs::read_dir(place.path("run/tensorboard")).expect("it is there");
    let bytes = files.flat_map(|file| fs::read(file.expect("it is there").path()).expect("it can be read"));
    let (bytes, values) = (bytes.collect::<Vec<u8>>(), values(&place, "run"));
    assert_eq!(values.len(), 3);
    for (step, value) in values {
        let scalar = [b"metric/swd\x15", &(value as f32).to_le_bytes()[..]].concat();
        assert!(bytes.windows(scalar.len()).any(|part| part == scalar), "the value of step {step} is missing");
    }
}

#[test]
fn a_run_killed_between_metrics_goes_on_to_the_same_best() {
    let place = Place::new();
    let every = ["--checkpoint-every", "5", "--metric", "swd", "--metric-every", "2"];
    let mut child = place.start_tiny("killed", &[&every[..], &["--steps", "100000"]].concat());
    let rows = || fs::read_to_string(place.path("killed/metrics.csv")).map_or(0, |text| text.lines().count());
    wait_until("some values", || rows() > 7);
    child.kill().expect("the child is ours");
    finish(&mut child);
    let steps = (place.saved("killed") + 5).to_string();
    place.train(&["--resume", "killed", "--steps", &steps]).succeeded();
    place.train_tiny("straight", &[&every[..], &["--steps", &steps]].concat()).succeeded();
    for file in ["metrics.csv", "checkpoint.safetensors", "checkpoints/best.safetensors"] {
        let [killed, straight] = ["killed", "straight"].map(|run| place.read(&format!("{run}/{file}")));
        assert!(killed == straight, "{file} differs");
    }
}

#[test]
fn a_best_that_was_not_kept_in_time_is_kept_at_the_resume() {
    let place = Place::new();
    place.train_tiny("run", &[&OFTEN[..], &["--steps", "2"]].concat()).succeeded();
    let best = place.path("run/checkpoints/best.safetensors");
    fs::remove_file(&best).expect("it is there");
    place.train(&["--resume", "run", "--steps", "3"]).succeeded();
    assert_eq!(checkpoint(&place, "run/checkpoints/best.safetensors").header.steps(), 2);
}

#[test]
fn values_that_do_not_compare_are_not_compared() {
    let place = Place::new();
    place.train_tiny("run", &[&OFTEN[..], &["--steps", "2"]].concat()).succeeded();
    let told = place.train(&["--resume", "run", "--steps", "4", "--metric-pictures", "6"]).succeeded();
    assert!(told.out.contains("does not compare") && told.out.contains("--metric-pictures: 6"), "{}", told.out);
    let text = place.text("run/metrics.csv");
    assert_eq!(text.lines().filter(|line| line.starts_with('#')).count(), 2, "{text}");
    assert_eq!(checkpoint(&place, "run/checkpoint.safetensors").header.best.map(|best| best.step), Some(4));
    // Switched off, the best so far stays what it was.
    place.train(&["--resume", "run", "--steps", "6", "--metric", "none"]).succeeded();
    assert_eq!(values(&place, "run").len(), 2);
    assert_eq!(checkpoint(&place, "run/checkpoint.safetensors").header.best.map(|best| best.step), Some(4));

    place.train(&["cyclegan", "--metric", "swd", "--out", "other"]).failed(1, &["metric", "evaluate"]);
    place.train_tiny("other", &["--metric", "luck"]).failed(2, &["swd"]);
    assert!(!place.path("other").exists());
}

/// By weights that are made up: a distance all the same, though one that nobody should call FID elsewhere.
#[test]
fn with_inceptions_weights_there_are_fid_and_kid() {
    let place = Place::new();
    write_weights(&tape(&gpu()), &place.path("weights.safetensors"));
    let weights = ["--inception", "weights.safetensors"];
    place.train_tiny("none", &["--metric", "fid"]).failed(1, &["--inception", "pt_inception"]);
    let often = ["--steps", "4", "--metric", "fid", "--metric-every", "2", "--metric-pictures", "6"];
    let told = place.train_tiny("run", &[&often[..], &weights].concat()).succeeded();
    for words in ["Step 4: FID", "6 of the 24", "from 16×16 to 299×299", "align_corners=False", "n − 1"] {
        assert!(told.out.contains(words), "'{words}' is not in: {}", told.out);
    }
    let found = values(&place, "run");
    assert_eq!(found.len(), 2);
    assert!(place.text("run/metrics.csv").contains("2,fid,,"), "no division by size of details");

    let arguments = [&["run", "--pictures", "6"][..], &weights].concat();
    let told = Outcome::of(place.command(env!("CARGO_BIN_EXE_evaluate"), &arguments).output()).succeeded();
    let single = [&["run", "--pictures", "1"][..], &weights].concat();
    Outcome::of(place.command(env!("CARGO_BIN_EXE_evaluate"), &single).output()).failed(1, &["two pictures"]);
    assert!(told.out.contains("| FID | KID |") && told.out.contains("weights.safetensors"), "{}", told.out);
    let fids = column(&told.out, 6);
    assert!(fids[0] < fids[1] && (fids[1] - found[1].1).abs() < 0.006, "{found:?} {}", told.out);
}
