//! Pictures: folders of them, built-in drawn portraits, and batches.
//!
//! [`Pictures`] is a whole set in memory: one size, plain bytes, labels where there are any.
//! [`Pictures::open_folder`] reads one from any folder (`folder` finds the files, `decode` and `jpeg` make RGB of
//! them, `resize` brings them to one size). [`Loader`] hands out shuffled batches that are ready before they are asked
//! for. [`portraits`] draws pictures where there is no folder, [`Pictures::portraits`] makes a set of them.

mod builtin;
mod decode;
mod error;
mod folder;
mod jpeg;
mod loader;
mod pictures;
pub mod portraits;
mod quiet;
mod resize;

pub use error::DataError;
pub use folder::Report;
pub use loader::{Batch, Loader, LoaderConfig};
pub use pictures::{Attribute, Labels, Pictures};
pub use resize::Fit;
