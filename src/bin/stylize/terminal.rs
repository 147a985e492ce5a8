//! What a person sees: sentences, and a progress bar where there is a terminal.

use std::io::{self, IsTerminal, Write};

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

/// A bar, or nothing where there is no terminal.
pub fn bar(all: usize, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(all as u64).with_style(style)
}
