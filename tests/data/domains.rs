//! Two sets to translate between: from folders in three layouts, or drawn.

use image::{ImageFormat, Rgb, RgbImage};
use sumi::data::{
    DataError, Domains, Fit, Preprocess,
    portraits::{Portrait, Rendering},
};
use tempfile::TempDir;

use super::{folder_of, formats::encode, write};

/// Adds flat pictures of these greys, named so that they sort as given.
fn fill(folder: &TempDir, name: &str, greys: std::ops::Range<u8>) {
    for (number, grey) in greys.enumerate() {
        let picture = RgbImage::from_pixel(9, 12, Rgb([grey; 3]));
        write(&folder.path().join(name).join(format!("{number:03}.png")), &encode(picture, ImageFormat::Png));
    }
}

fn greys(pictures: &sumi::data::Pictures) -> Vec<u8> {
    (0..pictures.len()).map(|index| pictures.picture(index)[0]).collect()
}

fn preprocess() -> Preprocess {
    Preprocess::new(Fit::Cover, [8, 6], [6, 4]).expect("the crop fits")
}

#[test]
fn the_layout_with_train_and_test_folders() {
    let folder = folder_of(&[("trainB/notes.txt", b"a text")]);
    for (name, greys) in [("trainA", 0..12), ("trainB", 20..23), ("testA", 40..42), ("testB", 50..55)] {
        fill(&folder, name, greys);
    }
    let mut told = Vec::new();
    let mut tell = |name: &str, done, all| told.push((name.to_owned(), done, all));
    let domains = Domains::open_layout(folder.path(), &preprocess(), &mut tell).expect("all is there");
    assert_eq!(greys(&domains.train_a), (0..12).collect::<Vec<_>>());
    assert_eq!(greys(&domains.train_b), [20, 21, 22]);
    assert_eq!((greys(&domains.test_a), greys(&domains.test_b)), (vec![40, 41], vec![50, 51, 52, 53, 54]));
    assert_eq!((domains.train_a.size(), domains.train_b.size()), ([8, 6], [8, 6]));
    assert_eq!((domains.test_a.size(), domains.test_b.size()), ([6, 4], [6, 4]));
    assert!(!domains.paired && domains.notes.is_empty());
    let names: Vec<_> =
        domains.reports.iter().map(|(name, report)| (name.as_str(), report.read, report.other)).collect();
    assert_eq!(names, [("trainA", 12, 0), ("testA", 2, 0), ("trainB", 3, 1), ("testB", 5, 0)]);
    assert!(told.contains(&("trainB".into(), 4, 4)) && told.contains(&("testA".into(), 0, 2)), "{told:?}");
}

#[test]
fn without_test_folders_the_first_pictures_stand_in() {
    let folder = folder_of(&[]);
    fill(&folder, "trainA", 0..12);
    fill(&folder, "trainB", 20..23);
    let domains = Domains::open_layout(folder.path(), &preprocess(), &mut |_, _, _| ()).expect("enough is there");
    assert_eq!((domains.train_a.len(), domains.train_b.len()), (12, 3));
    assert_eq!((greys(&domains.test_a), greys(&domains.test_b)), ((0..8).collect(), vec![20, 21, 22]));
    assert_eq!(domains.test_a.size(), [6, 4]);
    assert_eq!(domains.notes.len(), 2);
    assert!(domains.notes[0].contains("first 8 pictures of trainA") && domains.notes[0].contains("trained on too"));
}

#[test]
fn of_two_folders_the_last_pictures_are_held_out() {
    let folder = folder_of(&[]);
    fill(&folder, "mine", 0..200);
    fill(&folder, "drawn", 0..59);
    fill(&folder, "few", 0..2);
    fill(&folder, "one", 7..8);
    let open = |a: &str, b: &str| {
        let [a, b] = [a, b].map(|name| folder.path().join(name));
        Domains::open_folders(a, b, &preprocess(), &mut |_, _, _| ()).expect("both are there")
    };
    let domains = open("mine", "drawn");
    assert_eq!(greys(&domains.train_a), (0..192).collect::<Vec<_>>());
    assert_eq!(greys(&domains.test_a), (192..200).collect::<Vec<_>>());
    assert_eq!((domains.train_b.len(), greys(&domains.test_b)), (57, vec![57, 58]));
    assert_eq!((domains.train_a.size(), domains.test_a.size()), ([8, 6], [6, 4]));
    assert!(domains.notes[1].contains("last 2 pictures") && domains.notes[1].contains("drawn"), "{:?}", domains.notes);
    let domains = open("few", "one");
    assert_eq!((greys(&domains.train_a), greys(&domains.test_a)), (vec![0], vec![1]));
    assert_eq!((greys(&domains.train_b), greys(&domains.test_b)), (vec![7], vec![7]));
    assert!(domains.notes[1].contains("one picture only"), "{:?}", domains.notes);
}

