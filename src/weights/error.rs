//! What can go wrong with a file of weights, said so that a person knows what to do next.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::gpu;

/// A file that cannot be read, used or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at the path.
    #[error("looked for weights at {}, but there is no file; check the path", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },

    /// The system refuses to open it.
    #[error("the weights {} cannot be read ({source}); let this user read the file, or give another", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },

    /// Its content is something else than weights.
    #[error("{} holds no weights that can be read: {reason}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },

    /// It is a file of weights that is cut off, altered, or contradicts itself.
    #[error("the weights {} are broken: {reason}; get the file again", .path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        reason: String,
    },

    /// Its pickle names something that does not belong to weights.
    #[error(
        "{} asks for {wanted}; nothing in a weights file is ever run, so it is not read. If you trust the file and it \
         holds a whole model, save model.state_dict() in Python and give that file",
        .path.display()
    )]
    Forbidden {
        /// The file.
        path: PathBuf,
        /// What it asks for, as Python names it.
        wanted: String,
    },

    /// The tensors are not those of the network; the text lists them.
    #[error("the weights {} do not fit the network:\n{differences}", .path.display())]
    Misfit {
        /// The file.
        path: PathBuf,
        /// A line for each difference, with PyTorch's shapes.
        differences: String,
    },

    /// No network is known that has these tensors.
    #[error("no known network has the weights {}: {reason}", .path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it holds, and what is known.
        reason: String,
    },

    /// The file cannot be written.
    #[error("the weights cannot be written to {} ({source}); free some space, or give another path", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },

    /// The device failed while the weights were read from it.
    #[error(transparent)]
    Device(#[from] gpu::Error),
}

/// An error of a reader that does not know the file's name.
#[derive(Debug)]
pub(super) enum Problem {
    Foreign(String),
    Broken(String),
    Forbidden(String),
}

impl Problem {
    /// The file is broken, for this reason.
    pub fn broken(reason: impl Into<String>) -> Self {
        Self::Broken(reason.into())
    }

    /// The problem of this file.
    pub fn of(self, path: &Path) -> Error {
        let path = path.to_owned();
        match self {
            Self::Foreign(reason) => Error::Foreign { path, reason },
            Self::Broken(reason) => Error::Broken { path, reason },
            Self::Forbidden(wanted) => Error::Forbidden { path, wanted },
        }
    }
}
