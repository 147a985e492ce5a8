//! What can be done with the space that a trained generator draws from.
//!
//! A picture is a point in it: `nz` numbers of noise. [`way`] leads from point to point, [`invert`] finds the point
//! that draws a given picture, [`direction`] learns from labelled pictures where in the space an attribute changes, and
//! carries it from one point to another.

pub mod direction;
pub mod invert;
mod points;
pub mod way;

pub use self::points::{BATCH, Points};

use std::path::Path;

use super::{Error, noise::measure::config_of, pictures, run::Listener};
use crate::data::Pictures;

/// The pictures that a run learns from, with the class of each by `labels` (as `train --labels` takes them),
/// whether it was trained with labels or not.
///
/// # Errors
/// When there is no run, it does not draw from noise, or its pictures or their labels cannot be read.
pub fn labelled(run: &Path, labels: &str, column: Option<&str>, tell: &mut dyn Listener) -> Result<Pictures, Error> {
    let (mut config, size) = config_of(run)?;
    (config.source.labels, config.source.label_column) = (Some(labels.to_owned()), column.map(str::to_owned));
    Ok(pictures::read(&config, size, tell)?.pictures)
}
