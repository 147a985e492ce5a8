//! Every kind of file that PyTorch and safetensors write.

use super::{array, formula, path, read, read_bytes};
use sumi::weights::{Array, Kind, StateDict};

fn numbers(dict: &StateDict, name: &str) -> Vec<f32> {
    dict.tensors.get(name).unwrap_or_else(|| panic!("no {name}")).values.clone()
}

#[test]
fn both_formats_in_every_protocol() {
    let names = ["zip.pth", "legacy.pth", "protocol_4.pth", "protocol_1_legacy.pth", "big_endian.pth"];
    for name in names {
        let dict = read(name);
        let kind = if name.contains("legacy") { Kind::TorchLegacy } else { Kind::Torch };
        assert_eq!(dict.kind, kind, "{name}");
        assert_eq!((dict.part.as_deref(), dict.prefix.as_str()), (None, ""), "{name}");
        assert_eq!(dict.tensors["conv.weight"], array(&[5, 3, 2, 4]), "{name}");
        assert_eq!(dict.tensors["conv.bias"], array(&[5]), "{name}");
        let seen = Array { shape: vec![], values: vec![7.0] };
        assert_eq!(dict.tensors["norm.num_batches_tracked"], seen, "{name}");
        assert_eq!(dict.tensors.len(), 3, "{name}");
    }
    assert_eq!(read("legacy.pth").describe(), "a PyTorch file from before 1.6, 3 tensors with 126 numbers");
}

#[test]
fn every_type_of_element() {
    for name in ["types.pth", "types_legacy.pth"] {
        let dict = read(name);
        assert_eq!(dict.tensors.len(), if name == "types.pth" { 13 } else { 10 });
        for (dtype, array) in &dict.tensors {
            let expected: Vec<f32> = match dtype.as_str() {
                "bool" => (0..7).map(|i| f32::from(u8::from(i != 0))).collect(),
                dtype if dtype.contains("int") => (0..7).map(|i| i as f32).collect(),
                _ => (0..7).map(formula).collect(),
            };
            assert_eq!(array.values, expected, "{name}: {dtype}");
        }
    }
}

#[test]
fn tensors_that_lie_scattered() {
    for name in ["strided.pth", "strided_legacy.pth"] {
        let dict = read(name);
        let shape = |of: &str| dict.tensors[of].shape.clone();
        let transposed: Vec<_> = (0..4).flat_map(|i| (0..3).map(move |j| formula(j * 4 + i))).collect();
        assert_eq!((shape("transposed"), numbers(&dict, "transposed")), (vec![4, 3], transposed), "{name}");
        let permuted = (0..4).flat_map(|k| (0..6).map(move |ij| formula(ij * 4 + k))).collect();
        assert_eq!((shape("permuted"), numbers(&dict, "permuted")), (vec![4, 2, 3], permuted), "{name}");
        assert_eq!(numbers(&dict, "every_other"), [0, 2, 4, 6, 8].map(formula), "{name}");
        assert_eq!(numbers(&dict, "expanded"), [0, 1].map(formula).repeat(6), "{name}");
        assert_eq!(numbers(&dict, "inner"), [5, 6, 9, 10].map(formula), "{name}");
        assert_eq!((shape("empty"), numbers(&dict, "empty")), (vec![0, 3], vec![]), "{name}");
        assert_eq!((shape("scalar"), numbers(&dict, "scalar")), (vec![], vec![0.5]), "{name}");
    }
}

#[test]
fn tensors_that_share_their_memory() {
    for name in ["shared.pth", "shared_legacy.pth"] {
        let dict = read(name);
        assert_eq!(dict.tensors["a"], array(&[6]), "{name}");
        assert_eq!(dict.tensors["b"], array(&[6]), "{name}");
        assert_eq!(numbers(&dict, "tail"), [3, 4, 5].map(formula), "{name}");
    }
}

#[test]
fn the_network_that_draws_is_found_in_a_training_state() {
    let dict = read("nested.pth");
    assert_eq!(dict.part.as_deref(), Some("g_ema"), "averaged weights come before those of the last step");
    assert_eq!(dict.tensors["weight"], array(&[2, 3]));
    assert_eq!(dict.describe(), "a PyTorch file, 1 tensors with 6 numbers, taken from its 'g_ema'");
}

#[test]
fn what_a_wrapper_put_before_the_names_is_taken_off() {
    let dict = read("module.pth");
    assert_eq!(dict.prefix, "module.");
    assert_eq!(dict.tensors.keys().collect::<Vec<_>>(), ["bias", "weight"]);
    assert_eq!(dict.tensors["weight"], array(&[2, 3]), "a Parameter is a tensor");
}

#[test]
fn the_content_decides_and_not_the_name() {
    let dict = read("safetensors.pth");
    assert_eq!(dict.kind, Kind::Safetensors);
    assert_eq!(dict.tensors["half.weight"], array(&[3, 2]));
    assert_eq!(numbers(&dict, "count"), [7.0]);

    let zip = std::fs::read(path("zip.pth")).expect("the file is there");
    assert_eq!(read_bytes(&zip).expect("it is whole").kind, Kind::Torch);
}

#[test]
fn every_kind_of_float16() {
    let header = br#"{"h":{"dtype":"F16","shape":[8],"data_offsets":[0,16]}}"#;
    let bits = [0x0000_u16, 0x8000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0xfc00, 0x7e00];
    let data: Vec<u8> = bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let dict = read_bytes(&[&(header.len() as u64).to_le_bytes()[..], header, &data].concat()).expect("it is whole");
    let found = numbers(&dict, "h");
    let smallest = 2.0_f32.powi(-24);
    let expected = [0.0, -0.0, smallest, -1023.0 * smallest, 2.0_f32.powi(-14), 65504.0, f32::NEG_INFINITY];
    assert_eq!(found[..7], expected);
    assert!(found[1].is_sign_negative() && found[7].is_nan());
}
