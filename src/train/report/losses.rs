//! `losses.csv`: a row for each logged step.

use std::{io, path::Path};

use super::rows::Rows;

/// The losses of a run, row by row. A row that the disk had no room for is kept and tried again.
pub struct LossLog(Rows);

impl LossLog {
    /// Begins a log, or goes on with one after the row of `step`: later rows are of steps that will be done again, and
    /// are cut off. `columns` are the names of a step's figures.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, columns: &[&str], step: u64) -> io::Result<Self> {
        Rows::open(path, &format!("step,epoch,{}", columns.join(",")), step).map(Self)
    }

    /// Adds a row.
    pub fn push(&mut self, step: u64, epoch: u64, figures: &[f32]) {
        let figures: String = figures.iter().map(|figure| format!(",{figure}")).collect();
        self.0.push(&format!("{step},{epoch}{figures}"));
    }

    /// Writes the rows that were added.
    ///
    /// # Errors
    /// When they cannot be written: told once, while every call tries again.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
