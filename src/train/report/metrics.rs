//! `metrics.csv`: a row for each value of the metric.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::weights::replace::replace;

/// The values of a run's metric. Lines that begin with `#` say what was compared; the columns are the step, the
/// metric, its value for each size of details (empty where it has none), their mean or its only value, and how many
/// pictures were drawn. The file is short, and written whole at each value, so that a row that the disk had no room for
/// is tried again with the next.
pub struct MetricLog {
    path: PathBuf,
    /// The notes and the names of the columns.
    head: String,
    rows: String,
}

impl MetricLog {
    /// Begins a file, or goes on with one after `step`: later rows are of steps that will be done again, and are cut
    /// off. `note` says what is compared; `levels` are the sizes of details, `[height, width]`.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, note: &str, levels: &[[usize; 2]], step: u64) -> io::Result<Self> {
        let before = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let own = format!("# {note}\n");
        let notes = before.split_inclusive('\n').filter(|line| line.starts_with('#') && **line != own);
        let columns: String = levels.iter().map(|[height, width]| format!("{width}x{height},")).collect();
        let head = notes.chain([own.as_str()]).collect::<String>() + &format!("step,metric,{columns}mean,samples\n");
        let log = Self { path: path.to_owned(), head, rows: kept(&before, step) };
        log.write()?;
        Ok(log)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a row and writes the file. `levels` are as many values as there are levels, or none.
    ///
    /// # Errors
    /// When it cannot be written; what was there stays.
    pub fn push(&mut self, step: u64, metric: &str, levels: &[f64], value: f64, samples: usize) -> io::Result<()> {
        let columns = self.head.lines().last().map_or(0, |names| names.split(',').count() - 4);
        let fields: String = match levels {
            [] => ",".repeat(columns),
            levels => levels.iter().map(|level| format!("{level},")).collect(),
        };
        self.rows += &format!("{step},{metric},{fields}{value},{samples}\n");
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        replace(&self.path, (self.head.clone() + &self.rows).as_bytes())
    }
}

/// The rows up to a step.
fn kept(text: &str, step: u64) -> String {
    let step_of = |row: &str| row.split(',').next().and_then(|field| field.parse::<u64>().ok());
    text.split_inclusive('\n').filter(|row| step_of(row).is_some_and(|of_row| of_row <= step)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_the_step_are_cut_and_notes_are_kept_once() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("metrics.csv");
        let open = |note, step| MetricLog::open(&path, note, &[[32, 32], [16, 16]], step).expect("it can be written");
        let mut log = open("of 8 pictures", 0);
        log.push(5, "swd", &[1.5, 2.5], 2.0, 8).expect("it can be written");
        log.push(10, "swd", &[1.0, 2.0], 1.5, 8).expect("it can be written");
        let mut log = open("of 8 pictures", 9);
        log.push(10, "fid", &[], 30.25, 8).expect("it can be written");
        open("of 9 pictures", 10);
        let text = fs::read_to_string(&path).expect("it is there");
        let rows = "step,metric,32x32,16x16,mean,samples\n5,swd,1.5,2.5,2,8\n10,fid,,,30.25,8\n";
        assert_eq!(text, format!("# of 8 pictures\n# of 9 pictures\n{rows}"));
    }
}
