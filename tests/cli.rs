//! `train` and `sample` as black boxes: exit codes, messages, and the files they leave. Tiny networks, few steps.

mod distances;
mod faces;
mod faults;
mod folder;
mod labels;
mod latent;
mod metric;
#[cfg(feature = "mpi")]
mod processes;
mod reports;
mod soak;
mod translation;

use std::{
    fs,
    io::Read,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use sumi::train::checkpoint::Checkpoint;
use tempfile::TempDir;

use crate::common::wanted_adapter;

/// The smallest networks there are.
const TINY: [&str; 12] = ["--size", "16", "--ngf", "4", "--ndf", "4", "--nz", "8", "--batch", "4", "--portraits", "24"];

/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A folder to run programs in.
struct Place(TempDir);

/// What a program did.
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).args(arguments).env_remove("CARGO").stdin(Stdio::null());
        // Behind the rest: a subcommand comes first.
        if let Some(adapter) = wanted_adapter().filter(|_| !arguments.contains(&"--adapter")) {
            command.arg("--adapter").arg(adapter);
        }
        // Without it Mesa complains on stderr.
        command.env("XDG_RUNTIME_DIR", self.0.path());
        // What the user has measured on this machine is no part of a test.
        command.env("SUMI_CACHE", "");
        command
    }

    fn train(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(env!("CARGO_BIN_EXE_train"), arguments).output())
    }

    fn sample(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(env!("CARGO_BIN_EXE_sample"), arguments).output())
    }

    /// Trains tiny networks into the folder `run`.
    fn train_tiny(&self, run: &str, more: &[&str]) -> Outcome {
        self.train(&[&TINY[..], &["--out", run], more].concat())
    }

    fn start_tiny(&self, run: &str, more: &[&str]) -> Child {
        let arguments = [&TINY[..], &["--out", run], more].concat();
        let mut command = self.command(env!("CARGO_BIN_EXE_train"), &arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("train starts")
    }

    fn read(&self, relative: &str) -> Vec<u8> {
        fs::read(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    fn text(&self, relative: &str) -> String {
        String::from_utf8(self.read(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    /// The steps that losses.csv has rows for.
    fn logged(&self, run: &str) -> Vec<u64> {
        let text = self.text(&format!("{run}/losses.csv"));
        text.lines().skip(1).map(|row| row.split(',').next().and_then(|s| s.parse().ok()).expect("a step")).collect()
    }

    /// How many whole rows losses.csv has, while a program may be writing it.
    fn logged_whole(&self, run: &str) -> usize {
        self.text(&format!("{run}/losses.csv")).matches('\n').count().saturating_sub(1)
    }

    /// The step of the checkpoint, which must be whole.
    fn saved(&self, run: &str) -> u64 {
        let path = self.path(&format!("{run}/checkpoint.safetensors"));
        Checkpoint::read(&path).unwrap_or_else(|error| panic!("{error}")).header.steps()
    }
}

impl Outcome {
    fn of(output: std::io::Result<Output>) -> Self {
        let Output { status, stdout, stderr } = output.expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("programs print text");
        Self { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    #[track_caller]
    fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// Ended with this code and one message that holds all of `words`, and no panic.
    #[track_caller]
    fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        assert_eq!(self.err.matches("error: ").count(), 1, "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "'{word}' is not in: {}", self.err);
        }
        self
    }
}

/// Waits until something is there.
fn wait_until(what: &str, mut there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !there() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(20));
    }
}

fn finish(child: &mut Child) -> Option<i32> {
    let mut status = None;
    wait_until("the end of train", || {
        status = child.try_wait().expect("the child is ours");
        status.is_some()
    });
    status.and_then(|status| status.code())
}

#[cfg(unix)]
fn interrupt(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is everywhere");
    assert!(sent.success());
}

fn is_png(bytes: &[u8]) -> bool {
    image::load_from_memory_with_format(bytes, image::ImageFormat::Png).is_ok()
}

#[test]
fn help_teaches() {
    let place = Place::new();
    let help = place.train(&["--help"]).succeeded().out;
    for word in ["Examples:", "--resume", "small", "dcgan256", "non-saturating", "losses.csv", "Ctrl-C"] {
        assert!(help.contains(word), "{word}");
    }
    assert!(place.train(&["dcgan", "--help"]).succeeded().out.contains("--beta1"));
    assert!(place.sample(&["--help"]).succeeded().out.contains("--interpolate"));
}

#[test]
fn adapters_are_listed_with_what_they_can_do() {
    let list = Place::new().train(&["--list-adapters"]).succeeded().out;
    assert!(list.starts_with("[0] ") && list.contains("limits") && list.contains("features"), "{list}");
}

#[test]
fn without_any_driver_the_cpu_is_listed_and_nothing_else_is_said() {
    let place = Place::new();
    let mut command = place.command(env!("CARGO_BIN_EXE_train"), &["--list-adapters"]);
    // What the Vulkan loader is told to look for instead of this machine's drivers.
    let none = place.path("no-driver.json");
    command.env("VK_DRIVER_FILES", &none).env("VK_ICD_FILENAMES", &none).env_remove("VK_ADD_DRIVER_FILES");
    let listed = Outcome::of(command.output()).succeeded();
    assert!(listed.out.contains("] native: ") && listed.err.is_empty(), "{}{}", listed.out, listed.err);
    if cfg!(target_os = "linux") {
        assert!(listed.out.starts_with("[0] native: "), "{}", listed.out);
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let place = Place::new();
    place.train(&["--size", "33"]).failed(2, &["power of two"]);
    place.train(&["--lr", "-1"]).failed(2, &["--lr"]);
    place.train(&["--objective", "luck"]).failed(2, &["minimax"]);
    place.train(&["--preset", "huge"]).failed(2, &["dcgan64"]);
    place.train(&["--steps", "5", "--epochs", "2"]).failed(2, &["--epochs"]);
    place.train(&["--resume", "a", "--out", "b"]).failed(2, &["--out"]);
    place.train(&["--size", "512", "--ngf", "1024"]).failed(1, &["ngf", "channels"]);
    place.train(&["--adapter", "abacus"]).failed(1, &["abacus", "[0]"]);
    place.train(&["--resume", "nowhere"]).failed(1, &["nowhere", "config.toml"]);
    place.sample(&["nowhere"]).failed(2, &["--out"]);
    place.sample(&["nowhere", "--grid", "a.png"]).failed(1, &["no checkpoint", "nowhere"]);
    assert!(!place.path("runs").exists(), "a run that never began leaves no folder");
}

#[test]
fn folders_without_pictures_are_explained() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).expect("the folder can be made");
    fs::create_dir(place.path("texts")).expect("the folder can be made");
    fs::write(place.path("texts/a.txt"), "no picture").expect("the folder can be written");
    place.train_tiny("run", &["--data", "missing"]).failed(1, &["missing", "nothing is there"]);
    place.train_tiny("run", &["--data", "empty"]).failed(1, &["empty", "no files"]);
    place.train_tiny("run", &["--data", "texts"]).failed(1, &["texts", "could read none"]);
    assert!(!place.path("run").exists());
}

#[test]
fn a_run_leaves_its_files_and_samples_repeat() {
    let place = Place::new();
    fs::create_dir(place.path("pictures")).expect("the folder can be made");
    for grey in 0..5_u8 {
        let picture = image::RgbImage::from_pixel(20, 18, image::Rgb([grey * 50; 3]));
        picture.save(place.path(&format!("pictures/{grey}.png"))).expect("the folder can be written");
    }
    fs::write(place.path("pictures/broken.png"), b"\x89PNG\r\n\x1a\nrest").expect("the folder can be written");
    let arguments =
        ["--data", "pictures", "--steps", "5", "--log-every", "2", "--sample-every", "3", "--checkpoint-every", "2"];
    let told = place.train(&[&TINY[..], &arguments].concat()).succeeded();
    for word in ["Adapter [", "pictures read: 5, skipped: 1", "parameters", "runs/dcgan-1", "waiting for pictures"] {
        assert!(told.out.contains(word), "'{word}' is not in: {}", told.out);
    }
    assert!(told.out.contains("sample runs/dcgan-1") && told.err.contains("broken.png"), "{}", told.err);
    for sheet in ["000000", "000003", "000005", "real"] {
        assert!(is_png(&place.read(&format!("runs/dcgan-1/samples/{sheet}.png"))), "{sheet}");
    }
    let skipped = place.text("runs/dcgan-1/skipped.txt");
    assert!(skipped.lines().count() == 1 && skipped.contains("broken.png: ") && told.out.contains("skipped.txt"));
    assert!(told.out.contains(" images/s, waited "), "{}", told.out);
    assert_eq!(place.logged("runs/dcgan-1"), [1, 2, 4]);
    let config = place.text("runs/dcgan-1/config.toml");
    for line in ["recipe = \"dcgan\"", "steps = 5", "ngf = 4", "objective = \"non-saturating\"", "flip = false"] {
        assert!(config.lines().any(|l| l == line), "'{line}' is not in: {config}");
    }
    assert!(config.contains("rendering = \"anime\""), "{config}");
    // The next run without --out takes the next number.
    let others = ["--steps", "1", "--rendering", "photo", "--eps", "0.001", "--init-std", "0.05"];
    let told = place.train(&[&TINY[..], &others].concat()).succeeded();
    assert!(told.out.contains("24 photo portraits"), "{}", told.out);
    let config = place.text("runs/dcgan-2/config.toml");
    for line in ["rendering = \"photo\"", "eps = 0.001", "init_std = 0.05"] {
        assert!(config.lines().any(|l| l == line), "'{line}' is not in: {config}");
    }
    assert_ne!(place.read("runs/dcgan-1/samples/real.png"), place.read("runs/dcgan-2/samples/real.png"));
    assert!(place.path("runs/dcgan-2/checkpoint.safetensors").is_file());

    let draw = |n: &str, out: &str| place.sample(&["runs/dcgan-1", "-n", n, "--seed", "7", "--out", out]).succeeded();
    draw("20", "twenty");
    draw("3", "three");
    assert_eq!(fs::read_dir(place.path("twenty")).expect("it is there").count(), 20);
    for picture in ["0000.png", "0001.png", "0002.png"] {
        assert_eq!(place.read(&format!("twenty/{picture}")), place.read(&format!("three/{picture}")), "{picture}");
    }
    assert_ne!(place.read("twenty/0000.png"), place.read("twenty/0001.png"), "other noise, another picture");
    let (grid, strip) = (["--grid", "grid.png"], ["--interpolate", "strip.png", "--steps", "5"]);
    place.sample(&["runs/dcgan-1", "-n", "100000", "--grid", "huge.png"]).failed(1, &["100000 pictures", "--out"]);
    place.sample(&[&["runs/dcgan-1", "-n", "9"][..], &grid, &strip].concat()).succeeded();
    let size = |file| image::open(place.path(file)).expect("a picture").into_rgb8().dimensions();
    assert_eq!((size("grid.png"), size("strip.png")), ((3 * 98 + 2, 3 * 98 + 2), (5 * 98 + 2, 98 + 2)));
}

#[test]
fn the_same_seed_is_the_same_run_and_a_resume_is_no_interruption() {
    let place = Place::new();
    let every = ["--log-every", "2", "--flip"];
    place.train_tiny("straight", &[&every[..], &["--steps", "9", "--seed", "3"]].concat()).succeeded();
    place.train_tiny("again", &[&every[..], &["--steps", "9", "--seed", "3"]].concat()).succeeded();
    place.train_tiny("other", &[&every[..], &["--steps", "9", "--seed", "4"]].concat()).succeeded();
    place.train_tiny("parts", &[&every[..], &["--steps", "4", "--seed", "3"]].concat()).succeeded();
    let checkpoint = |run: &str| place.read(&format!("{run}/checkpoint.safetensors"));
    assert_eq!(checkpoint("straight"), checkpoint("again"));
    assert_ne!(checkpoint("straight"), checkpoint("other"));
    assert_ne!(checkpoint("straight"), checkpoint("parts"));

    let before = ["config.toml", "losses.csv"].map(|file| place.text(&format!("parts/{file}")));
    fs::write(place.path("parts/losses.csv"), before[1].clone() + "99,0,1,1,1,1,1\n").expect("it can be written");
    place.train(&["--resume", "parts", "--lr", "0.5"]).failed(1, &["has done its 4 steps", "--steps"]);
    assert_eq!(place.text("parts/config.toml"), before[0], "a run that is refused stays as it was");
    assert!(place.text("parts/losses.csv").ends_with("99,0,1,1,1,1,1\n"));
    place.train(&["--resume", "parts", "--ngf", "8"]).failed(1, &["ngf = 4", "new run"]);
    place.train(&["--resume", "parts", "--steps", "9"]).succeeded();
    assert_eq!(checkpoint("straight"), checkpoint("parts"));
    assert_eq!(place.text("straight/losses.csv"), place.text("parts/losses.csv"));
    assert_eq!(place.read("straight/samples/000009.png"), place.read("parts/samples/000009.png"));

    let told = place.train(&["--resume", "parts", "--steps", "10", "--lr", "0.001"]).succeeded();
    assert!(told.out.contains("--lr: 0.001 instead of"), "{}", told.out);
    assert!(place.text("parts/config.toml").contains("lr = 0.001"));
    place.train_tiny("parts", &[]).failed(1, &["exists already", "--resume parts"]);
}

#[test]
fn a_killed_run_goes_on_from_its_last_checkpoint() {
    let place = Place::new();
    let mut child = place.start_tiny("run", &["--steps", "100000", "--checkpoint-every", "1", "--log-every", "1"]);
    // Checkpoints follow each other all the time, so that the kill often meets one half written.
    wait_until("some steps", || place.path("run/losses.csv").exists() && place.logged_whole("run") > 5);
    child.kill().expect("the child is ours");
    child.wait().expect("the child is ours");
    let steps = place.saved("run");
    let more = (steps + 2).to_string();
    let told = place.train(&["--resume", "run", "--steps", &more]).succeeded();
    assert!(told.out.contains(&format!("after step {steps}")), "{}", told.out);
    assert_eq!(place.logged("run"), (1..=steps + 2).collect::<Vec<_>>(), "rows are neither lost nor doubled");
    let unfinished = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("a name").file_name().to_string_lossy().starts_with(".unfinished")
    };
    assert!(!fs::read_dir(place.path("run")).expect("it is there").any(unfinished));
}

#[test]
fn damaged_checkpoints_are_told_apart() {
    let place = Place::new();
    place.train_tiny("run", &["--steps", "1"]).succeeded();
    let (path, whole) = (place.path("run/checkpoint.safetensors"), place.read("run/checkpoint.safetensors"));
    let with = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("the folder can be written");
        place.train(&["--resume", "run", "--steps", "2"])
    };
    with(&whole[..whole.len() / 2]).failed(1, &["cut short", "checkpoint.safetensors"]);
    let mut damaged = whole.clone();
    *damaged.last_mut().expect("it has bytes") ^= 1;
    with(&damaged).failed(1, &["checksum"]);
    with(b"").failed(1, &["cut short"]);
    let config = place.text("run/config.toml");
    fs::write(place.path("run/config.toml"), config.replace("ngf = 4", "ngf = 8")).expect("it can be written");
    with(&whole).failed(1, &["generator.0.weight", "expected [4, 4,"]);
    fs::write(place.path("run/config.toml"), "steps = ").expect("it can be written");
    with(&whole).failed(1, &["config.toml"]);
    fs::remove_file(&path).expect("it is there");
    fs::write(place.path("run/config.toml"), config).expect("it can be written");
    fs::write(place.path("run/losses.csv"), "").expect("it can be written");
    place.sample(&["run", "--grid", "a.png"]).failed(1, &["no checkpoint"]);
    let told = place.train(&["--resume", "run", "--steps", "2"]).succeeded();
    assert!(told.out.contains("no checkpoint: starting it from step 0"), "{}", told.out);
    assert_eq!(place.saved("run"), 2);
}

#[test]
fn a_training_that_diverges_says_so_and_keeps_its_checkpoint() {
    let place = Place::new();
    place.train_tiny("run", &["--steps", "1"]).succeeded();
    let path = place.path("run/checkpoint.safetensors");
    let mut checkpoint = Checkpoint::read(&path).expect("it is whole");
    // Weights so large that the logits overflow.
    checkpoint.tensors.get_mut("discriminator.5.weight").expect("the last convolution").elements.fill(3e38);
    checkpoint.write(&path).expect("the folder can be written");
    let before = place.read("run/checkpoint.safetensors");
    // Figures are looked at in every step, logged or not.
    let arguments = ["--resume", "run", "--steps", "9", "--log-every", "100", "--checkpoint-every", "100"];
    let none = place.train(&[&arguments[..], &["--rollback", "0"]].concat());
    let none = none.failed(1, &["diverged", "at step 2 ", "--lr", "checkpoint of step 1", "made in step 2: launch "]);
    assert!(none.err.contains("kernel ") && !none.err.contains("goes back"), "{}", none.err);
    assert_eq!(place.read("run/checkpoint.safetensors"), before);
    // Another seed does not help here: it is tried as often as it was asked for.
    let twice = place.train(&[&arguments[..], &["--rollback", "2"]].concat());
    let twice = twice.failed(1, &["(time 1 of 2)", "(time 2 of 2)", "instead of 0", "diverged"]);
    assert_eq!(twice.err.matches("goes back").count(), 2, "{}", twice.err);
    assert_eq!(place.read("run/checkpoint.safetensors"), before);
    assert!(place.text("run/warnings.txt").contains("goes back to the checkpoint of step 1"));
    assert!(place.text("run/report.html").contains("failed: the training has diverged"));
    assert!(!place.text("run/config.toml").contains("seed = 0\n"), "a resume goes on with the seed of the last try");
}

#[cfg(unix)]
#[test]
fn a_checkpoint_that_cannot_be_written_is_tried_again() {
    let place = Place::new();
    let (told, run, away) = (place.path("told"), place.path("run"), place.path("away"));
    let arguments = [&TINY[..], &["--out", "run", "--steps", "100000", "--checkpoint-every", "1", "--log-every", "1"]];
    let mut command = place.command(env!("CARGO_BIN_EXE_train"), &arguments.concat());
    let stderr = fs::File::create(&told).expect("the folder can be written");
    let mut child = command.stdout(Stdio::null()).stderr(stderr).spawn().expect("train starts");
    wait_until("a step", || run.join("losses.csv").exists() && place.logged_whole("run") > 1);
    // A folder that is gone takes as little as a full disk.
    fs::rename(&run, &away).expect("it can be moved");
    wait_until("a warning", || place.text("told").contains("cannot write"));
    fs::rename(&away, &run).expect("it can be moved");
    let before = place.saved("run");
    wait_until("another checkpoint", || place.saved("run") > before);
    interrupt(&child, "-INT");
    assert_eq!(finish(&mut child), Some(130));
    assert_eq!(place.logged("run"), (1..=place.saved("run")).collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let place = Place::new();
    for signal in ["-INT", "-TERM"] {
        let run = format!("run{signal}");
        let mut child = place.start_tiny(&run, &["--steps", "100000", "--log-every", "1"]);
        wait_until("a step", || place.path(&format!("{run}/losses.csv")).exists() && place.logged_whole(&run) > 1);
        interrupt(&child, signal);
        assert_eq!(finish(&mut child), Some(130));
        let mut out = String::new();
        child.stdout.take().expect("it was piped").read_to_string(&mut out).expect("programs print text");
        assert!(out.contains(&format!("train --resume {run}")), "{out}");
        let saved = place.saved(&run);
        assert_eq!(place.logged(&run).last(), Some(&saved), "what is logged is saved");
        let more = (saved + 1).to_string();
        place.train(&["--resume", &run, "--steps", &more]).succeeded();
    }
}

#[cfg(unix)]
#[test]
fn a_second_ctrl_c_leaves_at_once() {
    let place = Place::new();
    // A step that takes longer than a hand needs for the second one.
    let arguments = ["--size", "64", "--batch", "256", "--ngf", "32", "--ndf", "32", "--portraits", "256"];
    let mut command = place.command(env!("CARGO_BIN_EXE_train"), &[&arguments[..], &["--out", "run"]].concat());
    let told = fs::File::create(place.path("told")).expect("the folder can be written");
    let mut child = command.stdout(told).stderr(Stdio::null()).spawn().expect("train starts");
    wait_until("the first step", || place.text("told").contains("The first step"));
    interrupt(&child, "-INT");
    // Two signals that arrive together are one.
    sleep(Duration::from_millis(100));
    interrupt(&child, "-INT");
    assert_eq!(finish(&mut child), Some(130));
    assert!(!place.text("told").contains("Saved."), "{}", place.text("told"));
    assert_eq!(place.saved("run"), 0);
}
