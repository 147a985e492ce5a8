//! Which kind of file it is, by its content; the name says nothing.

use std::{collections::BTreeMap, fs, io, path::Path};

use safetensors::{SafeTensorError, SafeTensors};

use super::{
    dictionary::strip,
    error::{Error, Problem},
    numbers::{Element, Layout, contiguous},
    pickle::Pickle,
    state::{Array, Kind, StateDict},
    torch::{Contents, legacy, zip},
};

/// The metadata key of our checkpoints (`train::checkpoint`).
const CHECKPOINT: &str = "sumi";

/// Reads the tensors of a file: safetensors, or what `torch.save` writes, since 1.6 or before, of a state dict or of a
/// dictionary that has one.
///
/// # Errors
/// See [`Error`]. Nothing in the file is ever run.
pub fn read(path: &Path) -> Result<StateDict, Error> {
    let bytes = fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error::Missing { path: path.into() },
        _ => Error::Unreadable { path: path.into(), source },
    })?;
    let (kind, contents) = from_bytes(&bytes).map_err(|problem| problem.of(path))?;
    let part = Some(contents.path).filter(|path| !path.is_empty());
    let mut dict = StateDict { path: path.to_owned(), kind, part, prefix: String::new(), tensors: contents.tensors };
    strip(&mut dict);
    Ok(dict)
}

fn from_bytes(bytes: &[u8]) -> Result<(Kind, Contents), Problem> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return zip::read(bytes).map(|contents| (Kind::Torch, contents));
    }
    // A length in 64 bits, then JSON.
    if bytes.get(8) == Some(&b'{') && !is_text(&bytes[..8]) {
        return safetensors(bytes);
    }
    // Pickles since protocol 2 begin with 0x80; the magic number in protocol 1 with its digits.
    if bytes.starts_with(&[0x80]) || bytes.starts_with(b"L119547037146038801333356L\n") {
        return match Pickle::read(bytes)? {
            (pickle, _) if legacy::is_magic(&pickle) => {
                legacy::read(bytes).map(|contents| (Kind::TorchLegacy, contents))
            }
            _ => Err(Problem::Foreign("it is a pickle, but none that torch.save writes".into())),
        };
    }
    Err(Problem::Foreign(what_it_is(bytes).into()))
}

/// What a file that holds no weights is, and what to do about it.
fn what_it_is(bytes: &[u8]) -> &'static str {
    let begins = |with: &[&[u8]]| with.iter().any(|start| bytes.starts_with(start));
    let tar = bytes.get(257..262) == Some(b"ustar");
    let start = &bytes[..bytes.len().min(4096)];
    if bytes.is_empty() {
        "it is empty"
    } else if begins(&[b"version https://git-lfs"]) {
        "it only points at the weights (Git LFS); fetch the file itself with git lfs pull"
    } else if begins(&[b"<!DOCTYPE", b"<!doctype", b"<html", b"<HTML"]) {
        "it is a web page, perhaps one that leads to the weights; download the file itself"
    } else if begins(&[b"\x89HDF"]) {
        "it is HDF5, as Keras writes; only safetensors and PyTorch's files are read"
    } else if begins(&[b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!"]) || tar {
        "it is an archive; unpack it and give the file of weights in it"
    } else if is_text(start) {
        "it is a text"
    } else {
        "it is neither safetensors nor what torch.save writes, or is cut off in its first bytes"
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let cut = |error: std::str::Utf8Error| error.error_len().is_none();
    let utf8 = std::str::from_utf8(bytes).map_or_else(cut, |_| true);
    utf8 && bytes.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace())
}

fn safetensors(bytes: &[u8]) -> Result<(Kind, Contents), Problem> {
    let broken = |error: SafeTensorError| Problem::broken(error.to_string());
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let file = SafeTensors::deserialize(bytes).map_err(broken)?;
    let ours = metadata.metadata().as_ref().and_then(|map| map.get(CHECKPOINT));
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let Some(element) = Element::of_safetensors(view.dtype()) else {
            let reason = format!("its tensor '{name}' has elements of type {:?}, which are not read", view.dtype());
            return Err(Problem::Foreign(reason));
        };
        let shape = view.shape().to_vec();
        let stride = contiguous(&shape);
        let values = Layout { offset: 0, shape: &shape, stride: &stride }.gather(view.data(), element, false)?;
        tensors.insert(name, Array { shape, values });
    }
    let kind = ours.map_or(Kind::Safetensors, |json| Kind::Checkpoint { recipe: recipe(json) });
    Ok((kind, Contents { path: String::new(), tensors }))
}

/// What a checkpoint says that it was trained by.
fn recipe(json: &str) -> String {
    let header = serde_json::from_str::<serde_json::Value>(json).unwrap_or_default();
    header.get("recipe").and_then(serde_json::Value::as_str).unwrap_or("of no known recipe").to_owned()
}
