//! A table that grows while a run goes on: a CSV file whose rows begin with their step.

use std::{
    fs::{File, OpenOptions, read_to_string},
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use crate::weights::replace::replace;

/// Rows on their way to a file. Those that the disk had no room for are kept and tried again.
pub struct Rows {
    file: File,
    /// Bytes of the file that are whole rows.
    length: u64,
    unwritten: String,
    failing: bool,
}

impl Rows {
    /// Begins a table under the line `head`, or goes on with one after the rows of `step`: later rows are of steps that
    /// will be done again, and are cut off.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, head: &str, step: u64) -> io::Result<Self> {
        let before = match read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let kept = kept(&before, &format!("{head}\n"), step);
        replace(path, kept.as_bytes())?;
        // Not for appending only: Windows would not let such a file be shortened.
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file, length: kept.len() as u64, unwritten: String::new(), failing: false })
    }

    /// Adds a row.
    pub fn push(&mut self, row: &str) {
        self.unwritten += row;
        self.unwritten.push('\n');
    }

    /// Writes the rows that were added.
    ///
    /// # Errors
    /// When they cannot be written: told once, while every call tries again.
    pub fn flush(&mut self) -> io::Result<()> {
        let Err(error) = self.file.write_all(self.unwritten.as_bytes()) else {
            self.length += self.unwritten.len() as u64;
            self.unwritten.clear();
            self.failing = false;
            return Ok(());
        };
        // Half a row may stand in the file.
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        if std::mem::replace(&mut self.failing, true) { Ok(()) } else { Err(error) }
    }
}

/// The head and the whole rows up to `step`.
fn kept(text: &str, head: &str, step: u64) -> String {
    let step_of = |row: &str| row.split(',').next().and_then(|field| field.parse::<u64>().ok());
    let rows = text.split_inclusive('\n').skip(1).filter(|row| row.ends_with('\n'));
    let rows = rows.filter(|row| step_of(row).is_some_and(|of_row| of_row <= step));
    std::iter::once(head.to_owned()).chain(rows.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn rows_beyond_the_step_and_half_rows_are_cut() {
        const HEAD: &str = "step,epoch,a,b,c,d,e\n";
        let text = format!("{HEAD}1,0,1,1,1,1,1\n10,0,1,1,1,1,1\n20,1,1,1,1,1,1\n3");
        assert_eq!(kept(&text, HEAD, 19), format!("{HEAD}1,0,1,1,1,1,1\n10,0,1,1,1,1,1\n"));
        assert_eq!(kept("", HEAD, 5), HEAD);
    }
}
