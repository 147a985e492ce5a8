//! The folder of a run: who writes to it, and what stays in it.

use std::fs;

use super::{Place, finish, wait_until};

#[test]
fn the_last_checkpoints_are_kept_and_each_can_be_drawn_from() {
    let place = Place::new();
    let often = ["--steps", "8", "--checkpoint-every", "2", "--keep-last", "2"];
    place.train_tiny("run", &often).succeeded();
    let kept = || {
        let entries = fs::read_dir(place.path("run/checkpoints")).expect("the folder is there");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(kept(), ["000006.safetensors", "000008.safetensors"]);
    assert_eq!(place.read("run/checkpoints/000008.safetensors"), place.read("run/checkpoint.safetensors"));
    place.sample(&["run/checkpoints/000006.safetensors", "-n", "1", "--out", "drawn"]).succeeded();
    // A run that is resumed keeps as many, unless it is told otherwise.
    place.train(&["--resume", "run", "--steps", "10"]).succeeded();
    assert_eq!(kept(), ["000008.safetensors", "000010.safetensors"]);
    let told = place.train(&["--resume", "run", "--steps", "12", "--keep-last", "3"]).succeeded();
    assert!(told.out.contains("--keep-last: 3 instead of 2"), "{}", told.out);
    assert_eq!(kept(), ["000008.safetensors", "000010.safetensors", "000012.safetensors"]);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_trained_cannot_be_resumed_beside() {
    let place = Place::new();
    let mut child = place.start_tiny("run", &["--steps", "100000", "--log-every", "1"]);
    wait_until("a step", || place.path("run/losses.csv").exists() && place.logged_whole("run") > 1);
    place.train(&["--resume", "run"]).failed(1, &["another process", "run"]);
    super::interrupt(&child, "-INT");
    assert_eq!(finish(&mut child), Some(130));
    let more = (place.saved("run") + 1).to_string();
    place.train(&["--resume", "run", "--steps", &more]).succeeded();
}

#[test]
fn a_dry_run_says_what_memory_it_would_take_and_leaves_nothing() {
    let place = Place::new();
    let told = place.train_tiny("run", &["--dry-run"]).succeeded();
    for word in ["Memory: ", "parameters", "moments", "activations", "KiB", "Nothing was trained"] {
        assert!(told.out.contains(word), "'{word}' is not in: {}", told.out);
    }
    assert!(!place.path("run").exists());
    place.train_tiny("run", &["--memory", "64KiB"]).failed(1, &["64", "as --memory says"]);
    place.train(&["--memory", "lots"]).failed(2, &["lots", "8GiB"]);
    place.train_tiny("run", &["--micro-batch", "2"]).failed(1, &["micro-batch", "batch normalisation"]);
    assert!(!place.path("run").exists(), "a run that never began leaves no folder");
    place.train_tiny("run", &["--memory", "1GiB", "--steps", "1"]).succeeded();
    assert!(place.text("run/config.toml").contains("memory = 1073741824"));
    let resumed = place.train(&["--resume", "run", "--steps", "2", "--memory", "64KiB"]);
    resumed.failed(1, &["as --memory says"]);
    place.train(&["--resume", "run", "--steps", "2", "--dry-run"]).succeeded();
    assert_eq!(place.saved("run"), 1);
    let translation = ["cyclegan", "--size", "16", "--n-layers-d", "2", "--portraits", "4", "--micro-batch", "2"];
    let told = place.train(&[&translation[..], &["--steps", "1", "--out", "parts"]].concat()).succeeded();
    assert!(place.text("parts/config.toml").contains("micro_batch = 2"), "{}", told.out);
}
