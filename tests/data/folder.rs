//! Folders: what is found in them, and what is said where nothing is.

use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};
use sumi::data::{Attribute, DataError, Fit, Labels, Pictures};

use super::{folder_of, formats::encode, open};

fn grey(value: u8) -> RgbImage {
    RgbImage::from_pixel(2, 2, Rgb([value; 3]))
}

fn firsts(pictures: &Pictures) -> Vec<u8> {
    (0..pictures.len()).map(|i| pictures.picture(i)[0]).collect()
}

#[test]
fn searched_to_the_bottom_in_order() {
    let files: Vec<Vec<u8>> = (1..=4).map(|value| encode(grey(value), ImageFormat::Png)).collect();
    let folder = folder_of(&[
        ("b/z/y/x/w/v/deep.png", &files[2]),
        ("c.png", &files[3]),
        ("a.png", &files[0]),
        ("b/a.png", &files[1]),
        ("b/notes.txt", b"no picture"),
        ("b/.hidden", b"nor this"),
    ]);
    let mut calls = Vec::new();
    let (pictures, report) =
        Pictures::open_folder(folder.path(), [2, 2], Fit::Cover, &mut |done, all| calls.push((done, all)))
            .expect("there are pictures");
    assert_eq!(firsts(&pictures), [1, 2, 3, 4]);
    assert_eq!((report.read, report.skipped.len(), report.other), (4, 0, 2));
    assert_eq!((calls[0], *calls.last().expect("progress is told")), ((0, 6), (6, 6)));
    assert_eq!((pictures.size(), pictures.bytes(), pictures.pixels().len()), ([2, 2], 48, 48));
    assert_eq!(pictures.labels(), &Labels::none());
}

#[test]
fn content_counts_and_not_the_name() {
    let folder = folder_of(&[
        ("really_png.jpg", &encode(grey(1), ImageFormat::Png)),
        ("really_jpeg.txt", &encode(grey(2), ImageFormat::Jpeg)),
        ("shout.GIF", &encode(grey(3), ImageFormat::Gif)),
        ("no_name", &encode(grey(4), ImageFormat::WebP)),
        ("scan.tiff", b"II*\0 and more"),
        ("page.png", b"<html>"),
        ("poem.txt", b"A text."),
    ]);
    let (pictures, report) = open(&folder, 2).expect("there are pictures");
    assert_eq!(firsts(&pictures), [4, 2, 1, 3]);
    let skipped: Vec<_> = report.skipped.iter().filter_map(|(path, _)| path.file_name()?.to_str()).collect();
    assert_eq!((skipped, report.other), (vec!["page.png", "scan.tiff"], 1));
    assert_eq!(report.to_string(), "pictures read: 4, skipped: 2, other files: 1");
}

#[test]
fn many_files_come_in_order() {
    let folder = folder_of(&[]);
    for value in 0..200 {
        super::write(&folder.path().join(format!("{value:03}")), &encode(grey(value), ImageFormat::Bmp));
    }
    let mut last = 0;
    let (pictures, _) = Pictures::open_folder(folder.path(), [1, 1], Fit::Cover, &mut |done, all| {
        assert!(done >= last && all == 200);
        last = done;
    })
    .expect("there are pictures");
    assert_eq!(firsts(&pictures), (0..200).collect::<Vec<u8>>());
    assert_eq!(last, 200);
}

#[cfg(unix)]
#[test]
fn links_may_go_round_in_circles() {
    use std::os::unix::fs::symlink;
    let folder = folder_of(&[("in/a.png", &encode(grey(7), ImageFormat::Png))]);
    symlink(folder.path(), folder.path().join("in/round")).expect("links can be made");
    symlink("nowhere", folder.path().join("dangling.png")).expect("links can be made");
    let (pictures, report) = open(&folder, 2).expect("there is a picture");
    assert_eq!(firsts(&pictures), [7]);
    assert_eq!(report.skipped.len(), 1, "{report:?}");
    assert!(report.skipped[0].0.ends_with("dangling.png"));
}

