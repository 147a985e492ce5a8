//! The factor that the kernels of [`Family::Panels`](crate::gpu::Family::Panels) read in vectors, as they want it.

use bytemuck::{Pod, Zeroable};

use super::{register_tile::RegisterTile, tile::fold};
use crate::{gpu::Dispatch, tensor::Tensor};

/// A tensor seen as `batch` matrices of `outer · inner` rows and `cols` columns, and the elements from one to the next
/// of each.
#[derive(Debug, Clone, Copy)]
pub struct Matrices {
    /// Matrices.
    pub batch: usize,
    /// Rows, counted in two extents.
    pub rows: [usize; 2],
    /// Columns.
    pub cols: usize,
    /// Elements from one matrix to the next.
    pub batch_stride: usize,
    /// Elements from one row to the next, in each of the two extents.
    pub row_strides: [usize; 2],
    /// Elements from one column to the next.
    pub col_stride: usize,
    /// Whether the first extent of the rows is counted from its end, as a kernel's taps are in a gradient.
    pub reversed: bool,
}

impl Matrices {
    /// Rows of each matrix.
    pub(super) fn rows(&self) -> usize {
        self.rows[0] * self.rows[1]
    }

    /// The matrices of `x` in panels as wide as a tile. Not differentiable by itself.
    pub(super) fn pack(&self, x: &Tensor, tile: &RegisterTile) -> Tensor {
        pack_panels(x, self, tile.lanes as u32, tile.width())
    }
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    batch: u32,
    panels: u32,
    rows: u32,
    inner: u32,
    cols: u32,
    width: u32,
    batch_stride: u32,
    outer_stride: u32,
    inner_stride: u32,
    col_stride: u32,
    reversed: u32,
}

/// The columns of every matrix in panels of `width`, the last filled up with zeros: `[batch, panels, rows, width]`. Not
/// differentiable by itself.
///
/// # Panics
/// When the view leaves the tensor, or `width` is not a multiple of `lanes`.
pub fn pack_panels(x: &Tensor, view: &Matrices, lanes: u32, width: usize) -> Tensor {
    const ROWS: usize = 128; // of a workgroup, as in the shader
    let Matrices { batch, rows: [outer, inner], cols, batch_stride, row_strides, col_stride, reversed } = *view;
    let last = (batch - 1) * batch_stride
        + (outer - 1) * row_strides[0]
        + (inner - 1) * row_strides[1]
        + (cols - 1) * col_stride;
    assert!(last < x.len(), "pack_panels: {:?} does not hold {view:?}", x.shape());
    assert!(width.is_multiple_of(lanes as usize), "pack_panels: {width} columns are not whole vectors of {lanes}");
    let (rows, panels) = (outer * inner, cols.div_ceil(width));
    let y = Tensor::empty(x.gpu(), [batch, panels, rows, width]);
    let params = Params {
        batch: batch as u32,
        panels: panels as u32,
        rows: rows as u32,
        inner: inner as u32,
        cols: cols as u32,
        width: width as u32,
        batch_stride: batch_stride as u32,
        outer_stride: row_strides[0] as u32,
        inner_stride: row_strides[1] as u32,
        col_stride: col_stride as u32,
        reversed: u32::from(reversed),
    };
    let [across, down] = fold(batch * panels * rows.div_ceil(ROWS));
    let dispatch = Dispatch::new("pack_panels", &params).constant("LANES", lanes).workgroups(across, down, 1);
    let bytes = 4.0 * (batch * rows * cols + y.len()) as f64;
    x.gpu().dispatch(dispatch.bind(x).bind(&y).work(0.0, bytes));
    y
}
