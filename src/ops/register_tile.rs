//! How the kernels without workgroup memory, which are all matrix products, share out their work.

use super::{
    measured::{Parts, Tiled, measured},
    variants::register_tiles,
};
use crate::gpu::{Dispatch, Gpu};

/// A workgroup's tile: `rows` by `cols` blocks of `lanes` columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RegisterTile {
    /// Invocations of the workgroup.
    pub lanes: usize,
    /// Rows.
    pub rows: usize,
    /// Blocks of columns.
    pub cols: usize,
}

impl RegisterTile {
    /// The tile with which a product of `rows` by `cols` takes `kernel`, one of the panels, the fewest instructions:
    /// for each term a tile has as many multiply-adds as it has vectors, and a load for each of its rows and columns,
    /// needed or not. So large tiles win until too much of them lies outside; among equals the first of the table. A
    /// vector of a panel so long that it does not stay in the second cache, for `depth` terms, counts four times.
    pub fn cheapest(gpu: &Gpu, kernel: &str, product: [usize; 3], lanes: u32) -> Self {
        let tiles = Self::all(kernel, lanes, gpu.adapter().compiles());
        Self::cheapest_of(tiles, product).unwrap_or_else(|| panic!("{kernel} has no tile for {lanes} lanes"))
    }

    /// The tile, with no more rows than the product, for sums so long that a panel comes from the second cache for
    /// every tile: a vector of it counts four times. One as wide as the product goes before all others, because then
    /// nothing has to be packed.
    pub fn cheapest_for_long_sums(gpu: &Gpu, kernel: &str, product: [usize; 2], lanes: u32) -> Self {
        let tiles = || Self::all(kernel, lanes, gpu.adapter().compiles());
        Self::for_long_sums_of(tiles, product).unwrap_or_else(|| panic!("{kernel} has no tile for {lanes} lanes"))
    }

    fn for_long_sums_of<I: Iterator<Item = Self>>(tiles: impl Fn() -> I, [rows, cols]: [usize; 2]) -> Option<Self> {
        let within = || tiles().filter(|tile| tile.rows <= rows);
        let cost = |tile: &Self| tile.count(rows, cols) * (tile.rows * tile.cols + tile.rows + 4 * tile.cols);
        within().filter(|tile| tile.width() == cols).min_by_key(cost).or_else(|| within().min_by_key(cost))
    }

    fn cheapest_of(tiles: impl Iterator<Item = Self>, [rows, cols, depth]: [usize; 3]) -> Option<Self> {
        const CACHE: usize = 1 << 18; // words, half of what such a cache usually has
        tiles.min_by_key(|tile| {
            let vector = if depth * tile.width() > CACHE { 4 } else { 1 };
            tile.count(rows, cols) * (tile.rows * tile.cols + tile.rows + vector * tile.cols)
        })
    }

    /// The smallest tile of `kernel` that holds a product of `rows` by `cols`, or as much of it as any does. That suits
    /// a software driver, for which arithmetic costs next to nothing beside loads.
    pub fn holding(gpu: &Gpu, kernel: &str, [rows, cols]: [usize; 2], lanes: u32) -> Self {
        let tiles = Self::all(kernel, lanes, gpu.adapter().compiles());
        Self::holding_of(tiles, rows, cols).unwrap_or_else(|| panic!("{kernel} has no tile for {lanes} lanes"))
    }

    fn holding_of(tiles: impl Iterator<Item = Self>, rows: usize, cols: usize) -> Option<Self> {
        // What is missing counts first, what is too much after it.
        let misfit = |has: usize, wanted: usize| (wanted.saturating_sub(has), has);
        tiles.min_by_key(|tile| (misfit(tile.rows, rows), misfit(tile.width(), cols)))
    }

    /// This tile, or the one that was measured to be the fastest of `kernel` at a shape.
    pub fn or_measured(self, gpu: &Gpu, kernel: &'static str, shape: impl FnOnce() -> Vec<u32>) -> Self {
        self.or_measured_in_parts(gpu, kernel, shape, |_| Some(Parts::ONE)).0
    }

    /// The same for a kernel that cuts its sums into parts; `parts` tells what a tile leaves to choose, or that it
    /// cannot be taken.
    pub fn or_measured_in_parts(
        self,
        gpu: &Gpu,
        kernel: &'static str,
        shape: impl FnOnce() -> Vec<u32>,
        parts: impl Fn(&Self) -> Option<Parts>,
    ) -> (Self, usize) {
        let all = || Self::all(kernel, self.lanes as u32, gpu.adapter().compiles()).collect();
        measured(gpu, kernel, shape, self, all, parts)
    }

