//! What ends a run early, as sentences that say what to do.

use std::{io, path::PathBuf};

use super::checkpoint;
use crate::{data::DataError, gpu, weights};

/// A failure of a run. None of them touches the last good checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device failed.
    #[error(transparent)]
    Gpu(#[from] gpu::Error),
    /// No pictures.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The checkpoint could not be read.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// A file of weights could not be read, used or written.
    #[error(transparent)]
    Weights(#[from] weights::Error),
    /// A value that no run can have, or one that this run cannot change; a whole sentence.
    #[error("{0}")]
    Config(String),
    /// The folder of the new run holds something already.
    #[error(
        "{} exists already and a run is never overwritten; give another --out, or go on with it by --resume {}",
        .folder.display(), .folder.display()
    )]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no run in the folder.
    #[error(
        "there is no run in {} (no config.toml); give the folder that `train` made, such as runs/dcgan-1",
        .folder.display()
    )]
    NoRun {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process writes to the folder of the run.
    #[error(
        "another process is training the run {}; wait for it, or stop it first (Ctrl-C saves what it has done)",
        .folder.display()
    )]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the run could not be read or written.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// "read", "write", "make", "clean", "lock" or "remove".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The losses, or the weights, are no longer numbers.
    #[error(
        "the training has diverged: at step {step} {what} is not a finite number{}. The checkpoint of step {saved} is \
         untouched. Try a lower --lr (a half or a tenth), a lower --beta1, another --objective or another --seed",
        .made.as_ref().map_or_else(String::new, |made| format!(" ({made})"))
    )]
    Diverged {
        /// The step at which it was seen.
        step: u64,
        /// What was not finite.
        what: String,
        /// Which launch made the first such number, in words; `None` where nobody has looked.
        made: Option<String>,
        /// The step of the checkpoint that is kept.
        saved: u64,
    },
}

impl Error {
    /// For `map_err`: a failure to do `action` to `path`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
