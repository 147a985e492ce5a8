//! A folder, searched to the bottom, as a set of pictures.

use std::{
    fmt, fs,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use image::ImageFormat;
use rayon::prelude::*;
use walkdir::WalkDir;

use super::{
    DataError, Fit, Labelling, Labels, Pictures, decode, labels::labels_of, pictures::memory_for, quiet::quietly,
    resize,
};

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 1 << 30;

/// As many bytes tell what a file is.
const HEAD: u64 = 32;

/// What became of the files of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Pictures read.
    pub read: usize,
    /// Files and folders that should have been read and could not, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
    /// Files that are no pictures, by content and by name: texts, archives and the like.
    pub other: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pictures read: {}, skipped: {}, other files: {}", self.read, self.skipped.len(), self.other)
    }
}

/// What one file turned out to be.
enum Outcome {
    Picture(Vec<u8>),
    Skipped(String),
    Other,
}

impl Pictures {
    /// Reads every picture in `folder` and in all folders below it, each brought to `size`, [height, width], the way
    /// `fit` says. In the order of their paths, so that the same folder is the same set everywhere. No labels.
    ///
    /// JPEG, PNG, WebP, BMP and GIF (its first frame), told by content whatever the name; grey, palette, 16-bit, CMYK
    /// and transparent (laid on white) ones too; turned upright by EXIF. Links are followed. Decoded by all cores,
    /// kept as bytes: 3 · height · width for each. Files that cannot be read are skipped and named in the [`Report`].
    ///
    /// `progress` is called with the number of files looked at and of all files, from (0, all) to (all, all).
    ///
    /// Errors: see [`DataError`]. Panics where a side is 0.
    pub fn open_folder(
        folder: impl AsRef<Path>,
        size: [usize; 2],
        fit: Fit,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(Self, Report), DataError> {
        Self::open(folder.as_ref(), None, size, fit, progress)
    }

    /// The same, with the class of each picture as the one attribute of their labels.
    ///
    /// Errors: see [`DataError`], [`DataError::Labels`] among them; all but a few of them before a picture is decoded.
    /// Panics where a side is 0.
    pub fn open_labelled(
        folder: impl AsRef<Path>,
        labelling: &Labelling,
        size: [usize; 2],
        fit: Fit,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(Self, Report), DataError> {
        Self::open(folder.as_ref(), Some(labelling), size, fit, progress)
    }

    fn open(
        folder: &Path,
        labelling: Option<&Labelling>,
        size: [usize; 2],
        fit: Fit,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(Self, Report), DataError> {
        let [height, width] = size;
        assert!(
            height > 0 && width > 0,
            "Pictures::open_folder: a picture has at least 1×1 pixels, not {width}×{height}"
        );
        check_folder(folder)?;
        let mut report = Report::default();
        let files = find_files(folder, &mut report);
        if files.is_empty() && report.skipped.is_empty() && report.other == 0 {
            return Err(DataError::Empty { folder: folder.into() });
        }
        let told = labelling.map(|labelling| labelling.classes(folder, &files)).transpose();
        let told = told.map_err(DataError::Labels)?;
        let unknown = |place: usize| told.as_ref().is_some_and(|(_, classes)| classes[place].is_none());
        progress(0, files.len());
        let (mut bytes, mut kept) = (memory_for(files.len(), size)?, Vec::new());
        let portion = 16 * rayon::current_num_threads();
        for (done, paths) in (1..).zip(files.chunks(portion)) {
            let outcomes: Vec<_> = paths.par_iter().map(|path| read_file(path, size, fit)).collect();
            for (place, outcome) in ((done - 1) * portion..).zip(outcomes) {
                match outcome {
                    Outcome::Picture(_) if unknown(place) => {
                        let reason = "it became a picture while the folder was read, and has no class".into();
                        report.skipped.push((files[place].clone(), reason));
                    }
                    Outcome::Picture(pixels) => {
                        bytes.extend_from_slice(&pixels);
                        kept.push(place);
                    }
                    Outcome::Skipped(reason) => report.skipped.push((files[place].clone(), reason)),
                    Outcome::Other => report.other += 1,
                }
            }
            progress(files.len().min(done * portion), files.len());
        }
        report.read = kept.len();
        if report.read == 0 {
            return Err(DataError::NothingReadable { folder: folder.into(), report });
        }
        bytes.shrink_to_fit();
        let labels = match told {
            None => Labels::none(),
            Some((name, classes)) => {
                let of_each: Vec<String> = kept.iter().filter_map(|place| classes[*place].clone()).collect();
                labels_of(name, &of_each).map_err(DataError::Labels)?
            }
        };
        Ok((Self::new(size, bytes, labels), report))
    }
}

/// How many files below a folder are pictures by their names; 0 where there is no such folder.
pub fn count_pictures(folder: impl AsRef<Path>) -> usize {
    let files = WalkDir::new(folder).follow_links(true).into_iter().filter_map(Result::ok);
    files.filter(|entry| entry.file_type().is_file() && ImageFormat::from_path(entry.path()).is_ok()).count()
}

pub(super) fn check_folder(folder: &Path) -> Result<(), DataError> {
    let unreadable = |source| DataError::Unreadable { folder: folder.into(), source };
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(DataError::Missing { folder: folder.into() }),
        Err(error) => Err(unreadable(error)),
        Ok(metadata) if !metadata.is_dir() => Err(DataError::NotAFolder { path: folder.into() }),
        Ok(_) => fs::read_dir(folder).map(|_| ()).map_err(unreadable),
    }
}

/// All plain files below a folder, by name within each folder. Folders and links that cannot be followed go to the
/// report; a link to a folder it lies in is not followed, for its files are found without it.
fn find_files(folder: &Path, report: &mut Report) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => files.push(entry.into_path()),
            Ok(entry) => report.other += usize::from(!entry.file_type().is_dir()),
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_path_buf();
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                report.skipped.push((path, reason));
            }
        }
    }
    files
}

