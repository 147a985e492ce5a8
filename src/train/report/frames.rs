//! Pictures side by side or one after the other: a sheet as PNG, or an animation, as GIF or WebP, that is shown over
//! and over. The file's ending says which.

use std::{io, path::Path};

use image::{
    Delay, ExtendedColorType, Frame, ImageError, ImageResult, RgbImage,
    buffer::ConvertBuffer,
    codecs::{
        gif::{GifEncoder, Repeat},
        webp::WebPEncoder,
    },
};

use super::sheet;
use crate::{train::Error, weights::replace::replace};

/// What is made of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A PNG file with all of them.
    Sheet,
    /// An animated GIF: 256 colours to a picture.
    Gif,
    /// An animated WebP, without loss.
    WebP,
}

impl Form {
    /// What a file of this name is to be.
    ///
    /// # Errors
    /// When its ending is none of the three.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("png") => Ok(Self::Sheet),
            Some("gif") => Ok(Self::Gif),
            Some("webp") => Ok(Self::WebP),
            _ => Err(Error::Config(format!(
                "{} has to end in .png for a sheet, or in .gif or .webp for an animation",
                path.display()
            ))),
        }
    }
}

/// Writes pictures, bytes `[N, height, width, 3]`: in rows of `columns` where it is a sheet, else one after the other,
/// each for so many milliseconds.
///
/// # Errors
/// When the ending says nothing, or the file cannot be written; then one that was there before stays.
pub fn save(bytes: &[u8], size: [usize; 2], columns: usize, milliseconds: u32, path: &Path) -> Result<(), Error> {
    let each = 3 * size[0] * size[1];
    let frames = || bytes.chunks_exact(each).map(|bytes| sheet::enlarged(bytes, size));
    let encoded = match Form::of(path)? {
        Form::Sheet => {
            sheet::check(bytes.len() / each, size)?;
            return sheet::save(&sheet::sheet(bytes, size, columns), path);
        }
        Form::Gif => gif(frames(), milliseconds),
        Form::WebP => webp(frames(), milliseconds),
    };
    let written = encoded.map_err(io_error).and_then(|bytes| replace(path, &bytes));
    written.map_err(Error::io("write", path))
}

fn io_error(error: ImageError) -> io::Error {
    match error {
        ImageError::IoError(source) => source,
        other => io::Error::other(other),
    }
}

fn gif(frames: impl Iterator<Item = RgbImage>, milliseconds: u32) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    encoder.set_repeat(Repeat::Infinite)?;
    let delay = Delay::from_numer_denom_ms(milliseconds, 1);
    encoder.encode_frames(frames.map(|frame| Frame::from_parts(frame.convert(), 0, 0, delay)))?;
    drop(encoder);
    Ok(bytes)
}

/// The container of RFC 9649, section 2.7: `VP8X` says that there is an animation and how large it is, `ANIM` that it
/// is repeated for ever, and each `ANMF` holds a picture as the encoder of single pictures makes it.
fn webp(frames: impl Iterator<Item = RgbImage>, milliseconds: u32) -> ImageResult<Vec<u8>> {
    const ANIMATED: u8 = 0b10;
    const DO_NOT_BLEND: u8 = 0b10;
    let mut chunks = Vec::new();
    for frame in frames {
        let size = [three(frame.width() - 1), three(frame.height() - 1)].concat();
        if chunks.is_empty() {
            push(&mut chunks, b"VP8X", &[&[ANIMATED, 0, 0, 0][..], &size].concat());
            // White behind the pictures; endlessly.
            push(&mut chunks, b"ANIM", &[255, 255, 255, 255, 0, 0]);
        }
        let (corner, time) = ([0; 6], three(milliseconds));
        let picture = still(&frame)?;
        push(&mut chunks, b"ANMF", &[&corner[..], &size, &time, &[DO_NOT_BLEND], &picture].concat());
    }
    let mut file = Vec::new();
    push(&mut file, b"RIFF", &[b"WEBP", &chunks[..]].concat());
    Ok(file)
}