#[test]
fn what_is_missing_is_said() {
    let folder = folder_of(&[]);
    let open = || Domains::open_layout(folder.path(), &preprocess(), &mut |_, _, _| ()).expect_err("not all is there");
    let sentence = open().to_string();
    assert!(sentence.contains("folder trainA in") && sentence.contains("two folders of any name"), "{sentence}");
    fill(&folder, "trainA", 0..2);
    assert!(matches!(open(), DataError::Layout { missing: "trainB", .. }));
    write(&folder.path().join("trainB"), b"a file");
    assert!(matches!(open(), DataError::NotAFolder { .. }));
    let nowhere = folder.path().join("nowhere");
    let error = Domains::open_folders(folder.path(), &nowhere, &preprocess(), &mut |_, _, _| ());
    assert!(matches!(error, Err(DataError::Missing { folder }) if folder == nowhere));
    let error = Domains::open_layout(&nowhere, &preprocess(), &mut |_, _, _| ());
    assert!(matches!(error, Err(DataError::Missing { .. })));
}

#[test]
fn a_crop_has_to_fit_the_load_size() {
    for crop in [[9, 6], [8, 7], [0, 1], [1, 0]] {
        let error = Preprocess::new(Fit::Stretch, [8, 6], crop).expect_err("no such crop").to_string();
        assert!(error.contains("loaded at 6×8") && error.contains("smaller crop"), "{error}");
    }
    assert_eq!(preprocess().random_crop(), Some([6, 4]));
    assert_eq!(Preprocess::new(Fit::Cover, [8, 6], [8, 6]).map(|p| p.random_crop()).ok(), Some(None));
}

#[test]
fn drawn_domains_show_different_people_and_pairs_of_strangers() {
    let preprocess = Preprocess::new(Fit::Cover, [24, 24], [20, 16]).expect("the crop fits");
    let domains = Domains::portraits(5, 3, &preprocess, &mut |_, _, _| ()).expect("few pictures fit memory");
    let person = |index, rendering, size| Portrait::new(7, index).draw(rendering, size);
    for index in 0..5 {
        let photo = person(index, Rendering::Photo, 24);
        assert_eq!(domains.train_a.picture(index as usize), photo.as_raw().as_slice());
        let anime = person(5 + index, Rendering::Anime, 24);
        assert_eq!(domains.train_b.picture(index as usize), anime.as_raw().as_slice());
    }
    for index in 0..3 {
        let pair = [(&domains.test_a, Rendering::Photo), (&domains.test_b, Rendering::Anime)];
        for (set, rendering) in pair {
            let whole = person((1 << 32) + index, rendering, 20);
            let middle = image::imageops::crop_imm(&whole, 2, 0, 16, 20).to_image();
            assert_eq!(set.picture(index as usize), middle.as_raw().as_slice());
        }
    }
    assert_eq!((domains.test_a.size(), domains.test_b.len(), domains.paired), ([20, 16], 3, true));
    let sets = [&domains.train_a, &domains.train_b, &domains.test_a, &domains.test_b];
    assert!(sets.iter().all(|set| set.labels().attributes.is_empty()));
    for side in [15, 513] {
        let size = Preprocess::new(Fit::Cover, [side, 9], [side, 9]).expect("the crop fits");
        let error = Domains::portraits(1, 1, &size, &mut |_, _, _| ());
        assert!(matches!(error, Err(DataError::Undrawable { size: [s, 9] }) if s == side));
    }
}
