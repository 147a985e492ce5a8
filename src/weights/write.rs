//! From a module into a file that PyTorch reads.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use safetensors::{Dtype, tensor::TensorView};

use super::{
    error::Error,
    layout::{to_torch, torch_shape},
    replace::replace,
};
use crate::{nn::Module, tensor::Tensor};

/// Writes parameters and buffers of a module as safetensors with PyTorch's names and layouts, so that
/// `model.load_state_dict(safetensors.torch.load_file(path))` takes them. `rename` is given a name of the module and
/// says what PyTorch's model calls that tensor. Submits and waits for the values.
///
/// # Errors
/// When the device failed, or the file cannot be written; then a file that was there before stays.
pub fn write_safetensors(path: &Path, module: &dyn Module, rename: &dyn Fn(&str) -> String) -> Result<(), Error> {
    let parameters = module.parameters().into_iter().map(|(name, p)| (name, p.var().value().clone()));
    let state: Vec<(String, Tensor)> = parameters.chain(module.buffers()).collect();
    let reads: Vec<_> = state.iter().map(|(name, tensor)| (rename(name), tensor.shape(), tensor.read())).collect();
    if let Some((_, tensor)) = state.first() {
        tensor.gpu().submit()?;
    }
    let mut tensors = BTreeMap::new();
    for (name, shape, read) in reads {
        let bytes: Vec<u8> = to_torch(shape.dims(), &read.wait()?).into_iter().flat_map(f32::to_le_bytes).collect();
        tensors.insert(name, (torch_shape(shape.dims()), bytes));
    }
    let views = tensors.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name, view.expect("a tensor has as many elements as its shape says"))
    });
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let file = safetensors::serialize(views, Some(metadata)).expect("names and shapes fit the header");
    replace(path, &file).map_err(|source| Error::Unwritable { path: path.to_owned(), source })
}
