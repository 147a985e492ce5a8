//! What a file says, and what becomes of files that say something else. No GPU.

use super::*;
use crate::weights::replace::remove_unfinished;

fn example() -> Checkpoint {
    let header = Header {
        version: VERSION,
        recipe: "dcgan".to_owned(),
        config: Networks::Dcgan(crate::train::dcgan::Config::default()),
        flip: true,
        counters: Counters::from([("steps".to_owned(), 12)]),
        position: Counters::from([("pictures".to_owned(), 99), ("position".to_owned(), 13)]),
        adapter: "a \"quoted\" adapter".to_owned(),
        family: "lanes 8".to_owned(),
        processes: 2,
        best: Some(Best { step: 9, bits: 0.1_f64.to_bits(), of: "swd 8 c0ffee".to_owned() }),
        tuning: String::new(),
        sha256: String::new(),
    };
    let values = |shape: &[usize], first: f32| Values {
        shape: shape.to_vec(),
        elements: (0..shape.iter().product::<usize>()).map(|i| first + i as f32).collect(),
    };
    let tensors = [("b.weight".to_owned(), values(&[2, 3], 0.5)), ("a.bias".to_owned(), values(&[5], -1.0))];
    Checkpoint { header, tensors: tensors.into() }
}

fn read(bytes: &[u8]) -> Result<Checkpoint, Error> {
    Checkpoint::from_bytes(Path::new("checkpoint.safetensors"), bytes)
}

/// The file with `from` replaced by `to`, which is as long.
fn altered(from: &str, to: &str) -> Vec<u8> {
    let (bytes, from) = (example().to_bytes(), from.as_bytes());
    let at = bytes.windows(from.len()).position(|window| window == from).expect("the text is there");
    assert_eq!(from.len(), to.len());
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn what_is_written_is_read() {
    let (written, bytes) = (example(), example().to_bytes());
    let back = read(&bytes).expect("the file is whole");
    assert_eq!(back.tensors, written.tensors);
    assert_eq!(Header { sha256: String::new(), ..back.header.clone() }, written.header);
    assert_eq!(back.header.sha256.len(), 64);
    assert_eq!(back.to_bytes(), bytes, "equal states are equal files");
}

#[test]
fn measured_choices_are_named_where_there_are_some() {
    assert!(!example().header.json().contains("tuning"), "files without are as they were before there were any");
    let mut tuned = example();
    tuned.header.tuning = "0123456789abcdef".to_owned();
    assert_eq!(read(&tuned.to_bytes()).expect("the file is whole").header.tuning, tuned.header.tuning);
}

#[test]
fn the_header_is_canonical() {
    let json = example().header.json();
    let keys: Vec<_> = json.match_indices('"').map(|(at, _)| at).collect();
    assert!(json.starts_with(r#"{"adapter":"#) && json.ends_with(r#""version":2}"#), "{json}");
    assert!(!keys.is_empty() && !json.contains(": ") && !json.contains(", "));
}

#[test]
fn a_file_cut_anywhere_is_told_from_a_whole_one() {
    let bytes = example().to_bytes();
    for length in 0..bytes.len() {
        let error = read(&bytes[..length]).expect_err("a part is no checkpoint");
        assert!(matches!(error, Error::Broken { .. }), "{length} bytes: {error}");
        assert!(error.to_string().contains("cut short"));
    }
}

#[test]
fn no_altered_byte_is_taken_for_what_was_written() {
    let (whole, bytes) = (example(), example().to_bytes());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            // A space that fills up the head may become another.
            let same = read(&damaged).is_ok_and(|read| read.tensors == whole.tensors && read.to_bytes() == bytes);
            assert!(read(&damaged).is_err() || same, "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn every_flipped_bit_of_the_data_is_seen() {
    let bytes = example().to_bytes();
    for at in bytes.len() - 44..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(matches!(read(&damaged), Err(Error::Checksum { .. })), "byte {at}");
    }
}

#[test]
fn other_files_are_named_for_what_they_are() {
    assert!(matches!(read(&altered("steps\\\":12", "steps\\\":21")), Err(Error::Checksum { .. })));
    assert!(matches!(read(&altered("b.weight", "c.weight")), Err(Error::Checksum { .. })));
    assert!(matches!(read(&altered("\"sumi\"", "\"pony\"")), Err(Error::Foreign { .. })));
    let future = read(&altered("version\\\":2", "version\\\":7")).expect_err("a version of the future");
    assert!(matches!(future, Error::Version { found: 7, .. }));
    let other = safetensors::serialize::<&str, TensorView<'_>, _>([], None).expect("no tensors fit");
    assert!(matches!(read(&other), Err(Error::Foreign { .. })));
}

#[test]
fn numbers_that_are_none_are_found() {
    let mut checkpoint = example();
    assert_eq!(checkpoint.not_finite(), None);
    checkpoint.tensors.get_mut("b.weight").expect("it is there").elements[3] = f32::NAN;
    assert_eq!(checkpoint.not_finite(), Some("b.weight"));
}

#[test]
fn a_file_is_replaced_in_one_move() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("checkpoint.safetensors");
    replace(&path, b"one").expect("the folder can be written");
    replace(&path, b"two").expect("the folder can be written");
    fs::write(folder.path().join(".unfinished-x.tmp"), b"half").expect("the folder can be written");
    remove_unfinished(folder.path()).expect("the folder can be read");
    let names: Vec<_> = fs::read_dir(folder.path()).expect("it is there").map(|e| e.expect("a name").path()).collect();
    assert_eq!(names, std::slice::from_ref(&path));
    assert_eq!(fs::read(path).expect("it is there"), b"two");
}
