//! What can go wrong with a folder of pictures, said so that a person knows what to do next.

use std::{io, path::PathBuf};

use super::Report;

/// A folder from which no set of pictures could be made. A single bad file is not an error: it is skipped and named
/// in the [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// There is nothing at the path.
    #[error("looked for a folder of pictures at {}, but nothing is there; check the path", .folder.display())]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
    },

    /// The path is a file.
    #[error("looked for a folder of pictures at {}, but it is a file; give the folder that holds it", .path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },

    /// The folder is there and the system refuses to list it.
    #[error(
        "the folder {} cannot be opened ({source}); let this user read it, or give another folder",
        .folder.display()
    )]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        source: io::Error,
    },

    /// Folders at most, no file.
    #[error(
        "looked for pictures in {} and in every folder below it, but there are no files; \
         put JPEG, PNG, WebP, BMP or GIF files there, or give another folder",
        .folder.display()
    )]
    Empty {
        /// The folder.
        folder: PathBuf,
    },

    /// Files, but no picture that could be read; the report says why.
    #[error(
        "looked for JPEG, PNG, WebP, BMP and GIF pictures in {} and in every folder below it, \
         but could read none: {report}{}; put pictures of these kinds there, or give another folder",
        .folder.display(), first_reason(.report)
    )]
    NothingReadable {
        /// The folder.
        folder: PathBuf,
        /// What was found, and why none of it could be read.
        report: Report,
    },

    /// The pictures do not fit memory.
    #[error(
        "{count} pictures of {}×{} take {} MiB, more memory than there is; \
         take a smaller size or fewer pictures",
        .size[1], .size[0], (3 * *count as u128 * .size[0] as u128 * .size[1] as u128).div_ceil(1 << 20)
    )]
    TooLarge {
        /// Number of pictures.
        count: usize,
        /// Their [height, width] in pixels.
        size: [usize; 2],
    },
}

fn first_reason(report: &Report) -> String {
    report.skipped.first().map(|(path, reason)| format!(" (first {}: {reason})", path.display())).unwrap_or_default()
}