fn sentence(folder: &Path) -> (DataError, String) {
    let error = Pictures::open_folder(folder, [2, 2], Fit::Cover, &mut |_, _| ()).expect_err("nothing can be read");
    let text = error.to_string();
    assert!(text.contains(&folder.display().to_string()), "the sentence names the folder: {text}");
    assert!(["check", "give", "put"].iter().any(|advice| text.contains(advice)), "and says what to do: {text}");
    (error, text)
}

#[test]
fn each_failure_has_its_sentence() {
    let folder = folder_of(&[("poem.txt", b"A text."), ("holes/a.png", b""), ("void/deeper/x", b"")]);
    let below = |name| folder.path().join(name);
    assert!(matches!(sentence(&below("missing")).0, DataError::Missing { .. }));
    assert!(matches!(sentence(&below("poem.txt")).0, DataError::NotAFolder { .. }));
    assert!(matches!(sentence(&below("poem.txt/inside")).0, DataError::Unreadable { .. } | DataError::Missing { .. }));
    std::fs::remove_file(below("void/deeper/x")).expect("the file was there");
    let (error, text) = sentence(&below("void"));
    assert!(matches!(error, DataError::Empty { .. }) && text.contains("no files"), "{text}");
    let (error, text) = sentence(&below("holes"));
    assert!(matches!(error, DataError::NothingReadable { .. }) && text.contains("a.png"), "{text}");
    assert!(text.contains("pictures read: 0, skipped: 1"), "{text}");
}

fn hair(values: &[u32]) -> Labels {
    let classes = ["black", "red"].map(String::from).to_vec();
    Labels { attributes: vec![Attribute { name: "hair".into(), classes, values: values.to_vec() }] }
}

#[test]
fn sets_are_made_of_bytes_and_labels() {
    let pictures = Pictures::new([1, 4], (0..24).collect(), hair(&[1, 0]));
    assert_eq!((pictures.len(), pictures.is_empty()), (2, false));
    assert_eq!((pictures.size(), pictures.height(), pictures.width()), ([1, 4], 1, 4));
    assert_eq!(pictures.picture(1), (12..24).collect::<Vec<u8>>());
    assert_eq!(pictures.labels().attributes[0].values, [1, 0]);
    assert!(Pictures::new([4, 3], Vec::new(), Labels::none()).is_empty());
}

#[test]
#[should_panic(expected = "no whole number")]
fn odd_bytes_are_refused() {
    Pictures::new([2, 2], vec![0; 13], Labels::none());
}

#[test]
#[should_panic(expected = "3 labels of hair for 2 pictures")]
fn labels_must_match_pictures() {
    Pictures::new([2, 2], vec![0; 24], hair(&[1, 0, 1]));
}

#[test]
#[should_panic(expected = "names none of its 2 classes")]
fn labels_must_name_classes() {
    Pictures::new([2, 2], vec![0; 24], hair(&[1, 2]));
}

#[test]
fn a_set_may_be_of_any_shape() {
    let bands = RgbImage::from_fn(6, 4, |x, y| Rgb([x as u8 * 40, y as u8 * 60, 9]));
    let folder = folder_of(&[
        ("a.png", &encode(bands.clone(), ImageFormat::Png)),
        ("b.png", &encode(grey(3), ImageFormat::Png)),
    ]);
    let (pictures, _) = Pictures::open_folder(folder.path(), [4, 6], Fit::Cover, &mut |_, _| ()).expect("two pictures");
    assert_eq!((pictures.size(), pictures.len()), ([4, 6], 2));
    assert_eq!(pictures.picture(0), bands.as_raw().as_slice());
    assert_eq!(pictures.picture(1), [3; 72]);
    let tall = Pictures::open_folder(folder.path(), [4, 2], Fit::Cover, &mut |_, _| ()).expect("two pictures").0;
    assert_eq!(tall.picture(0), image::imageops::crop_imm(&bands, 2, 0, 2, 4).to_image().as_raw().as_slice());
}
