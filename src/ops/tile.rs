//! How the kernels with workgroup memory, which are all matrix products, share out their work. It depends on the shapes
//! alone, never on the machine, because the order of the additions does on it; only the native adapter, which has not
//! all of the tiles, adds in an order of its own.

use super::{
    reduce::{View, sum_middle},
    variants::tiles,
};
use crate::{
    gpu::{Dispatch, Gpu, Precision},
    tensor::{Shape, Tensor},
};

/// Workgroups that keep a large GPU busy: a few for each of some 130 multiprocessors.
const BUSY: usize = 512;

/// What multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiplier {
    /// Invocations, in f32.
    Invocations,
    /// Subgroups by cooperative matrices, f16 times f16 into f32.
    Matrices,
}

impl Multiplier {
    /// Of the names of a kernel in either form, the one it has in this.
    pub(super) fn name(self, tiled: &'static str, coop: &'static str) -> &'static str {
        match self {
            Self::Invocations => tiled,
            Self::Matrices => coop,
        }
    }
}

/// Whether products of `rows` by `cols` with so many terms are for [`Multiplier::Matrices`]: on a device for mixed
/// precision those that fill a matrix.
pub(super) fn is_mixed(gpu: &Gpu, [rows, terms, cols]: [usize; 3]) -> bool {
    gpu.precision() == Precision::Mixed && rows.min(terms).min(cols) >= 16
}

/// What a workgroup computes: `rows` by `cols` of a product, `depth` terms at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tile {
    rows: usize,
    cols: usize,
    depth: usize,
    /// Of cooperating subgroups: their invocations, and how many lie below and beside each other.
    crew: Option<[u32; 3]>,
}

impl Tile {
    const fn new(rows: usize, cols: usize, depth: usize) -> Self {
        Self { rows, cols, depth, crew: None }
    }

    /// The tiles that the adapter has, wide ones first, large ones before small ones; narrow ones have at most 32
    /// columns.
    fn all(gpu: &Gpu) -> (Vec<Self>, Vec<Self>) {
        let tiles = tiles("matmul_tiled", ["TILE_M", "TILE_N", "TILE_K"], gpu.adapter().compiles());
        tiles.map(|[rows, cols, depth]| Self::new(rows, cols, depth)).partition(|tile| tile.cols > 32)
    }

    /// The tiles for subgroups of the adapter's size, large ones before small ones; where it has none of a fixed size,
    /// all, of which its device will refuse each.
    fn cooperative(gpu: &Gpu) -> Vec<Self> {
        let constants = ["LANES", "TILE_M", "TILE_N", "TILE_K", "DOWN", "ACROSS"];
        let tile = |[lanes, rows, cols, depth, down, across]: [usize; 6]| {
            let crew = Some([lanes, down, across].map(|count| count as u32));
            Self { crew, ..Self::new(rows, cols, depth) }
        };
        let all: Vec<_> = tiles("matmul_coop", constants, gpu.adapter().compiles()).map(tile).collect();
        let fitting = |tile: &&Self| tile.crew.map(|[lanes, ..]| lanes) == gpu.adapter().lanes;
        let fitting: Vec<_> = all.iter().filter(fitting).copied().collect();
        if fitting.is_empty() { all } else { fitting }
    }

    /// The tile for a product of `rows` by `cols`, or for `batch` such products. Large tiles reuse more of what they
    /// read, but pay only where there are enough of them; narrow products get narrow tiles.
    pub fn of(gpu: &Gpu, by: Multiplier, rows: usize, cols: usize, batch: usize) -> Self {
        match by {
            Multiplier::Invocations => Self::among(Self::all(gpu), rows, cols, batch),
            Multiplier::Matrices => Self::among((Self::cooperative(gpu), Vec::new()), rows, cols, batch),
        }
    }

    fn among((wide, narrow): (Vec<Self>, Vec<Self>), rows: usize, cols: usize, batch: usize) -> Self {
        let holding = narrow.iter().rev().find(|tile| cols <= tile.cols);
        let fitting = |tile: &&Self| cols >= tile.cols && batch * tile.count(rows, cols) >= BUSY / 2;
        *holding.or_else(|| wide.iter().find(fitting)).unwrap_or(&wide[wide.len() - 1])
    }

    /// The tile for a product of `rows` by `cols` whose terms are so many that they will be cut into [`parts`] anyway.
    pub fn for_long_sums(gpu: &Gpu, by: Multiplier, rows: usize, cols: usize) -> Self {
        let (wide, narrow) = match by {
            Multiplier::Invocations => Self::all(gpu),
            Multiplier::Matrices => (Self::cooperative(gpu), Vec::new()),
        };
        match (rows, cols) {
            (_, ..=32) if narrow.is_empty() => wide[wide.len() - 1],
            (_, ..=32) => narrow[0],
            (128.., 128..) => wide[0],
            _ => wide[wide.len() - 1],
        }
    }

    /// How many of them cover `rows` by `cols`.
    pub fn count(&self, rows: usize, cols: usize) -> usize {
        rows.div_ceil(self.rows) * cols.div_ceil(self.cols)
    }

    /// Tells a kernel its tile, and which of its two factors it can read in vec4s, where `neighbours` of them lie in a
    /// row. Without a shader compiler there are only the variants for both and for neither.
    pub fn tell(&self, dispatch: Dispatch, gpu: &Gpu, neighbours: [usize; 2]) -> Dispatch {
        let [rows, cols, depth] = [self.rows, self.cols, self.depth].map(|extent| extent as u32);
        let [a, b] = neighbours.map(|count| count.is_multiple_of(4));
        let [a, b] = if gpu.adapter().compiles() { [a, b] } else { [a && b; 2] };
        let dispatch = dispatch.constant("TILE_M", rows).constant("TILE_N", cols).constant("TILE_K", depth);
        let dispatch = dispatch.constant("VEC_A", u32::from(a)).constant("VEC_B", u32::from(b));
        match self.crew {
            None => dispatch,
            Some([lanes, down, across]) => {
                dispatch.constant("LANES", lanes).constant("DOWN", down).constant("ACROSS", across)
            }
        }
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
        let wide = vec![Tile::new(128, 128, 8), Tile::new(128, 64, 16), Tile::new(64, 64, 16)];
        let narrow = vec![Tile::new(128, 32, 16), Tile::new(256, 8, 8)];
        let of = |rows, cols| Tile::among((wide.clone(), narrow.clone()), rows, cols, 1);
        assert_eq!(of(4096, 4096), Tile::new(128, 128, 8));
        assert_eq!(of(65_536, 64), Tile::new(128, 64, 16));
        assert_eq!(of(512, 512), Tile::new(64, 64, 16));
        assert_eq!(of(512, 9), Tile::new(128, 32, 16));
        assert_eq!(of(1 << 20, 3), Tile::new(256, 8, 8));
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
