//! Labels: the classes of pictures, by folders, by tables, and of drawn portraits.

use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use sumi::data::{DataError, Fit, LabelError, Labelling, Pictures, Table, portraits::Rendering};
use tempfile::TempDir;

use super::{folder_of, formats::encode};

fn picture(value: u8) -> Vec<u8> {
    encode(RgbImage::from_pixel(2, 2, Rgb([value; 3])), ImageFormat::Png)
}

fn labelled(folder: &TempDir, labelling: &Labelling) -> Result<Pictures, DataError> {
    Pictures::open_labelled(folder.path(), labelling, [2, 2], Fit::Cover, &mut |_, _| ()).map(|(set, _)| set)
}

fn table(folder: &TempDir, name: &str, column: Option<&str>) -> Labelling {
    Labelling::Table { file: folder.path().join(name), column: column.map(str::to_owned) }
}

/// The error's sentence, in which these words must be.
#[track_caller]
fn refused(outcome: Result<Pictures, DataError>, words: &[&str]) {
    let sentence = outcome.expect_err("it is refused").to_string();
    for word in words {
        assert!(sentence.contains(word), "'{word}' is not in: {sentence}");
    }
}

/// What the labels say, and the brightness of each picture.
fn told(set: &Pictures) -> (&str, Vec<&str>, Vec<(u8, &str)>) {
    let [attribute] = &set.labels().attributes[..] else { panic!("one attribute") };
    let classes: Vec<&str> = attribute.classes.iter().map(String::as_str).collect();
    let of = |i: usize| (set.picture(i)[0], classes[attribute.values[i] as usize]);
    (&attribute.name, classes.clone(), (0..set.len()).map(of).collect())
}

#[test]
fn folders_are_classes() {
    let folder = folder_of(&[
        ("wolf/b.png", &picture(1)),
        ("cat/kitten/a.png", &picture(2)),
        ("cat/notes.txt", b"no picture"),
        ("cat/broken.png", b"nothing"),
        ("readme.txt", b"no picture"),
    ]);
    let set = labelled(&folder, &Labelling::Folders).expect("there are classes");
    assert_eq!(told(&set), ("folder", vec!["cat", "wolf"], vec![(2, "cat"), (1, "wolf")]));
    super::write(&folder.path().join("loose.png"), &picture(3));
    super::write(&folder.path().join("more.png"), b"a picture by its name");
    refused(labelled(&folder, &Labelling::Folders), &["2 pictures lie in none", "loose.png", "class"]);
    let one = folder_of(&[("cat/a.png", &picture(1))]);
    refused(labelled(&one, &Labelling::Folders), &["one class, 'cat'", "leave --labels out"]);
}

#[test]
fn tables_tell_classes() {
    let folder = folder_of(&[
        ("a.png", &picture(1)),
        ("in/b.png", &picture(2)),
        ("broken.png", b"nothing"),
        ("comma.csv", b"\xEF\xBB\xBFfile,hair\n./in/b.png,\"dark, long\"\r\na.png,fair\nbroken.png,fair\n"),
        ("semicolon.csv", b"hair;size;Path\ndark; 1;in\\b.png\nfair;2;a.png\nfair;2;broken.png\n"),
        ("short.csv", b"file,hair\na.png,fair\n"),
        ("long.csv", b"file,hair\na.png,fair\nin/b.png,dark\nbroken.png,fair\nnowhere.png,dark\n"),
        ("twice.csv", b"file,hair\na.png,fair\na.png,dark\n"),
        ("ragged.csv", b"file,hair\na.png\n"),
        ("empty.csv", b"file,hair\na.png,\n"),
        ("latin.csv", b"file,hair\na.png,f\xE9e\n"),
        ("lonely.csv", b"file\na.png\n"),
    ]);
    let of = |name: &str, column| labelled(&folder, &table(&folder, name, column));
    let set = of("comma.csv", None).expect("there are classes");
    assert_eq!(told(&set), ("hair", vec!["dark, long", "fair"], vec![(1, "fair"), (2, "dark, long")]));
    let set = of("semicolon.csv", Some("hair")).expect("there are classes");
    assert_eq!(told(&set), ("hair", vec!["dark", "fair"], vec![(1, "fair"), (2, "dark")]));
    refused(of("semicolon.csv", None), &["'hair', 'size'", "--label-column"]);
    refused(of("comma.csv", Some("eyes")), &["no column of classes 'eyes'", "'hair'"]);
    refused(of("comma.csv", Some("file")), &["no column of classes 'file'"]);
    refused(of("short.csv", None), &["nothing of 2 pictures", "broken.png"]);
    refused(of("long.csv", None), &["1 lines", "nowhere.png"]);
    refused(of("twice.csv", None), &["a.png", "'fair'", "'dark'"]);
    refused(of("ragged.csv", None), &["not understood", "line: 2"]);
    refused(of("empty.csv", None), &["line 2 has no file or no class"]);
    refused(of("latin.csv", None), &["UTF-8"]);
    refused(of("lonely.csv", None), &["--label-column", "none"]);
    refused(of("missing.csv", None), &["missing.csv", "cannot be read"]);
}

#[test]
fn portraits_keep_the_attribute_asked_for() {
    let set = Pictures::portraits(20, 16, Rendering::Anime, &mut |_, _| ()).expect("20 small pictures fit memory");
    let bangs = set.clone().labelled_by("bangs").expect("they have bangs");
    assert_eq!(bangs.labels().attributes[..], [set.labels().attributes[2].clone()]);
    assert_eq!(bangs.pixels(), set.pixels());
    let error = set.labelled_by("hair").expect_err("there is no such attribute");
    assert!(matches!(&error, LabelError::NoAttribute { names, .. } if names.len() == 9), "{error}");
    assert!(error.to_string().contains("'hair_colour'"), "{error}");
}

proptest! {
    /// Whatever a table holds, it is read or refused with a sentence.
    #[test]
    fn any_bytes_are_a_table_or_a_sentence(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        named in any::<bool>(),
    ) {
        let column = named.then_some("class");
        if let Err(error) = Table::parse(Path::new("labels.csv"), &bytes, column) {
            prop_assert!(error.to_string().contains("labels.csv"));
        }
    }

    /// The same of bytes that are nearly a table.
    #[test]
    fn any_lines_are_a_table_or_a_sentence(
        text in "(file|path|[a-z\"]{0,3})[,;\t](class|hair)?(\r?\n[a-z./\\\\\", ;]{0,12}){0,9}",
    ) {
        match Table::parse(Path::new("labels.csv"), text.as_bytes(), None) {
            Ok(table) => prop_assert!(table.classes.values().all(|class| !class.is_empty())),
            Err(error) => prop_assert!(error.to_string().contains("labels.csv")),
        }
    }

    /// What was written is read: any names and classes, quoted as RFC 4180 says.
    #[test]
    fn a_table_comes_back(
        lines in prop::collection::btree_map("[a-z]{1,6}(/[a-z ,;\"]{0,5}x)?", "[A-Za-zäöü,;\"]{1,9}", 1..20),
    ) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let rows: String = lines.iter().map(|(file, class)| format!("{},{}\n", quoted(file), quoted(class))).collect();
        let table = Table::parse(Path::new("t.csv"), format!("file,class\n{rows}").as_bytes(), None);
        prop_assert_eq!(table.expect("it is a table").classes, lines);
    }
}
