//! How the kernels with workgroup memory, which are all matrix products, share out their work. The order of the
//! additions depends on it, so it follows from the shapes and the kind of the adapter, never from what else a machine
//! is doing: by the rules below, or by what `bench tune` has measured for the adapter.

use super::{
    measured::{Parts, Tiled, measured},
    reduce::{View, sum_middle},
    variants::tiles,
};
use crate::{
    gpu::{AdapterKind, Dispatch, Gpu, Limits, Precision},
    tensor::{Shape, Tensor},
};

/// Workgroups that keep an adapter busy. How many compute units it has no interface tells, so its kind decides:
///
/// | kind | compute units, about | workgroups |
/// |---|---:|---:|
/// | discrete, virtual | 130 | 512 |
/// | integrated | 30 | 128 |
/// | the CPU: with this family for tests and benches only | | 512 |
fn busy(gpu: &Gpu) -> usize {
    busy_of(gpu.adapter().kind)
}

fn busy_of(kind: AdapterKind) -> usize {
    match kind {
        AdapterKind::Integrated => 128,
        AdapterKind::Discrete | AdapterKind::Virtual | AdapterKind::Native | AdapterKind::Software => 512,
    }
}

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

    /// The tiles that the adapter can run, wide ones first, large ones before small ones; narrow ones have at most 32
    /// columns.
    fn all(gpu: &Gpu) -> (Vec<Self>, Vec<Self>) {
        Self::within(&gpu.adapter().limits, gpu.adapter().compiles()).into_iter().partition(|tile| tile.cols > 32)
    }

    /// The tiles of the table that these limits allow; all of them where they allow none, so that the device refuses
    /// the kernel with a sentence.
    fn within(limits: &Limits, driver: bool) -> Vec<Self> {
        let tiles = tiles("matmul_tiled", ["TILE_M", "TILE_N", "TILE_K"], driver);
        let all: Vec<_> = tiles.map(|[rows, cols, depth]| Self::new(rows, cols, depth)).collect();
        let fitting: Vec<_> = all.iter().copied().filter(|tile| tile.fits(limits)).collect();
        let wide = fitting.iter().any(|tile| tile.cols > 32);
        if wide { fitting } else { all }
    }

    /// Whether an adapter has the invocations and the workgroup memory that the kernels take for this tile: 8 by 8
    /// elements to an invocation, and two blocks of vec4s, the first with one more to a row.
    fn fits(&self, limits: &Limits) -> bool {
        let quads = self.rows * (self.depth / 4 + 1) + self.depth * (self.cols / 4);
        let invocations = self.rows / 8 * (self.cols / 8);
        16 * quads <= limits.workgroup_bytes as usize && invocations <= limits.invocations as usize
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
        let tiles = match by {
            Multiplier::Invocations => Self::all(gpu),
            Multiplier::Matrices => (Self::cooperative(gpu), Vec::new()),
        };
        Self::among(tiles, [rows, cols], batch, busy(gpu))
    }

    fn among((wide, narrow): (Vec<Self>, Vec<Self>), [rows, cols]: [usize; 2], batch: usize, busy: usize) -> Self {
        let holding = narrow.iter().rev().find(|tile| cols <= tile.cols);
        let fitting = |tile: &&Self| cols >= tile.cols && batch * tile.count(rows, cols) >= busy / 2;
        *holding.or_else(|| wide.iter().find(fitting)).unwrap_or(&wide[wide.len() - 1])
    }

    /// The tile for a product of `rows` by `cols` whose terms are so many that they will be cut into [`parts`] anyway.
    pub fn for_long_sums(gpu: &Gpu, by: Multiplier, rows: usize, cols: usize) -> Self {
        let (wide, narrow) = match by {
            Multiplier::Invocations => Self::all(gpu),
            Multiplier::Matrices => (Self::cooperative(gpu), Vec::new()),
        };
        match (rows, cols) {
            (_, ..=32) => *narrow.iter().find(|tile| tile.suits_long_sums()).unwrap_or(&wide[wide.len() - 1]),
            (128.., 128..) => wide[0],
            _ => wide[wide.len() - 1],
        }
    }

    /// Whether the kernel of the weight gradient can have this tile: its workgroup fetches whole rows of the first
    /// block, `rows / 4` vec4s each, and has to have as many invocations.
    pub fn suits_long_sums(&self) -> bool {
        self.rows / 8 * (self.cols / 8) >= self.rows / 4
    }

    /// This tile and as many parts of a sum of `terms` as [`parts`] says; or what was measured to be the fastest for
    /// `kernel` at a shape. `count` tells how many workgroups a tile makes, or that the kernel cannot have it.
    pub fn or_measured(
        self,
        gpu: &Gpu,
        kernel: &'static str,
        shape: impl FnOnce() -> Vec<u32>,
        terms: usize,
        count: impl Fn(&Self) -> Option<usize>,
    ) -> (Self, usize) {
        let by_rule = |count: usize| parts(busy(gpu), count, terms);
        if self.crew.is_some() {
            // Cooperative tiles are not measured; a kernel has all of them.
            return (self, by_rule(count(&self).expect("its kernel has every tile")));
        }
        let most = terms.div_ceil(FEWEST_TERMS).max(1);
        let of = |tile: &Self| count(tile).map(|count| Parts { rule: by_rule(count), most });
        let all = || Self::within(&gpu.adapter().limits, gpu.adapter().compiles());
        measured(gpu, kernel, shape, self, all, of)
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

impl Tiled for Tile {
    fn row(&self) -> Vec<u32> {
        [self.rows, self.cols, self.depth].map(|extent| extent as u32).to_vec()
    }
}

/// Terms of a part at least: to write and add shorter ones would take longer.
const FEWEST_TERMS: usize = 128;

/// Into how many parts a sum of `terms` is cut, so that `tiles` keep a GPU busy although they are few.
fn parts(busy: usize, tiles: usize, terms: usize) -> usize {
    busy.div_ceil(tiles).min(terms.div_ceil(FEWEST_TERMS)).max(1)
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
    use crate::gpu::shader;

    #[test]
    fn tiles_are_as_large_as_they_can_be_and_still_many() {
        let wide = vec![Tile::new(128, 128, 8), Tile::new(128, 64, 16), Tile::new(64, 64, 16)];
        let narrow = vec![Tile::new(128, 32, 16), Tile::new(256, 8, 8)];
        let of = |rows, cols| Tile::among((wide.clone(), narrow.clone()), [rows, cols], 1, 512);
        assert_eq!(of(4096, 4096), Tile::new(128, 128, 8));
        assert_eq!(of(65_536, 64), Tile::new(128, 64, 16));
        assert_eq!(of(512, 512), Tile::new(64, 64, 16));
        assert_eq!(of(512, 9), Tile::new(128, 32, 16));
        assert_eq!(of(1 << 20, 3), Tile::new(256, 8, 8));
        // What is few for a large GPU is enough for a small one.
        let small = Tile::among((wide.clone(), narrow.clone()), [1024, 1024], 1, 128);
        assert_eq!((of(1024, 1024), small), (Tile::new(64, 64, 16), Tile::new(128, 128, 8)));
    }

    #[test]
    fn few_tiles_are_cut_into_parts_and_many_are_not() {
        assert_eq!(parts(512, 1, 65_536), 512);
        assert_eq!(parts(128, 1, 65_536), 128);
        assert_eq!(parts(512, 1, 300), 3);
        assert_eq!(parts(512, 1, 0), 1);
        assert_eq!(parts(512, 512, 65_536), 1);
    }

    /// What a tile takes of an adapter is what the compiled kernels take, of all tiles and all kernels that have them.
    #[test]
    fn a_tile_fits_where_its_kernels_do() {
        let kernels = ["matmul_tiled", "conv2d_tiled", "conv2d_backward_input_tiled", "conv2d_backward_weight_tiled"];
        let ample = Limits { workgroup_bytes: 1 << 20, ..limits(1 << 20, 1024) };
        for tile in Tile::within(&ample, true) {
            let [rows, cols, depth] = [tile.rows, tile.cols, tile.depth].map(|extent| extent as f64);
            let constants = [("TILE_M", rows), ("TILE_N", cols), ("TILE_K", depth)];
            let compiled = kernels.map(|kernel| shader::compile(kernel, &constants).expect("it compiles"));
            let bytes = compiled.iter().map(|kernel| kernel.workgroup_bytes).max().expect("there are some");
            let invocations = compiled.iter().map(|kernel| kernel.workgroup_size.iter().product()).max();
            let invocations: u32 = invocations.expect("there are some");
            assert!(tile.fits(&limits(bytes, invocations)), "{tile:?} fits {bytes} bytes, {invocations} invocations");
            assert!(!tile.fits(&limits(bytes - 1, invocations)), "{tile:?} takes all of {bytes} bytes");
            assert!(!tile.fits(&limits(bytes, invocations - 1)), "{tile:?} takes all of {invocations} invocations");
        }
    }

    #[test]
    fn a_tile_beyond_an_adapters_limits_is_never_chosen() {
        let least = limits(12_600, 64); // of a small adapter
        let fitting = Tile::within(&least, true);
        assert!(!fitting.contains(&Tile::new(128, 128, 8)) && !fitting.contains(&Tile::new(128, 64, 16)));
        let parted = fitting.into_iter().partition(|tile| tile.cols > 32);
        assert_eq!(Tile::among(parted, [4096, 4096], 1, 512), Tile::new(64, 64, 16));
        assert_eq!(Tile::within(&limits(16, 1), true).len(), 5, "nothing fits: the device says so");
    }

    fn limits(workgroup_bytes: u32, invocations: u32) -> Limits {
        let (binding_bytes, workgroups, offset_alignment) = (1 << 27, 65_535, 256);
        Limits { binding_bytes, workgroup_bytes, invocations, workgroups, offset_alignment }
    }

    #[test]
    fn the_weight_gradients_kernel_gets_no_tile_that_it_cannot_fetch() {
        let all = Tile::within(&limits(1 << 20, 1024), true);
        let suited: Vec<_> = all.iter().filter(|tile| tile.suits_long_sums()).collect();
        assert!(suited.len() == all.len() - 1 && !suited.contains(&&Tile::new(256, 8, 8)), "{suited:?}");
    }

    #[test]
    fn folding_loses_no_workgroup_and_keeps_the_limit() {
        for count in [1, 65_535, 65_536, 100_003, 5_000_000] {
            let [x, y] = fold(count);
            assert!(x * y >= count && x * y < count + y && x <= 65_535 && y <= 65_535, "{count} became {x} by {y}");
        }
    }
}
