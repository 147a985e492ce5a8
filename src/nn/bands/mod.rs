//! A picture through a network in bands of rows, for pictures that the device would not hold whole.
//!
//! Nothing is computed before it is asked for, and then only the rows that are asked for: a node of the network knows
//! which input rows its rows are made of, and asks for those. So a band of the output draws its way through all layers
//! up to the next activation that lies in host memory. Two kinds of activations do:
//!
//! - What goes into a normalisation. Its mean and variance are those of the whole picture, so all of it is computed,
//!   band by band, before any of it is normalised. The bands' statistics are merged in f64 (Chan, Golub and LeVeque,
//!   1979), and the result is the one of the whole picture: no seam can show.
//! - What goes past a shortcut, and is more than something kept, normalised and activated. It is made once, while the
//!   layers beside the shortcut ask for it, and read again where the shortcut ends.
//!
//! What is kept is a list of bands, each of which is given back as soon as no row to come needs it. Where a band needs
//! rows that the band before has needed too (a convolution's neighbours), they are computed again.
//!
//! | file | what |
//! |---|---|
//! | `walk.rs` | the walk itself, which knows neither values nor device |
//! | `store.rs` | bands in host memory |
//! | `machine.rs` | what the walk asks of a device, and the device |
//! | `moments.rs` | means and variances, merged |
//! | `cost.rs` | the same walk with nothing but sizes: what it will take |

mod cost;
mod machine;
mod moments;
mod store;
mod walk;

use std::ops::Range;

pub use self::cost::{Cost, in_bands, whole};
use self::{
    machine::Real,
    store::{Store, Tally},
    walk::Walk,
};
use super::Layer;
use crate::{autograd::Tape, gpu::Error};

/// The output of a network for one picture, band by band from the top.
///
/// `picture` are the values `[height, width, channels]` of `size`; bands have `rows` rows of the picture, and in layers
/// of another height as many as correspond, at least one. `each` is given every output row once, in order: which rows,
/// and their values `[rows, width, channels]`. `progress` is called after each band of each pass, [`Cost::bands`]
/// times.
///
/// # Errors
/// When the device failed.
///
/// # Panics
/// When the layers do not fit the picture, or `rows` is 0.
pub fn forward(
    tape: &Tape,
    layers: &[Layer<'_>],
    picture: Vec<f32>,
    size: [usize; 3],
    rows: usize,
    each: &mut dyn FnMut(Range<usize>, Vec<f32>),
    progress: &dyn Fn(),
) -> Result<(), Error> {
    assert_eq!(picture.len(), size.iter().product::<usize>(), "bands: the picture is not of {size:?}");
    let tally = Tally::default();
    let mut source = Store::new(size, tally);
    source.push(0..size[0], picture);
    tape.no_grad(|| Walk::new(&Real { tape }, rows, size[0], progress).forward(layers, source, each))
}
