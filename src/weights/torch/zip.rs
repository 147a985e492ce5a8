//! PyTorch's files since 1.6: a zip archive of stored entries. `<name>/data.pkl` is a pickle, `<name>/data/<key>` the
//! bytes of each storage, `<name>/byteorder` the order of the bytes in a number (little endian where it is missing).

use std::{
    borrow::Cow,
    io::{Cursor, Read},
};

use ::zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::{Contents, Storages, contents};
use crate::weights::{error::Problem, pickle::Pickle};

struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// What the names of all entries begin with.
    folder: String,
    len: usize,
    big_endian: bool,
}

/// Reads the state dict of a file.
pub(in crate::weights) fn read(bytes: &[u8]) -> Result<Contents, Problem> {
    let zip = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let names = zip.file_names().filter_map(Result::ok);
    let pickles = names.filter(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
    let Some(name) = pickles.min_by_key(|name| name.len()).map(Cow::into_owned) else {
        return Err(Problem::Foreign(
            "it is a zip archive, but none that torch.save writes: it has no data.pkl".into(),
        ));
    };
    let folder = name.trim_end_matches("data.pkl").to_owned();
    let mut archive = Archive { zip, folder, len: bytes.len(), big_endian: false };
    if archive.entry("constants.pkl")?.is_some() {
        return Err(Problem::Foreign("it is a program (TorchScript); save model.state_dict() in Python".into()));
    }
    archive.big_endian = match archive.entry("byteorder")?.as_deref() {
        None | Some(b"little") => false,
        Some(b"big") => true,
        Some(_) => return Err(Problem::broken("its order of bytes is neither 'little' nor 'big'")),
    };
    let program = archive.entry("data.pkl")?.unwrap_or_default();
    let (pickle, _) = Pickle::read(&program)?;
    contents(&pickle, &mut archive, bytes.len())
}

impl Archive<'_> {
    /// The bytes of an entry, checked against its checksum; none if there is no such entry.
    fn entry(&mut self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        let entry = match self.zip.by_name(&format!("{}{name}", self.folder)) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(broken(error)),
        };
        if entry.compression() != CompressionMethod::Stored {
            return Err(Problem::broken(format!("'{name}' is compressed in it, as torch.save never does")));
        }
        let mut bytes = Vec::new();
        let read = entry.take(self.len as u64).read_to_end(&mut bytes);
        read.map_err(|error| Problem::broken(format!("'{name}' in it cannot be read ({error})")))?;
        Ok(Some(bytes))
    }
}

impl Storages for Archive<'_> {
    fn bytes(&mut self, key: &str) -> Result<Cow<'_, [u8]>, Problem> {
        let bytes = self.entry(&format!("data/{key}"))?;
        bytes.map(Cow::Owned).ok_or_else(|| Problem::broken(format!("the storage '{key}' is missing")))
    }

    fn big_endian(&self) -> bool {
        self.big_endian
    }
}

fn broken(error: ZipError) -> Problem {
    Problem::broken(format!("its zip archive is cut off or altered ({error})"))
}