/// One file as a picture of this size. A decoder that panics on a malformed file costs that file, not the run.
fn read_file(path: &Path, size: [usize; 2], fit: Fit) -> Outcome {
    let attempt = quietly(|| {
        let Some((bytes, format)) = read_bytes(path)? else { return Ok(None) };
        decode::decode(&bytes, format).map(|picture| Some(resize::to_size(&picture, size, fit).into_raw()))
    });
    match attempt {
        Some(Ok(Some(pixels))) => Outcome::Picture(pixels),
        Some(Ok(None)) if ImageFormat::from_path(path).is_err() => Outcome::Other,
        Some(Ok(None)) => {
            Outcome::Skipped("the file is named as a picture and holds none of the kinds that are read".into())
        }
        Some(Err(reason)) => Outcome::Skipped(reason),
        None => Outcome::Skipped("the decoder broke down over this file".into()),
    }
}

/// The bytes of a file and its format; of a file that is no picture the head alone is read.
pub(super) fn read_bytes(path: &Path) -> Result<Option<(Vec<u8>, ImageFormat)>, String> {
    let reason = |error: io::Error| error.to_string();
    let file = File::open(path).map_err(reason)?;
    let length = file.metadata().map_err(reason)?.len();
    let mut bytes = Vec::new();
    (&file).take(HEAD).read_to_end(&mut bytes).map_err(reason)?;
    let Some(format) = decode::format_of(&bytes) else { return Ok(None) };
    if length > LARGEST_FILE {
        return Err(format!("the file has {length} bytes, more than the {LARGEST_FILE} that are read"));
    }
    (&file).take(LARGEST_FILE).read_to_end(&mut bytes).map_err(reason)?;
    Ok(Some((bytes, format)))
}

/// The first bytes of a file, enough to tell what it is.
pub(super) fn read_head(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut bytes)?;
    Ok(bytes)
}
