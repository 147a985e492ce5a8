//! What a person sees of a run: sentences, and a progress bar or, where there is no terminal, a line every few seconds.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal, Write},
    path::Path,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use sumi::{
    gpu::{AdapterKind, Gpu, adapters},
    train::{
        config::{Networks, RunConfig},
        preset::Length,
        run::{Listener, Run},
        translate::Common,
    },
};

use sysinfo::System;

use super::interrupt;

/// Seconds between two lines where there is no terminal.
const QUIET: Duration = Duration::from_secs(5);

/// The speed shown is that of so long.
const WINDOW: Duration = Duration::from_secs(20);

/// Two lines, so that nothing is lost where a terminal is 80 characters wide.
const BAR: &str = "{wide_bar} {pos}/{len}  {prefix}  {eta} left\n{wide_msg}";

/// The terminal, as a run sees it.
pub struct Terminal {
    /// Whether a bar can be drawn.
    interactive: bool,
    bar: Option<ProgressBar>,
    /// When the last line was printed instead of a bar.
    printed: Instant,
    /// When steps began, and which was the first.
    begun: Option<(Instant, u64)>,
    all: u64,
    batch: usize,
    marks: VecDeque<(Instant, u64)>,
    figures: String,
}

impl Terminal {
    pub fn new() -> Self {
        Self {
            interactive: io::stderr().is_terminal(),
            bar: None,
            printed: Instant::now(),
            begun: None,
            all: 0,
            batch: 0,
            marks: VecDeque::new(),
            figures: String::new(),
        }
    }

    /// Puts the bar away and sums the run up.
    pub fn close(&mut self, run: &Run, gpu: &Gpu) {
        self.put_away();
        let Some((start, first)) = self.begun else { return };
        let (seconds, steps) = (start.elapsed().as_secs_f64(), (run.steps() - first) as f64);
        let (waited, memory) = (run.waited().as_secs_f64(), gpu.memory());
        line(&format!(
            "{steps} steps in {} ({:.2} it/s, {:.0} images/s), of which {waited:.2} s ({:.1} %) waiting for pictures; \
             device memory {:.1} MiB in {} buffers",
            duration(seconds),
            steps / seconds,
            steps * self.batch as f64 / seconds,
            100.0 * waited / seconds,
            memory.bytes as f64 / f64::from(1 << 20),
            memory.buffers
        ));
    }

    fn put_away(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn show(&mut self, all: u64, done: u64, template: &str) {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(all).with_position(done).with_style(style);
        bar.reset_eta();
        self.bar = Some(bar);
    }

    /// Steps per second over the last seconds.
    fn speed(&mut self, step: u64) -> Option<f64> {
        let now = Instant::now();
        self.marks.push_back((now, step));
        while self.marks.len() > 2 && now.duration_since(self.marks[0].0) > WINDOW {
            self.marks.pop_front();
        }
        let (then, first) = self.marks[0];
        (step > first).then(|| (step - first) as f64 / now.duration_since(then).as_secs_f64().max(1e-9))
    }
}

impl Listener for Terminal {
    fn say(&mut self, sentence: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| line(sentence)),
            None => line(sentence),
        }
    }

    fn warn(&mut self, sentence: &str) {
        let warning = || write_line(&mut io::stderr(), &format!("warning: {sentence}"));
        match &self.bar {
            Some(bar) => bar.suspend(warning),
            None => warning(),
        }
    }

    fn preparing(&mut self, done: usize, all: usize) {
        if done == all {
            self.put_away();
        } else if !self.interactive {
            if self.printed.elapsed() > QUIET {
                self.printed = Instant::now();
                line(&format!("{done} of {all} pictures"));
            }
        } else if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        } else {
            self.show(all as u64, done as u64, "{bar:24} {pos}/{len} pictures, {eta} left");
        }
    }

    fn begin(&mut self, done: u64, all: u64, batch: usize) {
        interrupt::save_first();
        (self.all, self.batch) = (all, batch);
        self.begun = Some((Instant::now(), done));
        if self.interactive {
            self.show(all, done, BAR);
        } else {
            line(&format!("Steps {} to {all}", done + 1));
        }
    }

    fn step(&mut self, step: u64, waited: Duration) {
        let speed = self.speed(step);
        let waited =
            self.begun.map_or(0.0, |(start, _)| waited.as_secs_f64() / start.elapsed().as_secs_f64().max(1e-9));
        let pace = speed.map_or_else(String::new, |speed| {
            format!("{speed:.2} it/s, {:.0} images/s, waited {:.1} %", speed * self.batch as f64, 100.0 * waited)
        });
        if let Some(bar) = &self.bar {
            bar.set_prefix(pace);
            bar.set_message(self.figures.clone());
            bar.set_position(step);
        } else if self.printed.elapsed() > QUIET || step == self.all {
            self.printed = Instant::now();
            let left = speed.map_or_else(String::new, |speed| duration((self.all - step) as f64 / speed) + " left");
            line(&format!("step {step}/{}  {pace}{}  {left}", self.all, self.figures));
        }
    }

    fn figures(&mut self, _step: u64, epoch: u64, figures: &str) {
        self.figures = format!("  epoch {epoch}{figures}");
    }

    fn should_stop(&self) -> bool {
        interrupt::heard()
    }

    fn surroundings(&self) -> Vec<(String, String)> {
        let words: Vec<_> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let cores = std::thread::available_parallelism().map_or_else(|_| "?".to_owned(), |cores| cores.to_string());
        let system = System::long_os_version().unwrap_or_else(|| std::env::consts::OS.to_owned());
        let system = format!("{system}, {}, {cores} cores", std::env::consts::ARCH);
        [("command", words.join(" ")), ("system", system)].map(|(name, value)| (name.to_owned(), value)).to_vec()
    }
}

