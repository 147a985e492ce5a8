//! What `torch.save` writes, since 1.6 and before.

mod archive;
pub(super) mod legacy;
pub(super) mod zip;

use std::collections::BTreeMap;

use super::{
    dictionary,
    error::Problem,
    numbers::Layout,
    pickle::{Pickle, Tensor},
    state::Array,
};

/// The tensors of a file, and where in it they were found.
pub(super) struct Contents {
    /// The keys that lead to them; empty at the top.
    pub path: String,
    pub tensors: BTreeMap<String, Array>,
}

/// The bytes of a storage, if there is one of the name.
type Stored<'a> = Result<Option<&'a [u8]>, Problem>;

/// Takes the state dict out of a pickle, with its numbers. `storage` gives the bytes of the storage of a name, if there
/// is one; `file_len` is the file's number of bytes.
fn contents<'a>(
    pickle: &Pickle<'_>,
    storage: &dyn Fn(&str) -> Stored<'a>,
    big_endian: bool,
    file_len: usize,
) -> Result<Contents, Problem> {
    let found = dictionary::find(pickle)?;
    let len = |tensor: &Tensor| Layout { offset: 0, shape: &tensor.shape, stride: &tensor.stride }.len();
    let total = found.tensors.values().try_fold(0_usize, |sum, tensor| sum.checked_add(len(tensor)?));
    // An element has a byte or more, unless tensors overlap.
    if total.is_none_or(|total| total > file_len) {
        return Err(Problem::broken("its tensors have more numbers than the file has bytes"));
    }
    let mut by_storage = BTreeMap::<&str, Vec<(&str, &Tensor)>>::new();
    for (name, tensor) in found.tensors {
        let key = pickle.text(tensor.key).ok_or_else(|| Problem::broken("a storage has no name"))?;
        by_storage.entry(key).or_default().push((name, tensor));
    }
    let (mut tensors, mut read) = (BTreeMap::new(), 0_usize);
    for (key, named) in by_storage {
        let bytes = storage(key)?.ok_or_else(|| Problem::broken(format!("the storage '{key}' is missing")))?;
        read = read.saturating_add(bytes.len());
        if read > file_len {
            return Err(Problem::broken("its storages have more bytes than the file"));
        }
        for (name, tensor) in named {
            let layout = Layout { offset: tensor.offset, shape: &tensor.shape, stride: &tensor.stride };
            let values = layout.gather(bytes, tensor.element, big_endian)?;
            tensors.insert(name.to_owned(), Array { shape: tensor.shape.clone(), values });
        }
    }
    Ok(Contents { path: found.path, tensors })
}
