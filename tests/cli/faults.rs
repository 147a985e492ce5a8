//! What a machine can do to a run: a disk that is full, pictures that vanish or spoil, a checkpoint that is damaged. In
//! no case a panic, in none something other than what was trained; always a sentence. (`folder` has two trainings in
//! one folder, `cli` a folder that cannot be written, `train::run::lost` a device that goes away.)

use std::{fs, path::PathBuf, process::Child, process::Stdio};

use sumi::{philox::Philox, train::checkpoint::Checkpoint};

use super::{Outcome, Place, TINY, finish, interrupt, wait_until};

/// A folder of so many grey pictures.
fn pictures(place: &Place, folder: &str, count: u8) {
    fs::create_dir_all(place.path(folder)).expect("the folder can be made");
    for n in 0..count {
        let picture = image::RgbImage::from_pixel(20, 18, image::Rgb([n * 20; 3]));
        picture.save(place.path(&format!("{folder}/{n}.png"))).expect("the folder can be written");
    }
}

/// A run that goes on until it is told to stop, with its warnings in the file `told`.
fn endless(place: &Place, mut command: std::process::Command) -> Child {
    let told = fs::File::create(place.path("told")).expect("the folder can be written");
    command.stdout(Stdio::null()).stderr(told).spawn().expect("train starts")
}

/// A run on a file system that holds so many KiB, and the run's folder as it is seen from outside; `None` where the
/// machine lets nobody mount one.
#[cfg(target_os = "linux")]
fn start_on_a_small_disk(place: &Place, kib: u32) -> Option<(Child, PathBuf)> {
    const MOUNT: &str = "mount -t tmpfs -o size=$0k tmpfs disk";
    fs::create_dir(place.path("disk")).expect("the folder can be made");
    let size = kib.to_string();
    let mut probe = place.command("unshare", &["-rm", "sh", "-c", MOUNT, &size, "--"]);
    if !probe.output().is_ok_and(|output| output.status.success()) {
        return None;
    }
    let script = format!("{MOUNT} && exec \"$@\"");
    let train = ["-rm", "sh", "-c", &script, &size, env!("CARGO_BIN_EXE_train")];
    let run = ["--out", "disk/run", "--steps", "1000000", "--checkpoint-every", "1", "--log-every", "1"];
    let child = endless(place, place.command("unshare", &[&train[..], &TINY, &run].concat()));
    let root = format!("/proc/{}/root{}", child.id(), place.path("disk/run").display());
    Some((child, root.into()))
}

/// Takes all room that is left.
#[cfg(target_os = "linux")]
fn fill(filler: &std::path::Path) {
    use std::io::Write;
    let mut file = fs::File::create(filler).expect("there is room for a name");
    while file.write_all(&[7; 512]).is_ok() {}
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_the_old_checkpoint_and_ends_no_run() {
    let place = Place::new();
    // Where nothing can be mounted the test below has to do.
    let Some((mut child, run)) = start_on_a_small_disk(&place, 1500) else { return };
    let filler = run.join("../filler");
    let saved = || Checkpoint::read(&run.join("checkpoint.safetensors")).map_or(0, |read| read.header.steps());
    wait_until("a checkpoint", || saved() > 2);
    fill(&filler);
    wait_until("a warning", || place.text("told").contains("cannot write"));
    let before = saved();
    assert!(before > 2, "the old one stays whole");
    fs::remove_file(&filler).expect("it is there");
    wait_until("another checkpoint", || saved() > before);
    let rows = |text: String| text.lines().skip(1).map(|row| row.split(',').next().map(str::to_owned)).collect();
    let rows: Vec<Option<String>> = rows(fs::read_to_string(run.join("losses.csv")).expect("it can be read"));
    let all: Vec<_> = (1..=rows.len()).map(|step| Some(step.to_string())).collect();
    assert!(rows == all, "no row of the losses is missing");
    // Full to the end: then the end says so.
    let first = place.text("told").matches("cannot write").count();
    fill(&filler);
    wait_until("another warning", || place.text("told").matches("cannot write").count() > first);
    interrupt(&child, "-INT");
    assert_eq!(finish(&mut child), Some(1), "{}", place.text("told"));
    let told = place.text("told");
    let end = told.lines().last().unwrap_or_default();
    assert!(end.starts_with("error: ") && end.contains("could not be saved") && end.contains("make room"), "{told}");
}

/// A limit on the size of files in the place of a full disk: what is small is written, a checkpoint is not.
#[cfg(unix)]
#[test]
fn a_run_that_could_not_save_goes_on_from_the_old_checkpoint_to_the_same_bits() {
    let place = Place::new();
    let steps = |steps: &'static str, run: &str| {
        place.train_tiny(run, &["--steps", steps, "--checkpoint-every", "1", "--log-every", "1"]).succeeded();
    };
    steps("6", "straight");
    steps("3", "cut");
    let before = place.read("cut/checkpoint.safetensors");
    // Without the trap the system would end the program by a signal.
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let resume = ["--resume", "cut", "--steps", "6"];
    let mut limited = place.command("sh", &[&["-c", script, env!("CARGO_BIN_EXE_train")][..], &resume].concat());
    let told = Outcome::of(limited.output()).failed(1, &["step 6 could not be saved", "that of step 3", "make room"]);
    assert!(told.err.contains("warning: cannot write") && told.err.contains("stays"), "{}", told.err);
    assert!(place.read("cut/checkpoint.safetensors") == before, "the old checkpoint stays");
    place.train(&resume).succeeded();
    for file in ["checkpoint.safetensors", "losses.csv"] {
        let [one, other] = ["straight", "cut"].map(|run| place.read(&format!("{run}/{file}")));
        assert!(one == other, "{file} is another one");
    }
}

