//! What a program tells that draws or measures.

use std::{
    io::{self, Write},
    time::Duration,
};

use sumi::train::run::Listener;

/// Tells on stderr what is read, and nothing of progress.
pub struct Told;

impl Listener for Told {
    fn say(&mut self, sentence: &str) {
        note(sentence);
    }
    fn warn(&mut self, sentence: &str) {
        note(&format!("warning: {sentence}"));
    }
    fn preparing(&mut self, _: usize, _: usize) {}
    fn begin(&mut self, _: u64, _: u64, _: usize) {}
    fn step(&mut self, _: u64, _: Duration) {}
    fn figures(&mut self, _: u64, _: u64, _: &str) {}
    fn should_stop(&self) -> bool {
        false
    }
}

/// Tells something that is no result.
pub fn note(sentence: &str) {
    let _ = writeln!(io::stderr(), "{sentence}");
}

/// Prints a line. A reader that has gone away is no reason to stop.
pub fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
