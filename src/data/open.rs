//! Single pictures of any size, as they are given to a generator.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use image::{GrayImage, ImageFormat, ImageReader, RgbImage};

use super::{DataError, decode, folder, quiet::quietly, transparency};

/// A picture from a file: upright, 8 bits a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedPicture {
    /// The colours. Under wholly transparent pixels they are those of the visible surroundings.
    pub rgb: RgbImage,
    /// The opacity of each pixel, 0 to 255, where not all are opaque.
    pub alpha: Option<GrayImage>,
}

/// Reads a JPEG, PNG, WebP, BMP or GIF (its first frame), told by content whatever the name; grey, palette, 16-bit and
/// CMYK ones too; turned upright by EXIF.
///
/// Errors: [`DataError::Picture`], for a file that is missing, broken or not a picture, and for one that claims more
/// than 100 million pixels.
pub fn open_picture(path: impl AsRef<Path>) -> Result<OpenedPicture, DataError> {
    let path = path.as_ref();
    let attempt = quietly(|| match folder::read_bytes(path)? {
        Some((bytes, format)) => decode::upright(&bytes, format).map(transparency::apart),
        None => Err("it holds none of the kinds that are read".into()),
    });
    let opened = attempt.unwrap_or_else(|| Err("the decoder broke down over it".into()));
    let (rgb, alpha) = opened.map_err(|reason| DataError::Picture { path: path.into(), reason })?;
    Ok(OpenedPicture { rgb, alpha })
}

/// [height, width] of a picture as its header says, before it is turned upright; `None` where none can be read.
pub fn picture_size(path: impl AsRef<Path>) -> Option<[usize; 2]> {
    let (width, height) = ImageReader::open(path).ok()?.with_guessed_format().ok()?.into_dimensions().ok()?;
    Some([height as usize, width as usize])
}

/// The pictures in a folder, by name; folders below it and hidden files are left out. Files that are pictures by
/// content or by name: one of which only the name says so is for [`open_picture`] to refuse, not to be passed over in
/// silence. Of a file, that file itself, whatever it holds.
///
/// Errors: [`DataError::Missing`], [`DataError::Unreadable`], and [`DataError::NoPictures`].
pub fn list_pictures(path: impl AsRef<Path>) -> Result<Vec<PathBuf>, DataError> {
    let path = path.as_ref();
    let unreadable = |source| DataError::Unreadable { folder: path.into(), source };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DataError::Missing { folder: path.into() });
        }
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if !metadata.is_dir() => return Ok(vec![path.into()]),
        Ok(_) => {}
    }
    let mut pictures = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (file, hidden) = (entry.path(), entry.file_name().as_encoded_bytes().starts_with(b"."));
        if !hidden && file.is_file() && looks_like_a_picture(&file) {
            pictures.push(file);
        }
    }
    if pictures.is_empty() {
        return Err(DataError::NoPictures { folder: path.into() });
    }
    pictures.sort();
    Ok(pictures)
}

/// Whether a file is a picture by its content, or by its name at least.
pub(super) fn looks_like_a_picture(path: &Path) -> bool {
    let by_name = ImageFormat::from_path(path).is_ok();
    by_name || folder::read_head(path).is_ok_and(|head| decode::format_of(&head).is_some())
}
