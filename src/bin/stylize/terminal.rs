//! What a person sees: sentences, and a progress bar where there is a terminal.

use std::{
    cell::Cell,
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Prints a line. A reader that has gone away is no reason to stop.
pub fn line(text: &str) {
    write_line(&mut io::stdout(), text);
}

/// Prints a line beside the stream of a video, which has stdout for itself.
pub fn aside(text: &str) {
    write_line(&mut io::stderr(), text);
}

/// Prints what ended the program.
pub fn error(text: &str) {
    aside(&format!("error: {text}"));
}

fn write_line(stream: &mut dyn Write, text: &str) {
    let _ = writeln!(stream, "{text}").and_then(|()| stream.flush());
}

/// Time between two lines where there is no terminal.
const QUIET: Duration = Duration::from_secs(10);

/// The bands of one picture: a bar, or a line now and then.
pub struct Bands {
    bar: ProgressBar,
    all: usize,
    done: Cell<usize>,
    told: Cell<Instant>,
}

impl Bands {
    pub fn new(all: usize) -> Self {
        let bar = match all {
            1 => ProgressBar::hidden(),
            _ => bar(all, "{wide_bar} {pos}/{len} bands, {eta} left"),
        };
        Self { bar, all, done: Cell::new(0), told: Cell::new(Instant::now()) }
    }

    pub fn step(&self) {
        self.bar.inc(1);
        self.done.set(self.done.get() + 1);
        if self.bar.is_hidden() && self.told.get().elapsed() > QUIET {
            self.told.set(Instant::now());
            line(&format!("{} of {} bands", self.done.get(), self.all));
        }
    }

    pub fn close(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar, or nothing where there is no terminal.
pub fn bar(all: usize, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(all as u64).with_style(style)
}
