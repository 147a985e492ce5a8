//! PyTorch's files of before 1.6: five pickles in a row (a magic number, the protocol, the system that wrote it, the
//! object, the names of its storages), then each storage in the order of these names: its number of elements in 64
//! bits, and the elements.

use std::collections::HashMap;

use super::{Contents, contents};
use crate::weights::{
    error::Problem,
    numbers::Element,
    pickle::{Object, Pickle},
};

/// The first pickle.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
/// The second.
const PROTOCOL: i128 = 1001;

/// Whether a pickle is the one that such files begin with.
pub(in crate::weights) fn is_magic(pickle: &Pickle<'_>) -> bool {
    is_number(pickle, MAGIC)
}

/// Reads the state dict of a file.
pub(in crate::weights) fn read(bytes: &[u8]) -> Result<Contents, Problem> {
    let mut rest = bytes;
    let mut next = || {
        let (pickle, len) = Pickle::read(rest)?;
        rest = &rest[len..];
        Ok(pickle)
    };
    let (magic, protocol, system, pickle, keys) = (next()?, next()?, next()?, next()?, next()?);
    if !is_number(&magic, MAGIC) || !is_number(&protocol, PROTOCOL) {
        return Err(Problem::broken("its protocol is not PyTorch's 1001"));
    }
    let big_endian = is_big_endian(&system);
    let storages = storages(&pickle, &keys, rest, big_endian)?;
    contents(&pickle, &|key| Ok(storages.get(key).copied()), big_endian, bytes.len())
}

fn is_number(pickle: &Pickle<'_>, number: i128) -> bool {
    matches!(pickle.object(pickle.root), Object::Int(found) if *found == number)
}

fn is_big_endian(system: &Pickle<'_>) -> bool {
    let Object::Dictionary(entries) = system.object(system.root) else { return false };
    let says_so =
        |key, value| system.text(key) == Some("little_endian") && matches!(system.object(value), Object::Bool(false));
    entries.iter().any(|(key, value)| says_so(*key, *value))
}

/// The storages behind the pickles, each under its name.
fn storages<'a>(
    pickle: &Pickle<'_>,
    keys: &Pickle<'_>,
    mut rest: &'a [u8],
    big_endian: bool,
) -> Result<HashMap<String, &'a [u8]>, Problem> {
    let elements = elements(pickle)?;
    let Object::Sequence(names) = keys.object(keys.root) else {
        return Err(Problem::broken("the names of its storages are no list"));
    };
    let mut storages = HashMap::new();
    for name in names {
        let name = keys.text(*name).unwrap_or_default();
        let element =
            elements.get(name).ok_or_else(|| Problem::broken(format!("the storage '{name}' belongs to no tensor")))?;
        let cut = || Problem::broken(format!("it is cut off in the storage '{name}'"));
        let (count, after) = rest.split_first_chunk().ok_or_else(cut)?;
        let count = if big_endian { u64::from_be_bytes(*count) } else { u64::from_le_bytes(*count) };
        let len = usize::try_from(count).ok().and_then(|count| count.checked_mul(element.size())).ok_or_else(cut)?;
        let (storage, after) = after.split_at_checked(len).ok_or_else(cut)?;
        storages.insert(name.to_owned(), storage);
        rest = after;
    }
    if rest.is_empty() {
        Ok(storages)
    } else {
        Err(Problem::broken(format!("{} bytes follow behind its last storage", rest.len())))
    }
}

/// The type of each storage's elements, which only the tensors say.
fn elements<'p>(pickle: &'p Pickle<'_>) -> Result<HashMap<&'p str, Element>, Problem> {
    let mut elements = HashMap::new();
    for object in &pickle.objects {
        let Object::Storage(storage) = object else { continue };
        let (Some(key), Some(element)) = (pickle.text(storage.key), storage.element) else { continue };
        if elements.insert(key, element).is_some_and(|before| before != element) {
            return Err(Problem::broken(format!("the storage '{key}' is of two types")));
        }
    }
    Ok(elements)
}