/// Prints a line. A reader that has gone away (`train | head`) is no reason to stop.
pub fn line(text: &str) {
    write_line(&mut io::stdout(), text);
}

/// Prints what ended the program.
pub fn error(text: &str) {
    write_line(&mut io::stderr(), &format!("error: {text}"));
}

fn write_line(stream: &mut dyn Write, text: &str) {
    let _ = writeln!(stream, "{text}").and_then(|()| stream.flush());
}

/// What `--list-adapters` shows.
pub fn list_adapters() {
    for adapter in adapters() {
        let limits = adapter.limits;
        line(&adapter.to_string());
        line(&format!(
            "    limits    {} MiB a tensor, {} KiB workgroup memory, {} invocations and {} workgroups a side",
            limits.binding_bytes >> 20,
            limits.workgroup_bytes >> 10,
            limits.invocations,
            limits.workgroups
        ));
        let lanes = adapter.lanes.map_or_else(String::new, |lanes| format!(" ({lanes} lanes)"));
        let features = if adapter.features.is_empty() { "none".to_owned() } else { adapter.features.join(", ") };
        line(&format!("    features  {features}{lanes}"));
    }
}

/// Which preset the run starts from, and why.
pub fn preset_line(config: &RunConfig, kind: AdapterKind, chosen: bool) -> String {
    let why = match kind {
        _ if chosen => "as asked for",
        cpu if cpu.is_cpu() => "because shaders run on the CPU here (choose another with --preset)",
        _ => "the usual one on a GPU (choose another with --preset)",
    };
    format!("Preset {}, {why}: {}", config.preset, values(&config.networks, config.length))
}

/// The values of a preset that a person chooses it by.
pub fn values(networks: &Networks, length: Length) -> String {
    match networks {
        Networks::Dcgan(c) => {
            format!("{}×{} pixels, batch {}, ngf {}, ndf {}, {length}", c.size, c.size, c.batch, c.ngf, c.ndf)
        }
        Networks::Faces(c) => {
            format!("{}×{} pixels, batch {}, ngf {}, ndf {}, {length}", c.size, c.size, c.batch, c.ngf, c.ndf)
        }
        Networks::Cyclegan(c) => translation(&c.common, c.ngf, c.ndf, c.blocks, length),
        Networks::Cut(c) => translation(&c.common, c.ngf, c.ndf, c.blocks, length),
        Networks::Anime(c) => translation(&c.common, c.ngf, c.ndf, c.blocks, length),
    }
}

fn translation(common: &Common, ngf: usize, ndf: usize, blocks: usize, length: Length) -> String {
    let ([height, width], batch) = (common.size, common.batch);
    format!("{width}×{height} pixels, batch {batch}, ngf {ngf}, ndf {ndf}, {blocks} blocks, {length}")
}

/// The end of a run that has done its steps.
pub fn what_next(run: &Run) -> String {
    let (train, folder) = (command("train"), run.folder().display());
    let draw = match run.recipe() {
        "dcgan" | "faces" => {
            format!("new pictures:  {} {folder} -n 64 --seed 7 --out faces --grid faces.png", command("sample"))
        }
        _ => format!("photographs:   {} --weights {folder} --out drawn PICTURE…", command("stylize")),
    };
    format!("Done. Draw {draw}\nTrain on:                 {train} --resume {folder} --steps N")
}

/// The end of a run that was interrupted.
pub fn how_to_go_on(run: &Path) -> String {
    format!("Saved. Go on with:  {} --resume {}", command("train"), run.display())
}

/// How a program of this package is started by whoever started this one.
fn command(program: &str) -> String {
    // cargo tells the programs it runs where it is.
    match std::env::var_os("CARGO") {
        Some(_) => format!("cargo run --release --bin {program} --"),
        None => program.to_owned(),
    }
}

fn duration(seconds: f64) -> String {
    let seconds = seconds as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}
