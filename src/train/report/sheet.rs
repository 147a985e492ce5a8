//! Pictures for people: sheets, strips and single ones, as PNG.

use std::path::Path;

use image::{ImageFormat, RgbImage, imageops};

use crate::train::Error;

/// Smaller pictures are enlarged on a sheet by a whole number up to about so many pixels.
const VISIBLE: usize = 96;

/// Pixels between two pictures of a sheet.
const GAP: usize = 2;

/// The most pixels that a sheet may have: more take programs that show it too long, and memory that may not be there.
const MOST_PIXELS: usize = 100_000_000;

/// Numbers in [-1, 1], as networks draw them, to bytes.
pub fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().map(|value| ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8).collect()
}

/// One picture of `[height, width]` pixels from its bytes `[height, width, 3]`.
///
/// # Panics
/// When there are not as many bytes.
pub fn picture(bytes: &[u8], [height, width]: [usize; 2]) -> RgbImage {
    RgbImage::from_raw(width as u32, height as u32, bytes.to_vec()).expect("a picture has three bytes for each pixel")
}

/// By what pictures are enlarged on a sheet.
fn scale([height, width]: [usize; 2]) -> usize {
    (VISIBLE / height.max(width)).max(1)
}

/// `[height, width]` in pixels of a picture on a sheet, with the gap beside it.
fn cell(size: [usize; 2]) -> [usize; 2] {
    size.map(|side| side * scale(size) + GAP)
}

/// Refuses a sheet that would be too large, before its pictures are drawn.
///
/// # Errors
/// [`Error::Config`], which says how many pictures fit.
pub fn check(count: usize, size: [usize; 2]) -> Result<(), Error> {
    let most = MOST_PIXELS / cell(size).iter().product::<usize>();
    if count <= most {
        return Ok(());
    }
    Err(Error::Config(format!(
        "a sheet of {count} pictures of {1}×{0} pixels would be too large to look at; take at most {most} \
         pictures for a sheet, or write single ones with --out",
        size[0], size[1]
    )))
}

/// One picture from its bytes `[height, width, 3]`, enlarged so that a person sees it.
pub(super) fn enlarged(bytes: &[u8], size: [usize; 2]) -> RgbImage {
    let [height, width] = size.map(|side| (side * scale(size)) as u32);
    imageops::resize(&picture(bytes, size), width, height, imageops::FilterType::Nearest)
}

/// Pictures `[N, height, width, 3]` in rows of `columns`, the small ones enlarged so that a person sees them.
pub fn sheet(bytes: &[u8], size: [usize; 2], columns: usize) -> RgbImage {
    let ([cell_h, cell_w], each) = (cell(size), 3 * size[0] * size[1]);
    let count = bytes.len() / each;
    let (columns, rows) = (columns.min(count), count.div_ceil(columns));
    let white = image::Rgb([255; 3]);
    let mut sheet = RgbImage::from_pixel((columns * cell_w + GAP) as u32, (rows * cell_h + GAP) as u32, white);
    for (place, bytes) in bytes.chunks_exact(each).enumerate() {
        let enlarged = enlarged(bytes, size);
        let (x, y) = (place % columns * cell_w + GAP, place / columns * cell_h + GAP);
        imageops::replace(&mut sheet, &enlarged, x as i64, y as i64);
    }
    sheet
}

/// The pictures that [`sheet()`] put on a sheet, each of `size`, without the empty places at its end.
pub fn pictures(sheet: &RgbImage, size: [usize; 2]) -> Vec<Vec<u8>> {
    let (scale, [cell_h, cell_w]) = (scale(size), cell(size));
    let (columns, rows) = (sheet.width() as usize / cell_w, sheet.height() as usize / cell_h);
    let picture = |place: usize| {
        let (left, top) = (place % columns * cell_w + GAP, place / columns * cell_h + GAP);
        let pixels =
            (0..size[0] * size[1]).map(|pixel| [pixel / size[1] * scale + top, pixel % size[1] * scale + left]);
        pixels.flat_map(|[y, x]| sheet.get_pixel(x as u32, y as u32).0).collect::<Vec<u8>>()
    };
    let mut pictures: Vec<_> = (0..columns * rows).map(picture).collect();
    while pictures.last().is_some_and(|last| last.iter().all(|byte| *byte == u8::MAX)) {
        pictures.pop();
    }
    pictures
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
    use super::{check, pictures, sheet, to_bytes};

    #[test]
    fn what_is_put_on_a_sheet_is_found_there() {
        let bytes: Vec<u8> = (0..5 * 3 * 16 * 20).map(|n| (n % 251) as u8).collect();
        assert_eq!(pictures(&sheet(&bytes, [16, 20], 3), [16, 20]).concat(), bytes);
    }

    #[test]
    fn a_sheet_that_is_too_large_is_refused() {
        assert!(check(10_000, [64; 2]).is_ok());
        let error = check(100_000, [64; 2]).expect_err("nobody looks at that").to_string();
        assert!(error.contains("at most 22956") && error.contains("--out"), "{error}");
    }

    #[test]
    fn numbers_become_bytes() {
        assert_eq!(to_bytes(&[-1.0, 0.0, 1.0, -7.0, 7.0, f32::NAN]), [0, 128, 255, 0, 255, 0]);
    }

    #[test]
    fn a_sheet_has_its_pictures_in_rows() {
        let bytes: Vec<u8> = [10, 20, 30].iter().flat_map(|&grey| vec![grey; 3 * 32 * 32]).collect();
        let sheet = sheet(&bytes, [32; 2], 2);
        assert_eq!(sheet.dimensions(), (2 * 98 + 2, 2 * 98 + 2));
        let at = |x, y| sheet.get_pixel(x, y)[0];
        assert_eq!([at(2, 2), at(97, 97), at(100, 2), at(2, 100), at(100, 100), at(0, 0)], [10, 10, 20, 30, 255, 255]);
    }
}
