//! Pictures in: folders, every kind of picture in them, and batches.

mod domains;
mod folder;
mod formats;
mod labels;
mod loader;
mod open;
mod translation;

use std::{fs, path::Path};

use sumi::data::{DataError, Fit, Pictures, Report};
use tempfile::TempDir;

/// A folder that holds these files and is removed at the end. Names may have folders in them.
fn folder_of(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    for (name, bytes) in files {
        write(&folder.path().join(name), bytes);
    }
    folder
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
    fs::write(path, bytes).expect("a file can be written");
}

fn open(folder: &TempDir, size: usize) -> Result<(Pictures, Report), DataError> {
    Pictures::open_folder(folder.path(), [size; 2], Fit::Cover, &mut |_, _| ())
}

/// The pixels of the one picture that a file holds, [size, size, 3].
fn read_one(bytes: &[u8], size: usize) -> Vec<[u8; 3]> {
    let (pictures, report) = open(&folder_of(&[("one", bytes)]), size).expect("the file is read");
    assert_eq!((pictures.len(), report.read), (1, 1));
    pictures.picture(0).chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect()
}

/// The reason for which the one file is skipped, next to a good one.
fn reason_of(bytes: &[u8]) -> String {
    let good = formats::encode(image::RgbImage::new(1, 1), image::ImageFormat::Bmp);
    let (pictures, report) = open(&folder_of(&[("bad.png", bytes), ("good", &good)]), 8).expect("one file is read");
    assert_eq!((pictures.len(), report.skipped.len()), (1, 1), "{report:?}");
    let (path, reason) = &report.skipped[0];
    assert!(path.ends_with("bad.png"));
    reason.clone()
}

fn assert_near(got: &[[u8; 3]], want: &[[u8; 3]], tolerance: u8) {
    assert_eq!(got.len(), want.len());
    for (place, (g, w)) in got.iter().zip(want).enumerate() {
        assert!(g.iter().zip(w).all(|(g, w)| g.abs_diff(*w) <= tolerance), "pixel {place}: {g:?} for {w:?}");
    }
}
