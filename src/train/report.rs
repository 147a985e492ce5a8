//! The folder of a run, and what it tells: `config.toml`, `losses.csv`, `metrics.csv` where there is a metric,
//! `samples/`, `checkpoint.safetensors`, older ones and the best in `checkpoints/` where they are kept, and
//! `skipped.txt` where pictures could not be read; `report.html`, with `progress.csv`, `sessions.jsonl` and
//! `warnings.txt`, of which it is made; `tensorboard/`.

mod charts;
mod events;
pub mod frames;
mod kept;
mod lock;
mod losses;
mod metrics;
mod page;
mod progress;
mod reporter;
mod rows;
mod session;
pub mod sheet;
mod sheets;
mod table;
mod warnings;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use self::{
    kept::{best_of, keep, keep_best},
    lock::Lock,
    losses::LossLog,
    metrics::MetricLog,
    page::Standing,
    reporter::{Reporter, Unwritten},
    warnings::Kept,
};
use super::{Error, config::RunConfig, run::Listener};
use crate::weights::replace::{remove_unfinished, replace};

/// Where runs are kept that were given no folder.
const RUNS: &str = "runs";

/// The folder of a run.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Refuses a folder that holds something already, before any work is done for it.
    ///
    /// # Errors
    /// [`Error::Taken`].
    pub fn check_free(path: &Path) -> Result<(), Error> {
        match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            _ => Err(Error::Taken { folder: path.into() }),
        }
    }

    /// Makes the folder of a new run: the one asked for, or the next free of `runs/dcgan-1`, `runs/dcgan-2`, …
    ///
    /// # Errors
    /// When it holds something already, or cannot be made.
    pub fn create(path: Option<&Path>, recipe: &str) -> Result<Self, Error> {
        let path = match path {
            Some(path) => {
                Self::check_free(path)?;
                fs::create_dir_all(path).map_err(Error::io("make", path))?;
                path.to_owned()
            }
            None => next_free(recipe)?,
        };
        let samples = path.join("samples");
        fs::create_dir_all(&samples).map_err(Error::io("make", samples))?;
        Ok(Self { path })
    }

    /// The folder of a run that was made before.
    ///
    /// # Errors
    /// When there is no run in it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = Self { path: path.to_owned() };
        if !folder.config().is_file() {
            return Err(Error::NoRun { folder: path.into() });
        }
        Ok(folder)
    }

    /// Makes a folder that a killed program left ready to be written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tidy(&self) -> Result<(), Error> {
        remove_unfinished(&self.path).map_err(Error::io("clean", &self.path))?;
        let samples = self.path.join("samples");
        fs::create_dir_all(&samples).map_err(Error::io("make", samples))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint.safetensors")
    }

    /// The losses.
    pub fn losses(&self) -> PathBuf {
        self.path.join("losses.csv")
    }

    /// Speed and memory.
    pub fn progress(&self) -> PathBuf {
        self.path.join("progress.csv")
    }

    /// What went wrong without ending the run.
    pub fn warnings(&self) -> PathBuf {
        self.path.join("warnings.txt")
    }

    /// Event files for TensorBoard.
    pub fn tensorboard(&self) -> PathBuf {
        self.path.join("tensorboard")
    }

    /// Where and when the run was trained.
    pub fn sessions(&self) -> PathBuf {
        self.path.join("sessions.jsonl")
    }

    /// The values of the metric.
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.csv")
    }

    /// The sheet of samples of a step.
    pub fn samples(&self, step: u64) -> PathBuf {
        self.path.join(format!("samples/{step:06}.png"))
    }

    /// The sheet of real pictures.
    pub fn real(&self) -> PathBuf {
        self.path.join("samples/real.png")
    }

    fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// Writes `skipped.txt`, a line for each file that could not be read, and says so; without any, removes it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_skipped(&self, skipped: &[(PathBuf, String)], tell: &mut dyn Listener) -> Result<(), Error> {
        let path = self.path.join("skipped.txt");
        if skipped.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
                _ => Ok(()),
            };
        }
        let lines: String = skipped.iter().map(|(file, reason)| format!("{}: {reason}\n", file.display())).collect();
        replace(&path, lines.as_bytes()).map_err(Error::io("write", &path))?;
        tell.say(&format!("The {} files that were skipped are named in {}", skipped.len(), path.display()));
        Ok(())
    }

    /// Writes `config.toml`.
    ///
    /// # Errors
    /// When the folder cannot be written, or a path in it is no text.
    pub fn write_config(&self, config: &RunConfig) -> Result<(), Error> {
        let failed = |error| Error::Config(format!("the configuration cannot be written as TOML: {error}"));
        let text = toml::to_string(config).map_err(failed)?;
        replace(&self.config(), text.as_bytes()).map_err(Error::io("write", self.config()))
    }

    /// Reads `config.toml`.
    ///
    /// # Errors
    /// When it is missing, is no TOML, or lacks a value.
    pub fn read_config(&self) -> Result<RunConfig, Error> {
        let path = self.config();
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let config: RunConfig =
            toml::from_str(&text).map_err(|error| Error::Config(format!("{}: {error}", path.display())))?;
        config.check()?;
        Ok(config)
    }
}

/// Makes the folder with the first number that is free.
fn next_free(recipe: &str) -> Result<PathBuf, Error> {
    fs::create_dir_all(RUNS).map_err(Error::io("make", RUNS))?;
    let mut number = 1;
    loop {
        let path = Path::new(RUNS).join(format!("{recipe}-{number}"));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(Error::io("make", path)(error)),
        }
    }
}