#[cfg(unix)]
#[test]
fn pictures_that_vanish_or_spoil_meanwhile_are_told_at_the_resume() {
    let place = Place::new();
    for folder in ["vanishing", "spoiling"] {
        pictures(&place, folder, 6);
        let run = format!("run-{folder}");
        let more = ["--data", folder, "--out", &run, "--steps", "1000000", "--log-every", "1"];
        let train = place.command(env!("CARGO_BIN_EXE_train"), &[&TINY[..10], &more].concat());
        let mut child = endless(&place, train);
        let logged = || if place.path(&format!("{run}/losses.csv")).exists() { place.logged_whole(&run) } else { 0 };
        wait_until("a step", || logged() > 1);
        let broken: Vec<_> = (0..6).filter(|n| folder == "vanishing" || n % 2 == 0).collect();
        for n in &broken {
            let path = place.path(&format!("{folder}/{n}.png"));
            match folder {
                "vanishing" => fs::remove_file(path),
                _ => fs::write(path, b"\x89PNG\r\n\x1a\nspoilt"),
            }
            .expect("the folder can be written");
        }
        let then = logged();
        wait_until("more steps", || logged() > then + 5);
        interrupt(&child, "-INT");
        assert_eq!(finish(&mut child), Some(130), "{}", place.text("told"));
        let (steps, state) = (place.saved(&run), place.read(&format!("{run}/checkpoint.safetensors")));
        let more = (steps + 2).to_string();
        let resumed = place.train(&["--resume", &run, "--steps", &more]);
        if folder == "vanishing" {
            resumed.failed(1, &["vanishing", "no files"]);
            assert!(place.read(&format!("{run}/checkpoint.safetensors")) == state, "the run is left as it was");
        } else {
            let told = resumed.succeeded();
            assert!(told.err.contains("the run had 6 pictures and now has 3"), "{}", told.err);
            let skipped = place.text(&format!("{run}/skipped.txt"));
            assert_eq!(skipped.lines().count(), 3, "{skipped}");
            assert!(broken.iter().all(|n| skipped.contains(&format!("{n}.png: "))), "{skipped}");
        }
    }
}

/// Cut at fifty places and with a byte turned over at fifty others. Each is shown to `train --resume` or to `sample`.
#[test]
fn a_damaged_checkpoint_is_never_taken_for_a_whole_one() {
    let place = Place::new();
    place.train_tiny("run", &["--steps", "1"]).succeeded();
    let (path, whole) = (place.path("run/checkpoint.safetensors"), place.read("run/checkpoint.safetensors"));
    let mut random = Philox::new(50, 0);
    let none = place.path("no-driver.json");
    for round in 0..100 {
        let at = random.below(whole.len() as u32) as usize;
        let mut damaged = whole.clone();
        match round % 2 {
            0 => damaged.truncate(at),
            _ => damaged[at] ^= 0xff,
        }
        fs::write(&path, &damaged).expect("the folder can be written");
        let (program, arguments): (_, &[&str]) = match round / 2 % 2 {
            0 => (env!("CARGO_BIN_EXE_train"), &["--resume", "run", "--steps", "2", "--adapter", "native"]),
            _ => (env!("CARGO_BIN_EXE_sample"), &["run", "-n", "1", "--out", "drawn", "--adapter", "native"]),
        };
        let mut command = place.command(program, arguments);
        // The CPU alone, for speed, whatever the run was computed on.
        command.env("VK_DRIVER_FILES", &none).env("VK_ICD_FILENAMES", &none);
        let told = Outcome::of(command.output());
        assert!(!told.err.contains("panicked"), "byte {at}: {}", told.err);
        told.failed(1, &["checkpoint.safetensors"]);
        assert!(fs::read(&path).expect("it is there") == damaged, "byte {at}: a damaged file is left for its owner");
        assert!(!place.path("drawn").exists(), "byte {at}: nothing is drawn");
    }
    fs::write(&path, &whole).expect("the folder can be written");
    place.train(&["--resume", "run", "--steps", "2"]).succeeded();
}
