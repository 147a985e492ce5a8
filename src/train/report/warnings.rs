//! `warnings.txt`: what went wrong in a run without ending it.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::train::run::Listener;

/// A listener that keeps what it is warned of, and hands everything on.
pub struct Kept<'a> {
    tell: &'a mut dyn Listener,
    path: PathBuf,
    step: u64,
}

impl<'a> Kept<'a> {
    /// In front of a listener of a run that has done `step` steps; `path` is the file.
    pub fn new(tell: &'a mut dyn Listener, path: PathBuf, step: u64) -> Self {
        Self { tell, path, step }
    }
}

/// The warnings of a run, first to last.
pub fn read(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

impl Listener for Kept<'_> {
    fn say(&mut self, sentence: &str) {
        self.tell.say(sentence);
    }

    fn warn(&mut self, sentence: &str) {
        self.tell.warn(sentence);
        let line = format!("step {}: {}\n", self.step, sentence.replace('\n', " "));
        // A disk that does not take this is itself what is warned of, more often than not.
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }

    fn preparing(&mut self, done: usize, all: usize) {
        self.tell.preparing(done, all);
    }

    fn begin(&mut self, done: u64, all: u64, batch: usize) {
        self.step = done;
        self.tell.begin(done, all, batch);
    }

    fn step(&mut self, step: u64, waited: Duration) {
        self.step = step;
        self.tell.step(step, waited);
    }

    fn figures(&mut self, step: u64, epoch: u64, figures: &str) {
        self.tell.figures(step, epoch, figures);
    }

    fn should_stop(&self) -> bool {
        self.tell.should_stop()
    }

    fn surroundings(&self) -> Vec<(String, String)> {
        self.tell.surroundings()
    }
}
