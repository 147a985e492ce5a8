//! The Rust text being written, each line with the place in the shader that it comes from.

use super::memory::Touch;
use crate::Place;

/// A line of the translation.
#[derive(Debug, Clone)]
pub struct Line {
    /// How many blocks it lies in.
    pub indent: usize,
    /// Rust.
    pub text: String,
    /// Where in the shader it comes from, where that is known.
    pub origin: Option<Place>,
    /// The access to memory that it makes.
    pub touch: Option<Touch>,
}

/// The text being written.
#[derive(Debug, Default)]
pub struct Text {
    lines: Vec<Line>,
    indent: usize,
    names: usize,
    /// Where the translation is at in the shader.
    pub origin: Option<Place>,
    /// The access to memory that the next line makes.
    pub touch: Option<Touch>,
}

impl Text {
    /// Appends a line.
    pub fn line(&mut self, text: impl Into<String>) {
        let text = text.into();
        let (origin, touch) = (self.origin.clone(), self.touch.take());
        self.lines.push(Line { indent: self.indent, text, origin, touch });
    }

    /// Appends a line that opens a block.
    pub fn open(&mut self, text: impl Into<String>) {
        self.line(text);
        self.indent += 1;
    }

    /// Appends the line that closes a block.
    pub fn close(&mut self, text: impl Into<String>) {
        self.indent -= 1;
        self.line(text);
    }

    /// Appends a line that closes a block and opens the next.
    pub fn turn(&mut self, text: impl Into<String>) {
        self.close(text);
        self.indent += 1;
    }

    /// A name that nothing has yet.
    pub fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Gives `expression` a name.
    pub fn bind(&mut self, expression: &str) -> String {
        let name = self.name("t");
        self.line(format!("let {name} = {expression};"));
        name
    }

    /// How many lines there are: a place to insert at later.
    pub fn mark(&self) -> usize {
        self.lines.len()
    }

    /// Inserts lines at a mark, indented as the line before the mark and one deeper.
    pub fn insert(&mut self, mark: usize, lines: impl IntoIterator<Item = String>) {
        let indent = self.lines.get(mark).map_or(self.indent, |line| line.indent);
        let lines = lines.into_iter().map(|text| Line { indent, text, origin: None, touch: None });
        self.lines.splice(mark..mark, lines);
    }

    pub fn finish(self) -> Vec<Line> {
        self.lines
    }
}
