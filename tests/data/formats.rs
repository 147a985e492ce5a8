//! Every kind of picture, down to the values of its pixels.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, Frame, GrayImage, ImageBuffer, ImageEncoder, ImageFormat, Luma, LumaA, Rgb,
    RgbImage, Rgba, RgbaImage,
    codecs::{gif::GifEncoder, jpeg::JpegEncoder},
};

use super::{assert_near, read_one, reason_of};

const CMYK: &[u8] = include_bytes!("fixtures/cmyk_adobe.jpg");
const YCCK: &[u8] = include_bytes!("fixtures/ycck_adobe.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("fixtures/progressive.jpg");
const PALETTE: &[u8] = include_bytes!("fixtures/palette_2bit_transparent.png");

pub fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).expect("the picture can be encoded");
    file.into_inner()
}

/// A JPEG of four flat quarters, 16×16 each, with an EXIF orientation.
fn quarters(values: [u8; 4], orientation: Option<u8>) -> Vec<u8> {
    let picture = GrayImage::from_fn(32, 32, |x, y| Luma([values[usize::from(y >= 16) * 2 + usize::from(x >= 16)]]));
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 95);
    if let Some(orientation) = orientation {
        // TIFF, little endian, one entry: tag 0x112, one 16-bit number.
        let exif = [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[orientation, 0, 0, 0, 0, 0, 0, 0][..]].concat();
        encoder.set_exif_metadata(exif).expect("JPEG carries EXIF");
    }
    encoder.write_image(picture.as_raw(), 32, 32, ExtendedColorType::L8).expect("the picture can be encoded");
    file
}

/// The colours of four by four pixels that no format has reason to change.
fn sixteen() -> RgbImage {
    RgbImage::from_fn(4, 4, |x, y| Rgb([x as u8 * 60, y as u8 * 70, 255 - x as u8 * y as u8 * 20]))
}

fn pixels(picture: &RgbImage) -> Vec<[u8; 3]> {
    picture.pixels().map(|p| p.0).collect()
}

#[test]
fn lossless_formats_keep_every_byte() {
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
        assert_eq!(read_one(&encode(sixteen(), format), 4), pixels(&sixteen()), "{format:?}");
    }
}

#[test]
fn transparent_pictures_lie_on_white() {
    let glass = [[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 128], [100, 200, 50, 51]];
    let picture = RgbaImage::from_fn(2, 2, |x, y| Rgba(glass[(2 * y + x) as usize]));
    let white = [[255; 3], [0; 3], [255, 127, 127], [224, 244, 214]];
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        assert_eq!(read_one(&encode(picture.clone(), format), 2), white, "{format:?}");
    }
    let grey = ImageBuffer::from_fn(1, 1, |_, _| LumaA([0_u8, 51]));
    assert_eq!(read_one(&encode(grey, ImageFormat::Png), 1), [[204; 3]]);
}

/// Colours under full transparency (here black under white) must not bleed into what is visible.
#[test]
fn transparency_goes_before_resizing() {
    let picture = RgbaImage::from_fn(8, 8, |x, _| if x < 4 { Rgba([255; 4]) } else { Rgba([0; 4]) });
    assert_eq!(read_one(&encode(picture, ImageFormat::Png), 2), [[255; 3]; 4]);
}

#[test]
fn grey_and_sixteen_bit_pictures() {
    let grey = GrayImage::from_fn(2, 2, |x, y| Luma([(x * 100 + y * 50) as u8]));
    assert_eq!(read_one(&encode(grey, ImageFormat::Png), 2), [[0; 3], [100; 3], [50; 3], [150; 3]]);

    let deep = ImageBuffer::from_fn(2, 1, |x, _| {
        Rgb([[0_u16, 257 * 77, 65535], [257 * 200 + 128, 257 * 200 + 129, 1]][x as usize])
    });
    let wide = ImageBuffer::from_fn(2, 2, |x, _| *deep.get_pixel(x, 0));
    let want = [[0, 77, 255], [200, 201, 0]];
    assert_eq!(read_one(&encode(wide, ImageFormat::Png), 2), [want[0], want[1], want[0], want[1]]);

    let shaded = ImageBuffer::from_fn(1, 1, |_, _| Rgba([0_u16, 257 * 100, 65535, 257 * 51]));
    assert_eq!(read_one(&encode(shaded, ImageFormat::Png), 1), [[204, 224, 255]]);
}

/// Two bits a pixel, the third colour half and the fourth wholly transparent.
#[test]
fn palette_pictures() {
    let [red, green, half, clear] = [[255, 0, 0], [0, 200, 0], [132, 137, 142], [255; 3]];
    let rows = [[red, green, half, clear], [clear, half, green, red], [red; 4], [green; 4]];
    assert_eq!(read_one(PALETTE, 4), rows.concat());
}

