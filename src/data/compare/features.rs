//! What a network makes of pictures, as rows of numbers.

use nalgebra::DMatrix;
use rayon::prelude::*;

/// Rows whose products are computed at a time.
const BLOCK: usize = 256;

/// A row of numbers for each picture of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// One column a picture.
    columns: DMatrix<f64>,
}

impl Features {
    /// From the values, [count, length].
    ///
    /// # Panics
    /// When they are no whole number of rows, or none.
    pub fn new(length: usize, values: &[f32]) -> Self {
        let whole = length > 0 && !values.is_empty() && values.len().is_multiple_of(length);
        assert!(whole, "Features: {} values are no rows of {length}", values.len());
        let count = values.len() / length;
        Self { columns: DMatrix::from_iterator(length, count, values.iter().map(|&value| f64::from(value))) }
    }

    /// How many pictures there are.
    pub fn count(&self) -> usize {
        self.columns.ncols()
    }

    /// Numbers of each.
    pub fn length(&self) -> usize {
        self.columns.nrows()
    }

    /// The numbers of a picture.
    ///
    /// # Panics
    /// When there is no such picture.
    pub fn row(&self, picture: usize) -> Vec<f64> {
        self.columns.column(picture).iter().copied().collect()
    }

    /// A column a picture.
    pub(super) fn columns(&self) -> &DMatrix<f64> {
        &self.columns
    }

    /// The pictures at these places.
    pub(super) fn picked(&self, places: &[usize]) -> Self {
        Self { columns: self.columns.select_columns(places) }
    }

    /// The scalar products of each row with all rows of another set: what `of` makes of them, by the row's number.
    pub(super) fn products<T: Send>(&self, other: &Self, of: impl Fn(usize, &[f64]) -> T + Sync) -> Vec<T> {
        assert_eq!(self.length(), other.length(), "features of one network are compared");
        let turned = other.columns.transpose();
        let block = |first: usize| {
            let count = BLOCK.min(self.count() - first);
            let products = &turned * self.columns.columns(first, count);
            let rows = (0..count).map(|row| of(first + row, products.column(row).as_slice()));
            rows.collect::<Vec<T>>()
        };
        let firsts: Vec<usize> = (0..self.count()).step_by(BLOCK).collect();
        firsts.into_par_iter().flat_map_iter(block).collect()
    }
}
