//! Pictures: folders of them, built-in drawn portraits, and batches.
//!
//! [`Pictures`] is a whole set in memory: one size, plain bytes, labels where there are any.
//! [`Pictures::open_folder`] reads one from any folder (`folder` finds the files, `decode` and `jpeg` make RGB of them,
//! `resize` brings them to one size, `labels` tells their classes). [`Loader`] hands out shuffled batches that are
//! ready before they are asked for.
//! [`portraits`] draws pictures where there is no folder, [`Pictures::portraits`] makes a set of them.
//!
//! For translation from one kind of picture to another: [`Domains`] are the two sets, [`smooth_edges`] makes the
//! drawings that a discriminator learns to refuse (`canny` finds their edges), [`open_picture`] reads a single picture
//! of any size (`transparency` keeps its opacity apart), and [`compare`] measures how near one picture comes to
//! another.

mod builtin;
mod canny;
pub mod compare;
mod decode;
mod domains;
mod error;
mod folder;
mod jpeg;
mod labels;
mod loader;
mod open;
mod pictures;
pub mod portraits;
mod quiet;
mod resize;
mod smooth;
mod transparency;

pub use domains::{Domains, Preprocess};
pub use error::DataError;
pub use folder::{Report, count_pictures};
pub use labels::{LabelError, Labelling, Table};
pub use loader::{Batch, Loader, LoaderConfig, WAITING};
pub use open::{OpenedPicture, list_pictures, open_picture, picture_size};
pub use pictures::{Attribute, Labels, Pictures};
pub use resize::Fit;
pub use smooth::smooth_edges;
