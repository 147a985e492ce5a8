//! The variants of the kernels that exist, from the one table that the native adapter's build reads too.

use std::sync::LazyLock;

use serde::Deserialize;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../shaders/variants.toml")).expect("shaders/variants.toml is ours")
});

#[derive(Deserialize)]
struct Table {
    set: Vec<Set>,
}

/// `shaders/variants.toml` says what each of these is.
#[derive(Deserialize)]
struct Set {
    kernels: Vec<String>,
    constants: Vec<String>,
    native: Vec<Vec<u32>>,
    #[serde(default)]
    driver: Vec<Vec<u32>>,
}

/// The tiles of `kernel`, which are given by the values of `N` constants: those for any adapter, or (`driver`) the ones
/// before them too that take a shader compiler to get.
pub(super) fn tiles<const N: usize>(
    kernel: &str,
    constants: [&str; N],
    driver: bool,
) -> impl Iterator<Item = [usize; N]> {
    let set = TABLE.set.iter().find(|set| set.kernels.iter().any(|name| name == kernel));
    let set = set.unwrap_or_else(|| panic!("shaders/variants.toml has no {kernel}"));
    assert_eq!(set.constants, constants, "shaders/variants.toml gives {kernel} other constants");
    let special = if driver { set.driver.as_slice() } else { &[] };
    let whole = |row: &Vec<u32>| <[u32; N]>::try_from(row.as_slice()).expect("a row has a value for each constant");
    special.iter().chain(&set.native).map(move |row| whole(row).map(|value| value as usize))
}

/// The tiles `[rows, cols]` of `kernel` for so many lanes; a column of the tile is a block of `lanes` columns.
pub(super) fn register_tiles(kernel: &str, lanes: usize, driver: bool) -> impl Iterator<Item = [usize; 2]> {
    let all = tiles(kernel, ["LANES", "ROWS", "COLS"], driver);
    all.filter(move |tile| tile[0] == lanes).map(|[_, rows, cols]| [rows, cols])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_whole_and_stands_once() {
        for set in &TABLE.set {
            let mut rows: Vec<_> = set.native.iter().chain(&set.driver).collect();
            assert!(rows.iter().all(|row| row.len() == set.constants.len()), "{:?}", set.kernels);
            rows.sort();
            assert!(rows.windows(2).all(|pair| pair[0] != pair[1]), "{:?} has a row twice", set.kernels);
        }
    }

    #[test]
    fn every_kernel_of_the_table_has_all_its_lanes() {
        for kernel in ["matmul_lanes", "conv2d_backward_weight_lanes"] {
            for lanes in [4, 8, 16, 32] {
                assert!(register_tiles(kernel, lanes, true).count() > 0, "{kernel} with {lanes} lanes");
            }
        }
    }
}