    fn all(kernel: &str, lanes: u32, driver: bool) -> impl Iterator<Item = Self> {
        let lanes = lanes as usize;
        register_tiles(kernel, lanes, driver).map(move |[rows, cols]| Self { lanes, rows, cols })
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.cols * self.lanes
    }

    /// How many of them cover `rows` by `cols`.
    pub fn count(&self, rows: usize, cols: usize) -> usize {
        rows.div_ceil(self.rows) * cols.div_ceil(self.width())
    }

    /// Tells a kernel its tile.
    pub fn tell(&self, dispatch: Dispatch) -> Dispatch {
        let [lanes, rows, cols] = [self.lanes, self.rows, self.cols].map(|extent| extent as u32);
        dispatch.constant("LANES", lanes).constant("ROWS", rows).constant("COLS", cols)
    }
}

impl Tiled for RegisterTile {
    fn row(&self) -> Vec<u32> {
        [self.lanes, self.rows, self.cols].map(|extent| extent as u32).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_tiles_waste_few_columns_and_few_rows() {
        let chosen = |rows, cols, lanes| {
            let tiles = RegisterTile::all("conv2d_panels", lanes, false);
            RegisterTile::cheapest_of(tiles, [rows, cols, 4096]).map(|tile| [tile.rows, tile.cols])
        };
        assert_eq!(chosen(4096, 1024, 16), Some([6, 4]));
        assert_eq!(chosen(4096, 64, 16), Some([6, 4]), "not three vectors and one");
        assert_eq!(chosen(4096, 48, 16), Some([8, 3]));
        assert_eq!(chosen(4096, 32, 16), Some([12, 2]));
        assert_eq!(chosen(16, 32, 16), Some([8, 2]));
        assert_eq!(chosen(4096, 16, 16), Some([16, 1]));
        assert_eq!(chosen(4096, 3, 16), Some([16, 1]));
        assert_eq!(chosen(12, 64, 16), Some([6, 4]));
        assert_eq!(chosen(4, 64, 16), Some([4, 2]));
        assert_eq!(chosen(1, 64, 16), Some([1, 2]));
        assert_eq!(chosen(4096, 16, 8), Some([6, 2]));
        assert_eq!(chosen(4096, 3, 8), Some([6, 1]));
    }

    #[test]
    fn panels_that_leave_the_cache_are_narrow() {
        let tiles = || RegisterTile::all("conv2d_panels", 16, false);
        let chosen = |depth| RegisterTile::cheapest_of(tiles(), [4096, 256, depth]).map(|tile| [tile.rows, tile.cols]);
        assert_eq!(chosen(4096), Some([6, 4]));
        assert_eq!(chosen(8192), Some([12, 2]));
    }

    #[test]
    fn tiles_for_long_sums_are_narrow_or_as_wide_as_the_product() {
        let chosen = |rows, cols, lanes| {
            let tiles = || RegisterTile::all("conv2d_backward_weight_panels", lanes, false);
            RegisterTile::for_long_sums_of(tiles, [rows, cols]).map(|tile| [tile.rows, tile.cols])
        };
        assert_eq!(chosen(768, 256, 16), Some([14, 2]));
        assert_eq!(chosen(768, 64, 16), Some([6, 4]), "nothing to be packed");
        assert_eq!(chosen(9, 32, 16), Some([9, 2]));
        assert_eq!(chosen(12, 1024, 16), Some([12, 2]), "no more rows than there are");
        assert_eq!(chosen(2, 64, 16), Some([1, 2]));
        assert_eq!(chosen(768, 256, 8), Some([6, 2]));
    }

    #[test]
    fn holding_tiles_are_the_smallest_that_hold_or_the_largest() {
        let chosen = |rows, cols| {
            let tiles = RegisterTile::all("matmul_lanes", 8, true);
            RegisterTile::holding_of(tiles, rows, cols).map(|tile| [tile.rows, tile.cols])
        };
        assert_eq!(chosen(1000, 1000), Some([32, 4]));
        assert_eq!(chosen(1, 9), Some([1, 2]));
        assert_eq!(chosen(7, 3), Some([8, 1]));
        assert_eq!(chosen(17, 25), Some([32, 4]));
    }
}
