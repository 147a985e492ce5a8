//! `train --labels`: classes of folders, of tables and of drawn portraits.

use std::fs;

use image::{Rgb, RgbImage};

use super::{Place, TINY};

/// Six pictures, three of each of two classes, below `pictures`.
fn pictures(place: &Place) {
    for (class, grey) in [("dark", 30_u8), ("light", 200)] {
        fs::create_dir_all(place.path(&format!("pictures/{class}"))).expect("the folder can be made");
        for n in 0..3_u8 {
            let picture = RgbImage::from_pixel(16, 16, Rgb([grey + n; 3]));
            picture.save(place.path(&format!("pictures/{class}/{n}.png"))).expect("the folder can be written");
        }
    }
}

#[test]
fn classes_come_from_folders_tables_and_portraits() {
    let place = Place::new();
    pictures(&place);
    let train = |run: &str, more: &[&str]| place.train(&[&TINY[..], &["--steps", "1", "--out", run], more].concat());
    let told = train("folders", &["--data", "pictures", "--labels", "folders"]).succeeded();
    assert!(told.out.contains("2 classes by folder: dark (3), light (3)"), "{}", told.out);
    assert!(place.text("folders/config.toml").contains("labels = \"folders\""));

    let lines = (0..3).map(|n| format!("dark/{n}.png,{n},yes\nlight/{n}.png,{n},no\n")).collect::<String>();
    fs::write(place.path("all.csv"), format!("file,number,closed\n{lines}")).expect("the folder can be written");
    let table = ["--data", "pictures", "--labels", "all.csv"];
    train("none", &table).failed(1, &["'number', 'closed'", "--label-column"]);
    let told = train("table", &[&table[..], &["--label-column", "closed"]].concat()).succeeded();
    assert!(told.out.contains("2 classes by closed: no (3), yes (3)"), "{}", told.out);

    let told = train("portraits", &["--labels", "skin"]).succeeded();
    assert!(told.out.contains("5 classes by skin: porcelain ("), "{}", told.out);
    train("none", &["--labels", "hair"]).failed(1, &["'hair_colour'", "--data"]);
    train("none", &["--labels", "skin", "--label-column", "a"]).failed(1, &["label-column", "leave it out"]);
    train("none", &["--data", "pictures", "--labels", "absent.csv"]).failed(1, &["absent.csv", "folders"]);
    train("none", &["--data", "pictures/dark", "--labels", "folders"]).failed(1, &["3 pictures", "class"]);
    assert!(!place.path("none").exists());
}

#[test]
fn a_run_keeps_its_labels() {
    let place = Place::new();
    pictures(&place);
    place.train_tiny("run", &["--steps", "1", "--data", "pictures", "--labels", "folders"]).succeeded();
    let resume = |more: &[&str]| place.train(&[&["--resume", "run", "--steps", "2"], more].concat());
    resume(&["--labels", "all.csv"]).failed(1, &["all.csv", "labels = folders", "new run"]);
    let told = resume(&["--labels", "folders"]).succeeded();
    assert!(told.out.contains("2 classes by folder"), "{}", told.out);
    place.train_tiny("plain", &["--steps", "1"]).succeeded();
    place.train(&["--resume", "plain", "--steps", "2", "--labels", "skin"]).failed(1, &["labels = none"]);
}

#[test]
fn samples_are_of_classes() {
    let place = Place::new();
    pictures(&place);
    place.train_tiny("run", &["--steps", "2", "--data", "pictures", "--labels", "folders"]).succeeded();
    assert!(place.text("run/config.toml").contains("classes = [\"dark\", \"light\"]"));
    let dimensions = |file: &str| image::open(place.path(file)).expect("a picture").into_rgb8().dimensions();
    let sheet = |columns: u32, rows: u32| (columns * 98 + 2, rows * 98 + 2);
    assert_eq!(dimensions("run/samples/000002.png"), sheet(8, 2), "a row for each class");
    let told = place.sample(&["run", "-n", "5", "--grid", "all.png", "--out", "all"]).succeeded();
    assert!(told.out.contains("a row for each class: dark, light"), "{}", told.out);
    assert_eq!(dimensions("all.png"), sheet(3, 2));
    place.sample(&["run", "-n", "4", "--label", "light", "--out", "light", "--grid", "light.png"]).succeeded();
    assert_eq!(dimensions("light.png"), sheet(2, 2));
    // Of all classes in turn the second picture is of the second.
    assert_eq!(place.read("all/0001.png"), place.read("light/0001.png"));
    assert_ne!(place.read("all/0000.png"), place.read("light/0000.png"));
    place.sample(&["run", "--label", "grey", "--grid", "a.png"]).failed(1, &["'grey'", "dark, light"]);
    place.train_tiny("plain", &["--steps", "1"]).succeeded();
    place.sample(&["plain", "--label", "light", "--grid", "a.png"]).failed(1, &["no classes", "--labels"]);

    fs::create_dir(place.path("pictures/grey")).expect("the folder can be made");
    fs::copy(place.path("pictures/dark/0.png"), place.path("pictures/grey/0.png")).expect("the folder can be written");
    place.train(&["--resume", "run", "--steps", "3"]).failed(1, &["dark, light", "dark, grey, light", "new run"]);
}
