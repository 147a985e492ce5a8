//! Weights of others, in and out: one reader for safetensors and for PyTorch's own files, and one writer that PyTorch
//! reads back. Nothing in a file is ever run, and no file, however broken, takes more memory than a few times its size.
//!
//! | file | what |
//! |---|---|
//! | `read.rs` | tells the kind of a file by its content |
//! | `torch.rs`, `torch/` | PyTorch's containers: zip archives, and the stream of before 1.6 |
//! | `pickle.rs`, `pickle/` | the language in which they name and nest their tensors |
//! | `numbers.rs` | elements of every type as f32, strided or not |
//! | `dictionary.rs` | the state dict among what else a file holds |
//! | `layout.rs` | from PyTorch's layouts to ours and back |
//! | `recognise.rs` | which network it is, by names and shapes |
//! | `load.rs`, `write.rs` | into a module, all or nothing; out of a module, into a file |
//! | `replace.rs` | a file in the place of another in one move |

mod dictionary;
mod error;
pub mod layout;
mod load;
mod numbers;
mod pickle;
mod read;
pub mod recognise;
pub mod replace;
mod state;
mod torch;
mod write;

pub use self::{
    error::Error,
    load::load_into,
    read::read,
    recognise::{Architecture, recognise},
    state::{Array, Kind, StateDict},
    write::write_safetensors,
};
