//! A tile, and into how many parts a sum is cut, as measured on this adapter (`bench tune`), or else by rule.

use crate::gpu::{Choice, Gpu};

/// A tile of a kernel.
pub(super) trait Tiled: Copy {
    /// Its row in `shaders/variants.toml`.
    fn row(&self) -> Vec<u32>;
}

/// What one tile leaves to choose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// The parts by rule.
    pub rule: usize,
    /// The most that make sense.
    pub most: usize,
}

impl Parts {
    /// A kernel that cuts no sums.
    pub(super) const ONE: Self = Self { rule: 1, most: 1 };
}

/// The tile and the parts for `kernel` at a shape. `rule` is the rule's tile, `tiles` are all of them, and `parts`
/// tells what a tile leaves to choose, or that it cannot be taken. A measured row that is none of `tiles` is not taken.
pub(super) fn measured<T: Tiled>(
    gpu: &Gpu,
    kernel: &'static str,
    shape: impl FnOnce() -> Vec<u32>,
    rule: T,
    tiles: impl Fn() -> Vec<T>,
    parts: impl Fn(&T) -> Option<Parts>,
) -> (T, usize) {
    let by_rule = parts(&rule).expect("the rule takes a tile that can be taken").rule;
    let candidates = || {
        let mut all = vec![Choice { tile: rule.row(), parts: by_rule as u32 }];
        for tile in [rule].into_iter().chain(tiles()) {
            let Some(Parts { rule, most }) = parts(&tile) else { continue };
            for parts in [rule, rule.div_ceil(2), 2 * rule, 1] {
                let choice = Choice { tile: tile.row(), parts: parts.clamp(1, most) as u32 };
                if !all.contains(&choice) {
                    all.push(choice);
                }
            }
        }
        all
    };
    let choice = gpu.tuning().ask(kernel, shape, candidates);
    let taken = choice.and_then(|choice| {
        let tile = tiles().into_iter().find(|tile| tile.row() == choice.tile)?;
        let Parts { most, .. } = parts(&tile)?;
        Some((tile, (choice.parts as usize).clamp(1, most)))
    });
    taken.unwrap_or((rule, by_rule))
}
