//! JPEG: the one format that decoders forgive too much. A file that breaks off is refused rather than filled up with
//! grey, and four inks become RGB whichever way round they are stored.

use image::{DynamicImage, RgbImage, metadata::Orientation};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::decode::check_area;

/// Decodes to upright RGB. The error is a reason for a person.
pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let file = Outline::of(bytes);
    if !file.ends {
        return Err("the file breaks off before the JPEG's end".into());
    }
    let options = DecoderOptions::default().set_strict_mode(true).set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("the JPEG states no size")?;
    check_area(width as u64, height as u64)?;

    // The decoder takes it for granted that inks are stored the wrong way round, which is so only where Adobe's
    // marker stands.
    let plain_inks = decoder.input_colorspace() == Some(ColorSpace::CMYK) && !file.adobe;
    let target = if plain_inks { ColorSpace::CMYK } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(target));
    let mut pixels = decoder.decode().map_err(|error| error.to_string())?;
    if plain_inks {
        pixels = rgb_of_inks(&pixels);
    }
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let picture =
        RgbImage::from_raw(width as u32, height as u32, pixels).ok_or("the JPEG's pixels do not match its size")?;
    let mut picture = DynamicImage::ImageRgb8(picture);
    picture.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    Ok(picture)
}

/// Cyan, magenta, yellow and black, each 0 for none and 255 for full, to RGB: (1 − ink) · (1 − black). Colour
/// profiles are not looked at.
fn rgb_of_inks(pixels: &[u8]) -> Vec<u8> {
    let light = |ink: u8, black: u8| ((u32::from(255 - ink) * u32::from(255 - black) + 127) / 255) as u8;
    pixels.chunks_exact(4).flat_map(|p| [light(p[0], p[3]), light(p[1], p[3]), light(p[2], p[3])]).collect()
}

/// What a walk over the segments of a JPEG tells (ITU-T T.81, annex B).
#[derive(Default)]
struct Outline {
    /// Adobe's APP14 segment stands before the picture.
    adobe: bool,
    /// The end-of-image marker follows the picture. A thumbnail's own marker lies inside a segment and is not taken
    /// for it.
    ends: bool,
}

impl Outline {
    fn of(bytes: &[u8]) -> Self {
        let mut outline = Self::default();
        let mut rest = bytes.get(2..).unwrap_or_default();
        while let [0xFF, marker, after @ ..] = rest {
            match (marker, after) {
                (0xFF, _) => rest = &rest[1..],
                (0xDA, _) => {
                    outline.ends = after.windows(2).any(|pair| pair == [0xFF, 0xD9]);
                    break;
                }
                (marker, [high, low, ..]) => {
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    outline.adobe |= *marker == 0xEE && after[2..].starts_with(b"Adobe");
                    rest = after.get(length..).unwrap_or_default();
                }
                _ => break,
            }
        }
        outline
    }
}
