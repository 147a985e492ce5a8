//! `losses.csv`: a row for each logged step.

use std::{
    fs::{File, OpenOptions, read_to_string},
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use crate::train::{checkpoint::replace, dcgan::Losses};

/// The names of the columns.
const COLUMNS: &str = "step,epoch,d_loss,g_loss,d_real,d_fake,d_fake_after";

/// The losses of a run, row by row. A row that the disk had no room for is kept and tried again.
pub struct LossLog {
    file: File,
    /// Bytes of the file that are whole rows.
    length: u64,
    unwritten: String,
    failing: bool,
}

impl LossLog {
    /// Begins a log, or goes on with one after the row of `step`: later rows are of steps that will be done again, and
    /// are cut off.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, step: u64) -> io::Result<Self> {
        let before = match read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let kept = kept(&before, step);
        replace(path, kept.as_bytes())?;
        // Not for appending only: Windows would not let such a file be shortened.
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file, length: kept.len() as u64, unwritten: String::new(), failing: false })
    }

    /// Adds a row.
    pub fn push(&mut self, step: u64, epoch: u64, losses: &Losses) {
        let Losses { d, g, real, fake, fake_after } = losses;
        self.unwritten += &format!("{step},{epoch},{d},{g},{real},{fake},{fake_after}\n");
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
fn kept(text: &str, step: u64) -> String {
    let step_of = |row: &str| row.split(',').next().and_then(|field| field.parse::<u64>().ok());
    let rows = text.split_inclusive('\n').skip(1).filter(|row| row.ends_with('\n'));
    let rows = rows.filter(|row| step_of(row).is_some_and(|of_row| of_row <= step));
    std::iter::once(format!("{COLUMNS}\n")).chain(rows.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, kept};

    #[test]
    fn rows_beyond_the_step_and_half_rows_are_cut() {
        let text = format!("{COLUMNS}\n1,0,1,1,1,1,1\n10,0,1,1,1,1,1\n20,1,1,1,1,1,1\n3");
        assert_eq!(kept(&text, 19), format!("{COLUMNS}\n1,0,1,1,1,1,1\n10,0,1,1,1,1,1\n"));
        assert_eq!(kept("", 5), format!("{COLUMNS}\n"));
    }
}