#[test]
fn the_first_picture_of_an_animation() {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    for colour in [[250, 10, 20, 255], [0, 0, 0, 255]] {
        let still = RgbaImage::from_fn(4, 4, |x, _| if x < 2 { Rgba(colour) } else { Rgba([0; 4]) });
        encoder.encode_frame(Frame::new(still)).expect("the picture can be encoded");
    }
    drop(encoder);
    let row = [[250, 10, 20], [250, 10, 20], [255; 3], [255; 3]];
    assert_eq!(read_one(&file, 4), [row; 4].concat());
}

#[test]
fn jpeg_in_colour_and_grey() {
    let flat = RgbImage::from_pixel(32, 32, Rgb([200, 120, 40]));
    assert_near(&read_one(&encode(flat, ImageFormat::Jpeg), 4), &[[200, 120, 40]; 16], 2);
    let want = [[20; 3], [90; 3], [160; 3], [230; 3]];
    assert_near(&read_one(&quarters([20, 90, 160, 230], None), 32), &upscaled(want, 16), 2);
}

#[test]
fn progressive_jpeg() {
    let got = read_one(PROGRESSIVE, 24);
    let mean = |channel: usize| got.iter().map(|p| u32::from(p[channel])).sum::<u32>() / 576;
    let [red, green, blue] = [mean(0), mean(1), mean(2)];
    assert!(red > 100 && green < 60 && blue > 60, "red to blue, not {red} {green} {blue}");
}

/// Four quarters, each side by side `times` × `times` pixels.
fn upscaled(quarters: [[u8; 3]; 4], times: usize) -> Vec<[u8; 3]> {
    let side = 2 * times;
    (0..side * side).map(|i| quarters[usize::from(i / side >= times) * 2 + usize::from(i % side >= times)]).collect()
}

#[test]
fn all_eight_orientations() {
    let [a, b, c, d] = [20, 90, 160, 230];
    let upright = [
        [a, b, c, d],
        [b, a, d, c],
        [d, c, b, a],
        [c, d, a, b],
        [a, c, b, d],
        [c, a, d, b],
        [d, b, c, a],
        [b, d, a, c],
    ];
    for (orientation, values) in (1..).zip(upright) {
        let got = read_one(&quarters([a, b, c, d], Some(orientation)), 32);
        assert_near(&got, &upscaled(values.map(|v| [v; 3]), 16), 2);
    }
}

/// Left: cyan 127, magenta 155, yellow 105, black 30; right: 105, 95, 165, 200 (of 255).
#[test]
fn four_inks_stored_inverted_behind_adobes_marker() {
    let (left, right) = ([113, 88, 132], [32, 35, 19]);
    assert_near(&halves(CMYK), &[left, right], 2);
}

/// The same file without Adobe's marker: the inks are then taken as they stand, each 255 minus what it was.
#[test]
fn four_inks_stored_plainly() {
    let marker = CMYK.windows(5).position(|w| w == b"Adobe").expect("the fixture has the marker") - 4;
    let length = 2 + usize::from(CMYK[marker + 3]);
    let plain = [&CMYK[..marker], &CMYK[marker + length..]].concat();
    let (left, right) = ([15, 18, 12], [82, 75, 129]);
    assert_near(&halves(&plain), &[left, right], 2);
}

/// Left: cyan 200, magenta 0, yellow 40, black 30; right: 0, 180, 220, 0 (of 255).
#[test]
fn four_inks_as_luminance_and_chroma() {
    let (left, right) = ([49, 225, 190], [255, 75, 35]);
    assert_near(&halves(YCCK), &[left, right], 2);
}

/// The middles of the two halves of the 16×8 fixtures; the crop to 8×8 keeps four columns of each.
fn halves(bytes: &[u8]) -> [[u8; 3]; 2] {
    let pixels = read_one(bytes, 8);
    [pixels[8 * 4 + 1], pixels[8 * 4 + 6]]
}

