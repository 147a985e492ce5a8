//! Pictures for people: sheets, strips and single ones, as PNG.

use std::path::Path;

use image::{ImageFormat, RgbImage, imageops};

use crate::train::Error;

/// Smaller pictures are enlarged on a sheet by a whole number up to about so many pixels.
const VISIBLE: usize = 96;

/// Pixels between two pictures of a sheet.
const GAP: usize = 2;

/// Numbers in [-1, 1], as networks draw them, to bytes.
pub fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().map(|value| ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8).collect()
}

/// One picture of `size` × `size` pixels from its bytes `[size, size, 3]`.
///
/// # Panics
/// When there are not as many bytes.
pub fn picture(bytes: &[u8], size: usize) -> RgbImage {
    RgbImage::from_raw(size as u32, size as u32, bytes.to_vec()).expect("a picture has 3 · size² bytes")
}

/// Pictures `[N, size, size, 3]` in rows of `columns`, the small ones enlarged so that a person sees them.
pub fn sheet(bytes: &[u8], size: usize, columns: usize) -> RgbImage {
    let scale = (VISIBLE / size).max(1);
    let (cell, count) = (size * scale + GAP, bytes.len() / (3 * size * size));
    let (columns, rows) = (columns.min(count), count.div_ceil(columns));
    let white = image::Rgb([255; 3]);
    let mut sheet = RgbImage::from_pixel((columns * cell + GAP) as u32, (rows * cell + GAP) as u32, white);
    for (place, bytes) in bytes.chunks_exact(3 * size * size).enumerate() {
        let side = (size * scale) as u32;
        let enlarged = imageops::resize(&picture(bytes, size), side, side, imageops::FilterType::Nearest);
        let (x, y) = (place % columns * cell + GAP, place / columns * cell + GAP);
        imageops::replace(&mut sheet, &enlarged, x as i64, y as i64);
    }
    sheet
}

/// Writes a PNG file, whatever the ending of its name.
///
/// # Errors
/// When it cannot be written.
pub fn save(picture: &RgbImage, path: &Path) -> Result<(), Error> {
    picture.save_with_format(path, ImageFormat::Png).map_err(|error| {
        let source = match error {
            image::ImageError::IoError(source) => source,
            other => std::io::Error::other(other),
        };
        Error::io("write", path)(source)
    })
}

#[cfg(test)]
mod tests {
    use super::{sheet, to_bytes};

    #[test]
    fn numbers_become_bytes() {
        assert_eq!(to_bytes(&[-1.0, 0.0, 1.0, -7.0, 7.0, f32::NAN]), [0, 128, 255, 0, 255, 0]);
    }

    #[test]
    fn a_sheet_has_its_pictures_in_rows() {
        let bytes: Vec<u8> = [10, 20, 30].iter().flat_map(|&grey| vec![grey; 3 * 32 * 32]).collect();
        let sheet = sheet(&bytes, 32, 2);
        assert_eq!(sheet.dimensions(), (2 * 98 + 2, 2 * 98 + 2));
        let at = |x, y| sheet.get_pixel(x, y)[0];
        assert_eq!([at(2, 2), at(97, 97), at(100, 2), at(2, 100), at(100, 100), at(0, 0)], [10, 10, 20, 30, 255, 255]);
    }
}
