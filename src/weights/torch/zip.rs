//! PyTorch's files since 1.6: a zip archive of stored entries. `<name>/data.pkl` is a pickle, `<name>/data/<key>` the
//! bytes of each storage, `<name>/byteorder` the order of the bytes in a number (little endian where it is missing).

use super::{Contents, archive::Archive, contents};
use crate::weights::{error::Problem, pickle::Pickle};

/// Reads the state dict of a file.
pub(in crate::weights) fn read(bytes: &[u8]) -> Result<Contents, Problem> {
    let archive = Archive::open(bytes)?;
    let pickles = archive.names().filter(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
    let Some(name) = pickles.min_by_key(|name| name.len()) else {
        return Err(Problem::Foreign(
            "it is a zip archive, but none that torch.save writes: it has no data.pkl".into(),
        ));
    };
    let folder = name.strip_suffix("data.pkl").unwrap_or_default();
    let entry = |name: &str| archive.entry(&format!("{folder}{name}"));
    if entry("constants.pkl")?.is_some() {
        return Err(Problem::Foreign("it is a program (TorchScript); save model.state_dict() in Python".into()));
    }
    let big_endian = match entry("byteorder")? {
        None | Some(b"little") => false,
        Some(b"big") => true,
        Some(_) => return Err(Problem::broken("its order of bytes is neither 'little' nor 'big'")),
    };
    let (pickle, _) = Pickle::read(entry("data.pkl")?.unwrap_or_default())?;
    let storage = |key: &str| entry(&format!("data/{key}"));
    contents(&pickle, &storage, big_endian, bytes.len())
}
