//! What a network does to the rows of a picture, for whoever computes one in bands: see [`super::bands`].

use std::ops::Range;

use super::{Module, Parameter};
use crate::{
    autograd::Var,
    ops::resample::{Taps, resample2d},
};

/// A layer, by what a row of its output depends on.
pub enum Layer<'a> {
    /// A few rows of the input.
    Rows(&'a dyn Rowwise),
    /// The same pixel of the input.
    Pointwise(&'a dyn Module),
    /// The same pixel, and the mean and the variance of all.
    Norm(Norm<'a>),
    /// The same pixel, and what the layers make of it, added.
    Residual(Vec<Layer<'a>>),
}

/// A normalisation of each sample's groups of channels over its pixels.
#[derive(Clone, Copy)]
pub struct Norm<'a> {
    /// How many groups; as many as channels where it is `None`.
    pub groups: Option<usize>,
    /// Scale and shift of each channel.
    pub affine: Option<[&'a Parameter; 2]>,
    /// Added to the variance.
    pub eps: f32,
}

/// A layer each of whose output rows is made of a few input rows.
pub trait Rowwise {
    /// What it does to a picture of `[height, width, channels]`.
    ///
    /// # Panics
    /// When the layer is not for such pictures.
    fn rows(&self, input: [usize; 3]) -> Box<dyn RowMap + '_>;
}

/// A [`Rowwise`] layer on pictures of one size.
pub trait RowMap {
    /// `[height, width, channels]` of what it makes.
    fn output(&self) -> [usize; 3];

    /// The input rows that output rows are made of, with those between them.
    fn inputs_of(&self, rows: Range<usize>) -> Range<usize>;

    /// The output rows `rows`, `[1, rows, w_out, c_out]`, from the input rows `held`, `x [1, held, w_in, c_in]`.
    ///
    /// # Panics
    /// When others than [`RowMap::inputs_of`] are held.
    fn band(&self, x: &Var, held: Range<usize>, rows: Range<usize>) -> Var;

    /// Floating-point operations for an output row.
    fn flops_of_row(&self) -> f64;
}

/// Two sparse maps, along the rows and along the columns.
pub(super) struct Resampled {
    pub down: Taps,
    pub across: Taps,
    pub channels: usize,
}

impl RowMap for Resampled {
    fn output(&self) -> [usize; 3] {
        [self.down.outputs(), self.across.outputs(), self.channels]
    }

    fn inputs_of(&self, rows: Range<usize>) -> Range<usize> {
        self.down.inputs_of(rows)
    }

    fn band(&self, x: &Var, held: Range<usize>, rows: Range<usize>) -> Var {
        resample2d(x, &self.down.band(rows, held), &self.across)
    }

    fn flops_of_row(&self) -> f64 {
        2.0 * (self.across.len() * self.channels * self.down.len()) as f64 / self.down.outputs() as f64
    }
}