#[test]
fn the_shorter_side_is_resized_and_the_middle_kept() {
    // Thirds of 4×4 pixels: only the middle one is left.
    let bands =
        RgbImage::from_fn(12, 4, |x, y| if x / 4 == 1 { Rgb([y as u8 * 50, 7, x as u8]) } else { Rgb([255; 3]) });
    let middle = pixels(&image::imageops::crop_imm(&bands, 4, 0, 4, 4).to_image());
    assert_eq!(read_one(&encode(bands.clone(), ImageFormat::Png), 4), middle);
    let upright = image::imageops::rotate90(&bands);
    let middle = pixels(&image::imageops::crop_imm(&upright, 0, 4, 4, 4).to_image());
    assert_eq!(read_one(&encode(upright, ImageFormat::Png), 4), middle);
    // An odd pixel to spare: the crop stays on whole pixels.
    let odd = RgbImage::from_fn(5, 4, |x, y| if (x + y) % 2 == 0 { Rgb([255; 3]) } else { Rgb([0; 3]) });
    let got = read_one(&encode(odd, ImageFormat::Png), 4);
    assert!(got.iter().all(|p| *p == [0; 3] || *p == [255; 3]), "{got:?}");
}

/// A fine chessboard made eight times smaller is an even grey; picking pixels would give black or white.
#[test]
fn resizing_is_antialiased() {
    let board = RgbImage::from_fn(64, 64, |x, y| Rgb([if (x + y) % 2 == 0 { 255 } else { 0 }; 3]));
    assert_near(&read_one(&encode(board, ImageFormat::Png), 8), &[[128; 3]; 64], 2);
}

#[test]
fn odd_sizes() {
    let dot = RgbImage::from_pixel(1, 1, Rgb([1, 2, 3]));
    assert_eq!(read_one(&encode(dot, ImageFormat::Png), 8), [[1, 2, 3]; 64]);
    let strip = RgbImage::from_fn(3000, 20, |x, _| if (1490..1510).contains(&x) { Rgb([9; 3]) } else { Rgb([200; 3]) });
    let got = read_one(&encode(strip.clone(), ImageFormat::Png), 20);
    assert_eq!(got, [[9; 3]; 400]);
    let tower = image::imageops::rotate90(&strip);
    assert_eq!(read_one(&encode(tower, ImageFormat::Bmp), 20), [[9; 3]; 400]);
}

#[test]
fn broken_off_files_are_skipped_with_a_reason() {
    let formats = [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP, ImageFormat::Gif];
    let noise = RgbImage::from_fn(40, 40, |x, y| Rgb([(x * y * 7) as u8, (x * 31 + y * 17) as u8, (x ^ y) as u8]));
    for format in formats {
        let whole = encode(noise.clone(), format);
        let reason = reason_of(&whole[..whole.len() / 2]);
        assert!(!reason.is_empty(), "{format:?}");
    }
    let jpeg = encode(noise, ImageFormat::Jpeg);
    for broken in [&jpeg[..jpeg.len() / 2], &jpeg[..jpeg.len() - 2], &PROGRESSIVE[..PROGRESSIVE.len() / 2], &jpeg[..20]]
    {
        assert!(reason_of(broken).contains("breaks off"), "{}", reason_of(broken));
    }
}

/// A marker in the midst of the pixels: lenient decoders fill up with grey from there.
#[test]
fn a_jpeg_with_foreign_bytes_inside_is_skipped() {
    let noise = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y * 7) as u8, (x * 31 + y * 17) as u8, (x ^ y) as u8]));
    let mut jpeg = encode(noise, ImageFormat::Jpeg);
    let middle = jpeg.len() / 2;
    jpeg[middle..middle + 4].copy_from_slice(&[0xFF, 0xC4, 0, 0]);
    assert!(!reason_of(&jpeg).is_empty());
}

#[test]
fn empty_files_named_as_pictures_are_skipped() {
    assert!(reason_of(b"").contains("none of the kinds"));
    assert!(reason_of(b"<html>not found</html>").contains("none of the kinds"));
}

/// A few bytes that claim 30,000 × 30,000 pixels, in three formats.
#[test]
fn pictures_that_claim_too_much_are_refused() {
    let mut bmp = encode(RgbImage::new(1, 1), ImageFormat::Bmp);
    for side in [18, 22] {
        bmp[side..side + 4].copy_from_slice(&30_000_u32.to_le_bytes());
    }
    assert!(reason_of(&bmp).contains("30000×30000"), "{}", reason_of(&bmp));
    let mut gif = encode(RgbImage::new(1, 1), ImageFormat::Gif);
    for side in [6, 8] {
        gif[side..side + 2].copy_from_slice(&30_000_u16.to_le_bytes());
    }
    assert!(reason_of(&gif).contains("30000×30000"), "{}", reason_of(&gif));
    let mut jpeg = quarters([0; 4], None);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a baseline JPEG has a frame header");
    for side in [frame + 5, frame + 7] {
        jpeg[side..side + 2].copy_from_slice(&30_000_u16.to_be_bytes());
    }
    assert!(reason_of(&jpeg).contains("30000×30000"), "{}", reason_of(&jpeg));
}
