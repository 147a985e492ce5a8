//! How the kernels for GPUs, which are all matrix products, share out their work. It depends on the shapes alone, never
//! on the machine, because the order of the additions does on it.

use super::reduce::{View, sum_middle};
use crate::{
    gpu::Dispatch,
    tensor::{Shape, Tensor},
};

/// Workgroups that keep a large GPU busy: a few for each of some 130 multiprocessors.
const BUSY: usize = 512;

/// What a workgroup computes: `rows` by `cols` of a product, `depth` terms at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tile {
    rows: usize,
    cols: usize,
    depth: usize,
}

impl Tile {
    const fn new(rows: usize, cols: usize, depth: usize) -> Self {
        Self { rows, cols, depth }
    }

    /// The tile for a product of `rows` by `cols`, or for `batch` such products. Large tiles reuse more of what they
    /// read, but pay only where there are enough of them; narrow products get narrow tiles.
    pub fn of(rows: usize, cols: usize, batch: usize) -> Self {
        let plenty = |tile: &Self| batch * tile.count(rows, cols) >= BUSY / 2;
        let wide = [Self::new(128, 128, 8), Self::new(128, 64, 16)].into_iter().filter(|tile| cols >= tile.cols);
        match cols {
            ..=8 => Self::new(256, 8, 8),
            9..=32 => Self::new(128, 32, 16),
            _ => wide.into_iter().find(plenty).unwrap_or(Self::new(64, 64, 16)),
        }
    }

    /// The tile for a product of `rows` by `cols` whose terms are so many that they will be cut into [`parts`] anyway.
    pub fn for_long_sums(rows: usize, cols: usize) -> Self {
        match (rows, cols) {
            (_, ..=32) => Self::new(128, 32, 16),
            (128.., 128..) => Self::new(128, 128, 8),
            _ => Self::new(64, 64, 16),
        }
    }

    /// How many of them cover `rows` by `cols`.
    pub fn count(&self, rows: usize, cols: usize) -> usize {
        rows.div_ceil(self.rows) * cols.div_ceil(self.cols)
    }

    /// Tells a kernel its tile.
    pub fn tell(&self, dispatch: Dispatch) -> Dispatch {
        let [rows, cols, depth] = [self.rows, self.cols, self.depth].map(|extent| extent as u32);
        dispatch.constant("TILE_M", rows).constant("TILE_N", cols).constant("TILE_K", depth)
    }
}

/// Into how many parts a sum of `terms` is cut, so that `tiles` keep a GPU busy although they are few; a part is not so
/// short that writing and adding the parts would take longer.
pub(super) fn parts(tiles: usize, terms: usize) -> usize {
    const TERMS: usize = 128;
    BUSY.div_ceil(tiles).min(terms.div_ceil(TERMS)).max(1)
}

/// Adds the parts `[parts, ...]` of a result of `shape`, in their order.
pub(super) fn add_parts(parts: &Tensor, shape: Shape) -> Tensor {
    match parts.len() / shape.len() {
        1 => parts.reshape(shape),
        reduce => sum_middle(parts, View { outer: 1, reduce, inner: shape.len() }, shape),
    }
}

/// `count` workgroups as x and y, of which no adapter takes more than 65 535 each; a few too many where they do not
/// divide.
pub(super) fn fold(count: usize) -> [usize; 2] {
    let rows = count.div_ceil(65_535);
    [count.div_ceil(rows), rows]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_as_large_as_they_can_be_and_still_many() {
        assert_eq!(Tile::of(4096, 4096, 1), Tile::new(128, 128, 8));
        assert_eq!(Tile::of(65_536, 64, 1), Tile::new(128, 64, 16));
        assert_eq!(Tile::of(512, 512, 1), Tile::new(64, 64, 16));
        assert_eq!(Tile::of(1 << 20, 3, 1), Tile::new(256, 8, 8));
    }

    #[test]
    fn few_tiles_are_cut_into_parts_and_many_are_not() {
        assert_eq!(parts(1, 65_536), 512);
        assert_eq!(parts(1, 300), 3);
        assert_eq!(parts(1, 0), 1);
        assert_eq!(parts(512, 65_536), 1);
    }

    #[test]
    fn folding_loses_no_workgroup_and_keeps_the_limit() {
        for count in [1, 65_535, 65_536, 100_003, 5_000_000] {
            let [x, y] = fold(count);
            assert!(x * y >= count && x * y < count + y && x <= 65_535 && y <= 65_535, "{count} became {x} by {y}");
        }
    }
}
