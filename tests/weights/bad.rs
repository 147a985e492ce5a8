//! Files that are no weights, or no longer, or not to be trusted.

use proptest::prelude::*;

use super::{path, read_bytes};
use sumi::weights::{self, Error};

/// The error of a file that the script made.
fn refused(name: &str) -> String {
    weights::read(&path(name)).err().unwrap_or_else(|| panic!("{name} was read")).to_string()
}

/// The error of a file of these bytes, without its path.
fn refusal(bytes: &[u8]) -> String {
    match read_bytes(bytes) {
        Ok(dict) => panic!("it was read as {}", dict.describe()),
        Err(Error::Foreign { reason, .. } | Error::Broken { reason, .. }) => reason,
        Err(Error::Forbidden { wanted, .. }) => wanted,
        Err(other) => panic!("it is refused for another reason: {other}"),
    }
}

fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_program_in_a_pickle_is_never_run() {
    for name in ["system.pth", "system_legacy.pth"] {
        let sentence = refused(name);
        assert!(sentence.contains("asks for os.system; nothing in a weights file is ever run"), "{sentence}");
    }
    assert!(refused("whole_model.pth").contains("save model.state_dict()"));
    // By itself, in the newest protocol, and made as an instance.
    assert_eq!(refusal(b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02ls\x85R."), "os.system");
    assert_eq!(refusal(&legacy(b"(X\x02\0\0\0lsios\nsystem\n.")), "os.system");
    assert_eq!(refusal(&legacy(b"cbuiltins\neval\nX\x01\0\0\x001\x85R.")), "builtins.eval");
}

#[test]
fn other_files_are_called_what_they_are() {
    let page = b"<!DOCTYPE html><html><body>Sign in</body></html>";
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 44\n";
    let files: [(&[u8], &str); 9] = [
        (b"", "empty"),
        (b"these are no weights, but a few words", "a text"),
        (b"{\"a\": 1, \"b\": {}}", "a text"),
        ("ein Text über Gewichte".as_bytes(), "a text"),
        (page, "a web page"),
        (pointer, "git lfs pull"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x80\x04K\x01.", "none that torch.save writes"),
        (&[7; 300], "neither safetensors nor"),
    ];
    for (bytes, words) in files {
        let reason = refusal(bytes);
        assert!(reason.contains(words), "{reason} has no '{words}'");
    }
    assert!(refused("several.pth").contains("'left', 'right'"));
    let missing = weights::read(&path("not_there.pth")).map(|_| ()).expect_err("there is no such file");
    assert!(matches!(missing, Error::Missing { .. }), "{missing}");
}

#[test]
fn a_file_cut_anywhere_is_told_from_a_whole_one() {
    for name in ["zip.pth", "legacy.pth", "strided_legacy.pth", "safetensors.pth", "network.safetensors"] {
        let whole = bytes_of(name);
        assert!(read_bytes(&whole).is_ok(), "{name}");
        for len in 0..whole.len() {
            assert!(read_bytes(&whole[..len]).is_err(), "{name}: {len} bytes of {} were read", whole.len());
        }
    }
}

#[test]
fn bytes_behind_the_end_are_noticed() {
    for name in ["legacy.pth", "safetensors.pth"] {
        let longer = [&bytes_of(name)[..], &[0; 3]].concat();
        assert!(read_bytes(&longer).is_err(), "{name}");
    }
}

#[test]
fn a_lying_safetensors_header() {
    let whole = bytes_of("safetensors.pth");
    let header = usize::try_from(u64::from_le_bytes(whole[..8].try_into().expect("eight bytes"))).expect("it is small");
    let with_length = |len: u64| [&len.to_le_bytes()[..], &whole[8..]].concat();
    for len in [0, 1, 7, header as u64 - 1, header as u64 + 1, 1 << 40, u64::MAX] {
        assert!(!refusal(&with_length(len)).is_empty());
    }
    let text = std::str::from_utf8(&whole[8..8 + header]).expect("it is JSON");
    for (from, to) in [("[3,2]", "[9,2]"), ("[3,2]", "[4294967296,4294967296]"), ("[0,8]", "[0,9]"), ("F16", "F99")] {
        assert!(text.contains(from), "{text}");
        let lie = text.replacen(from, to, 1);
        let bytes = [&(lie.len() as u64).to_le_bytes()[..], lie.as_bytes(), &whole[8 + header..]].concat();
        assert!(!refusal(&bytes).is_empty(), "{lie}");
    }
}

/// The file that holds this pickle, and behind it what is given.
fn with(pickle: &[u8], storages: &[u8]) -> Vec<u8> {
    let head = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    [head, &b"\x80\x02"[..], pickle, storages].concat()
}

/// The file that holds this pickle, which refers to no storage.
fn bare(pickle: &[u8]) -> Vec<u8> {
    with(pickle, b"\x80\x02].")
}

/// The file that holds this pickle and one storage 'a' of three numbers.
fn legacy(pickle: &[u8]) -> Vec<u8> {
    with(pickle, &[&b"\x80\x02]X\x01\0\0\0aa."[..], &3_u64.to_le_bytes(), &[0; 12]].concat())
}

fn int(number: i64) -> Vec<u8> {
    [&b"\x8a\x08"[..], &number.to_le_bytes()].concat()
}

/// A state dict of one tensor in that storage.
fn one_tensor(offset: i64, shape: &[i64], stride: &[i64]) -> Vec<u8> {
    let tuple = |numbers: &[i64]| [b"(", &numbers.iter().flat_map(|n| int(*n)).collect::<Vec<_>>()[..], b"t"].concat();
    let storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0aX\x03\0\0\0cpuK\x03NtQ";
    let call = b"}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(";
    let end = b"\x89ccollections\nOrderedDict\n)RtRs.";
    legacy(&[&call[..], storage, &int(offset), &tuple(shape), &tuple(stride), end].concat())
}

#[test]
fn tensors_stay_inside_their_storage() {
    let whole = read_bytes(&one_tensor(1, &[2], &[1])).expect("two numbers from the second on are there");
    assert_eq!(whole.tensors["w"].values, [0.0, 0.0]);
    assert!(read_bytes(&one_tensor(0, &[3, 1], &[1, i64::MAX])).is_ok(), "a stride along one element moves nothing");
    assert!(read_bytes(&one_tensor(9, &[0, i64::MAX], &[1, 1])).is_ok(), "no element lies nowhere");
    let outside = "outside the 3 numbers";
    let many = "more numbers than the file has bytes";
    let wrong = "other arguments than it must have";
    let lies: [(i64, &[i64], &[i64], &str); 11] = [
        (0, &[4], &[1], outside),
        (3, &[], &[], outside),
        (i64::MAX, &[1], &[1], outside),
        (0, &[2, 2], &[1, 2], outside),
        (0, &[2], &[i64::MAX], outside),
        (0, &[1 << 40], &[0], many),
        (0, &[1 << 40, 1 << 40], &[1, 1], many),
        (-1, &[1], &[1], wrong),
        (0, &[-1], &[1], wrong),
        (2, &[2], &[-1], wrong),
        (0, &[1, 1], &[1], wrong),
    ];
    for (offset, shape, stride, words) in lies {
        let reason = refusal(&one_tensor(offset, shape, stride));
        assert!(reason.contains(words), "{shape:?} from {offset} by {stride:?}: {reason}");
    }
}

#[test]
fn lying_lengths_allocate_nothing() {
    let lies: [&[u8]; 8] = [
        b"X\xff\xff\xff\xff.",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"\x8b\xff\xff\xff\xff.",
        b"\x8a\xff.",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"j\xff\xff\xff\xff.",
        b"Vno end of the line",
        b"K\x01\x87.",
    ];
    for lie in lies {
        assert!(!refusal(&legacy(lie)).is_empty());
    }
    let mut counted = bytes_of("legacy.pth");
    let names = counted
        .windows(3)
        .rposition(|window| window == b"\x05e.")
        .or_else(|| counted.windows(2).rposition(|window| window == b"e.").map(|at| at - 1));
    let count = names.expect("the list of names ends") + 3;
    counted[count..count + 8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refusal(&counted).contains("cut off in the storage"));
}

#[test]
fn small_pickles_stay_small() {
    // Lists in lists, deeper than any stack.
    let deep = [vec![b']'; 400_000], vec![b'a'; 399_999], b".".to_vec()].concat();
    assert!(refusal(&bare(&deep)).contains("no dictionary of tensors"));
    // More objects than weights have.
    assert!(refusal(&bare(&vec![b'N'; 2_000_000])).contains("objects"));
    // Each list holds the one before twice: 2^60 at the end, if one followed them all.
    let doubling = [&b"]"[..], &b"q\0]h\0ah\0a".repeat(60), b"."].concat();
    assert!(refusal(&bare(&doubling)).contains("no dictionary of tensors"));
    // A dictionary that holds itself, and a thousand copies of a long one.
    assert!(refusal(&bare(b"}q\0X\x01\0\0\0ah\0s.")).contains("no dictionary of tensors"));
    let pairs = [&b"]("[..], &b"K\x01K\x02\x86".repeat(20_000), b"eq\0"].concat();
    let copies = b"ccollections\nOrderedDict\nh\0\x85R0".repeat(1000);
    assert!(refusal(&bare(&[&pairs[..], &copies, b"."].concat())).contains("objects"));
}

#[test]
fn what_pickles_may_not_do() {
    for (pickle, words) in [
        (&b"."[..], "takes more than it has made"),
        (b"t.", "did not begin"),
        (b"(0.", "takes more than it has made"),
        (b"K\x01K\x02a.", "no list"),
        (b"K\x01K\x02K\x03s.", "no dictionary"),
        (b"}(K\x01u.", "has no value"),
        (b"K\x01)R.", "no function"),
        (b"\xfe.", "is unknown"),
        (b"\x80\x09.", "protocol 9"),
        (b"h\x07.", "nothing at 7"),
        (b"K\x01Q.", "something else than a storage"),
        (b"ctorch\nFloatStorage\n)R.", "a storage made by a call"),
        (b"K\x01.", "no dictionary of tensors"),
    ] {
        let found = read_bytes(&bare(pickle)).map(|dict| dict.describe());
        let sentence = found.expect_err("it is no state dict").to_string();
        assert!(sentence.contains(words), "{pickle:?}: {sentence}");
    }
}

const OPCODES: &[u8] = b"().012NKJMabdehlpqstu]}RQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94\0\x01";

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    // Some are read all the same: a number of a tensor is a number whatever its bits.
    #[test]
    fn a_changed_byte_never_panics(file in 0_usize..6, place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let names = ["zip.pth", "legacy.pth", "types.pth", "nested.pth", "strided_legacy.pth", "safetensors.pth"];
        let mut bytes = bytes_of(names[file]);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(dict) = read_bytes(&bytes) {
            let numbers: usize = dict.tensors.values().map(|array| array.values.len()).sum();
            prop_assert!(numbers <= bytes.len());
        }
    }

    #[test]
    fn any_pickle_ends(pickle in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_bytes(&legacy(&pickle));
    }

    // Opcodes alone, so that more of them come to something.
    #[test]
    fn any_row_of_opcodes_ends(pickle in prop::collection::vec(prop::sample::select(OPCODES.to_vec()), 0..100)) {
        let _ = read_bytes(&legacy(&pickle));
    }
}
