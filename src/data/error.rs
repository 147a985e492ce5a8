//! What can go wrong with pictures and folders of them, said so that a person knows what to do next.

use std::{io, path::PathBuf};

use super::{LabelError, Report};

/// Pictures that could not be had. In a folder that becomes a set a single bad file is not an error: it is skipped and
/// named in the [`Report`].
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

    /// One file that was asked for and is no picture that can be read.
    #[error(
        "cannot read the picture {} ({reason}); give a whole JPEG, PNG, WebP, BMP or GIF file",
        .path.display()
    )]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is the matter with it.
        reason: String,
    },

    /// A folder without pictures of its own.
    #[error(
        "looked for JPEG, PNG, WebP, BMP and GIF pictures in the folder {}, not in folders below it, but there are \
         none; give the folder that holds them, or the pictures themselves",
        .folder.display()
    )]
    NoPictures {
        /// The folder.
        folder: PathBuf,
    },

    /// A folder that does not hold two sets.
    #[error(
        "looked for the folder {missing} in {}, but it is not there; trainA (pictures of the first kind, such as \
         photographs) and trainB (of the second, such as anime) have to be there, testA and testB (held out) may be; \
         or give two folders of any name, one of photographs and one of anime",
        .folder.display()
    )]
    Layout {
        /// Where both should be.
        folder: PathBuf,
        /// The one that is not.
        missing: &'static str,
    },

    /// A crop without pixels, or one that the loaded pictures cannot fill.
    #[error(
        "cannot cut {}×{} pixels out of pictures loaded at {}×{}; take a larger load size or a smaller crop size, \
         of at least 1×1",
        .crop[1], .crop[0], .load[1], .load[0]
    )]
    Crop {
        /// [height, width] that pictures are loaded at.
        load: [usize; 2],
        /// [height, width] of the crop.
        crop: [usize; 2],
    },

    /// The classes of the pictures cannot be told.
    #[error(transparent)]
    Labels(LabelError),

    /// Portraits of a size that they are not drawn in.
    #[error(
        "portraits are drawn between 16 and 512 pixels wide and high, not at {}×{}; take another size, or pictures \
         of your own",
        .size[1], .size[0]
    )]
    Undrawable {
        /// [height, width].
        size: [usize; 2],
    },
}

fn first_reason(report: &Report) -> String {
    report.skipped.first().map(|(path, reason)| format!(" (first {}: {reason})", path.display())).unwrap_or_default()
}
