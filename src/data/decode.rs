//! The bytes of a file to upright, opaque RGB.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};

use super::jpeg;

/// The formats that are read.
const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif];

/// The largest picture that is decoded, in pixels. A few bytes can claim any size; no picture worth having is larger.
const MOST_PIXELS: u64 = 100_000_000;

/// The most memory a decoder may take, in bytes: four 16-bit channels of the largest picture, and some to work with.
const MOST_MEMORY: u64 = 10 * MOST_PIXELS;

/// The format that the first bytes of a file announce, if it is one that is read. Names of files are not looked at.
pub(super) fn format_of(head: &[u8]) -> Option<ImageFormat> {
    image::guess_format(head).ok().filter(|format| FORMATS.contains(format))
}

/// Decodes a picture, turns it upright by its EXIF orientation, and lays it on white where it is transparent. The
/// first picture of an animation. Grey, palette and 16-bit pictures become 8-bit RGB. The error is a reason for a
/// person.
pub(super) fn decode(bytes: &[u8], format: ImageFormat) -> Result<RgbImage, String> {
    let picture = upright(bytes, format)?;
    Ok(if picture.color().has_alpha() { on_white(&picture) } else { picture.into_rgb8() })
}

/// Decodes a picture and turns it upright by its EXIF orientation; channels, depth and transparency as in the file.
pub(super) fn upright(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, String> {
    match format {
        ImageFormat::Jpeg => jpeg::decode(bytes),
        _ => decode_other(bytes, format).map_err(|error| error.to_string())?,
    }
}

fn decode_other(bytes: &[u8], format: ImageFormat) -> image::ImageResult<Result<DynamicImage, String>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if let Err(reason) = check_area(width.into(), height.into()) {
        return Ok(Err(reason));
    }
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(Ok(picture))
}

/// Refuses pictures without pixels and pictures that would not fit memory.
pub(super) fn check_area(width: u64, height: u64) -> Result<(), String> {
    match width * height {
        0 => Err(format!("the picture is {width}×{height}, without pixels")),
        1..=MOST_PIXELS => Ok(()),
        _ => Err(format!("the picture claims {width}×{height} pixels, more than the {MOST_PIXELS} that are read")),
    }
}

/// Colour over white, by the opacity.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let picture = picture.to_rgba8();
    let over = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u32::from(colour), u32::from(alpha));
        ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let pixels = picture.pixels().flat_map(|p| [over(p[0], p[3]), over(p[1], p[3]), over(p[2], p[3])]).collect();
    RgbImage::from_raw(picture.width(), picture.height(), pixels).expect("three bytes for each pixel")
}