/// One picture as a `VP8L` chunk, from the file that holds it alone.
fn still(frame: &RgbImage) -> ImageResult<Vec<u8>> {
    const BEFORE: usize = b"RIFF1234WEBP".len();
    let mut file = Vec::new();
    WebPEncoder::new_lossless(&mut file).encode(frame, frame.width(), frame.height(), ExtendedColorType::Rgb8)?;
    Ok(file.split_off(BEFORE))
}

/// A chunk: its name, its length, and what it holds, filled up to an even number of bytes.
fn push(chunks: &mut Vec<u8>, name: &[u8; 4], held: &[u8]) {
    chunks.extend_from_slice(name);
    chunks.extend_from_slice(&(held.len() as u32).to_le_bytes());
    chunks.extend_from_slice(held);
    chunks.resize(chunks.len().next_multiple_of(2), 0);
}

/// The lower three bytes, the lowest first.
fn three(number: u32) -> [u8; 3] {
    let [a, b, c, _] = number.to_le_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{
        AnimationDecoder, RgbImage,
        codecs::{gif::GifDecoder, webp::WebPDecoder},
    };

    use super::{Form, gif, save, webp};

    /// Pictures of an odd size, each with colours of its own.
    fn frames() -> Vec<RgbImage> {
        let of = |n: u32| RgbImage::from_fn(7, 5, |x, y| image::Rgb([(n * 60) as u8, (x * 30) as u8, (y * 40) as u8]));
        (0..4).map(of).collect()
    }

    fn decoded<'a>(decoder: impl AnimationDecoder<'a>) -> Vec<(RgbImage, u32)> {
        let frames = decoder.into_frames().collect_frames().expect("a whole animation");
        let of = |frame: image::Frame| {
            let (numerator, denominator) = frame.delay().numer_denom_ms();
            (image::DynamicImage::from(frame.into_buffer()).into_rgb8(), numerator / denominator)
        };
        frames.into_iter().map(of).collect()
    }

    #[test]
    fn a_webp_holds_the_very_pictures() {
        let bytes = webp(frames().into_iter(), 70).expect("memory takes it");
        let decoder = WebPDecoder::new(Cursor::new(&bytes)).expect("a WebP file");
        assert!(decoder.has_animation());
        let expected: Vec<_> = frames().into_iter().map(|frame| (frame, 70)).collect();
        assert_eq!(decoded(decoder), expected);
        // The length in the header is that of the rest.
        assert_eq!(u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize, bytes.len() - 8);
    }

    #[test]
    fn a_gif_comes_near() {
        let bytes = gif(frames().into_iter(), 70).expect("memory takes it");
        let found = decoded(GifDecoder::new(Cursor::new(&bytes)).expect("a GIF file"));
        assert_eq!(found.len(), 4);
        for ((found, delay), frame) in found.iter().zip(frames()) {
            assert_eq!(*delay, 70);
            assert!(found.as_raw().iter().zip(frame.as_raw()).all(|(a, b)| a.abs_diff(*b) < 32));
        }
    }

    #[test]
    fn the_ending_says_what_is_written() {
        let folder = tempfile::tempdir().expect("the system has a temporary folder");
        let bytes: Vec<u8> = (0..3 * 3 * 16 * 16).map(|i| i as u8).collect();
        for (name, size) in [("a.png", (2 * 98 + 2, 2 * 98 + 2)), ("b.GIF", (96, 96)), ("c.webp", (96, 96))] {
            let path = folder.path().join(name);
            save(&bytes, [16; 2], 2, 50, &path).expect("the folder can be written");
            assert_eq!(image::open(&path).expect("a picture").into_rgb8().dimensions(), size, "{name}");
        }
        let error = save(&bytes, [16; 2], 2, 50, &folder.path().join("d.jpg")).expect_err("no such form").to_string();
        assert!(error.contains(".png") && error.contains(".webp"), "{error}");
        assert_eq!(Form::of("x.WebP".as_ref()).expect("it says so"), Form::WebP);
    }
}
