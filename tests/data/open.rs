//! Single pictures as they are given to a generator, and folders of them.

use image::{GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use sumi::data::{DataError, OpenedPicture, list_pictures, open_picture};

use super::{folder_of, formats::encode};

fn open(bytes: &[u8]) -> Result<OpenedPicture, DataError> {
    let folder = folder_of(&[("picture", bytes)]);
    open_picture(folder.path().join("picture"))
}

fn opened(picture: impl Into<image::DynamicImage>) -> OpenedPicture {
    open(&encode(picture, ImageFormat::Png)).expect("a whole file")
}

#[test]
fn any_size_and_depth() {
    for (width, height) in [(1, 1), (37, 5), (30_000, 2)] {
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 9]));
        assert_eq!(opened(picture.clone()), OpenedPicture { rgb: picture, alpha: None });
    }
    let grey = opened(GrayImage::from_fn(3, 2, |x, _| Luma([x as u8 * 50])));
    assert_eq!((grey.rgb.get_pixel(2, 1), grey.alpha), (&Rgb([100; 3]), None));
    let deep = opened(ImageBuffer::from_fn(2, 1, |x, _| Rgb([65535_u16, 257 * 80, x as u16 * 257])));
    assert_eq!((deep.rgb.into_raw(), deep.alpha), (vec![255, 80, 0, 255, 80, 1], None));
    let opaque = opened(RgbaImage::from_pixel(4, 4, Rgba([1, 2, 3, 255])));
    assert_eq!(opaque, OpenedPicture { rgb: RgbImage::from_pixel(4, 4, Rgb([1, 2, 3])), alpha: None });
}

#[test]
fn opacity_is_kept_apart_and_colours_as_they_are() {
    let picture = RgbaImage::from_fn(3, 1, |x, _| Rgba([200, 100, x as u8, [255, 128, 1][x as usize]]));
    let OpenedPicture { rgb, alpha } = opened(picture);
    assert_eq!(rgb.into_raw(), [200, 100, 0, 200, 100, 1, 200, 100, 2]);
    assert_eq!(alpha.map(GrayImage::into_raw), Some(vec![255, 128, 1]));
    let grey = opened(ImageBuffer::from_fn(1, 1, |_, _| LumaA([90_u8, 7])));
    assert_eq!((grey.rgb.into_raw(), grey.alpha.map(GrayImage::into_raw)), (vec![90; 3], Some(vec![7])));
}

/// What cannot be seen takes the colour of what can be seen nearby: green on the left, red on the right.
#[test]
fn transparent_pixels_take_the_colours_around_them() {
    let picture = RgbaImage::from_fn(32, 17, |x, y| match (x, y) {
        (2, _) => Rgba([0, 200, 0, 255]),
        (30, _) => Rgba([200, 0, 0, 255]),
        _ => Rgba([77, 77, 77, 0]),
    });
    let OpenedPicture { rgb, alpha } = opened(picture);
    assert_eq!(alpha.expect("most is transparent").pixels().filter(|a| a[0] == 255).count(), 34);
    for (x, y, colour) in rgb.enumerate_pixels() {
        let want = if x < 16 { Rgb([0, 200, 0]) } else { Rgb([200, 0, 0]) };
        assert_eq!(*colour, want, "{x}, {y}");
    }
    let nothing = opened(RgbaImage::new(5, 3));
    assert_eq!(nothing.rgb, RgbImage::from_pixel(5, 3, Rgb([255; 3])));
    assert_eq!(nothing.alpha, Some(GrayImage::new(5, 3)));
}

#[test]
fn files_that_are_no_pictures_are_refused_in_a_sentence() {
    let png = encode(RgbImage::new(20, 20), ImageFormat::Png);
    let mut lying = encode(RgbImage::new(1, 1), ImageFormat::Bmp);
    for side in [18, 22] {
        lying[side..side + 4].copy_from_slice(&30_000_u32.to_le_bytes());
    }
    let bad: [(&[u8], &str); 5] = [
        (b"", "none of the kinds"),
        (b"A poem.", "none of the kinds"),
        (&png[..60], "cannot read"),
        (&lying, "30000×30000"),
        (b"\xFF\xD8\xFF\xE0", "breaks off"),
    ];
    for (bytes, words) in bad {
        let error = open(bytes).expect_err("no picture").to_string();
        assert!(error.contains(words) && error.contains("give a whole JPEG"), "{error}");
    }
    let folder = folder_of(&[]);
    for path in [folder.path().join("missing.png"), folder.path().into()] {
        let error = open_picture(&path).expect_err("no file").to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn folders_are_listed_by_name() {
    let png = encode(RgbImage::new(1, 1), ImageFormat::Png);
    let folder = folder_of(&[
        ("b.png", &png),
        ("a", &png),
        ("broken.jpg", b"not one"),
        ("notes.txt", b"a text"),
        (".hidden.png", &png),
        ("below/c.png", &png),
        ("empty/x.txt", b""),
    ]);
    let names: Vec<_> = list_pictures(folder.path())
        .expect("there are some")
        .iter()
        .map(|path| path.strip_prefix(folder.path()).expect("in the folder").display().to_string())
        .collect();
    assert_eq!(names, ["a", "b.png", "broken.jpg"]);
    let file = folder.path().join("notes.txt");
    assert_eq!(list_pictures(&file).ok(), Some(vec![file]));
    let error = list_pictures(folder.path().join("empty")).expect_err("no picture").to_string();
    assert!(error.contains("there are none") && error.contains("give the folder"), "{error}");
    assert!(matches!(list_pictures(folder.path().join("nowhere")), Err(DataError::Missing { .. })));
}
