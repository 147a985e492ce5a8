//! Files of weights: what `tests/golden/make_weights.py` saved with PyTorch is read to the last number, a module is
//! loaded and written, networks are recognised, and what is no file of weights ends in a sentence.

mod bad;
mod files;
mod modules;
mod networks;

use std::{collections::BTreeMap, path::PathBuf};

use sumi::weights::{self, Array, Error, Kind, StateDict};

/// A file that the script made.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/weights").join(name)
}

fn read(name: &str) -> StateDict {
    weights::read(&path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What reading bytes gives, under a name that says nothing.
fn read_bytes(bytes: &[u8]) -> Result<StateDict, Error> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("weights");
    std::fs::write(&path, bytes).expect("the folder can be written");
    weights::read(&path)
}

/// The script's element `i` of floating tensors.
fn formula(i: usize) -> f32 {
    ((i % 97) as f32 - 48.0) / 32.0
}

/// The script's tensor of this shape.
fn array(shape: &[usize]) -> Array {
    Array { shape: shape.to_vec(), values: (0..shape.iter().product()).map(formula).collect() }
}

/// A state dict that was never in a file.
fn dict(tensors: impl IntoIterator<Item = (String, Array)>) -> StateDict {
    let tensors = tensors.into_iter().collect::<BTreeMap<_, _>>();
    StateDict { path: "weights.pth".into(), kind: Kind::Torch, part: None, prefix: String::new(), tensors }
}
