//! The kernels that were compiled into this build, by level, name and variant.

use crate::{Kernel, Level};

/// The kernels as `build.rs` translated them. The tests of this package that stand beside its code need none, and would
/// have them all compiled a second time.
#[cfg(not(test))]
#[expect(unsafe_code, reason = "translated kernels do not check their indices: see `lanes`")]
#[allow(
    warnings,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    reason = "written by a program, which looks for no shorter way to say it; what makes it safe is said in `launch`"
)]
mod translated {
    use crate::{Kernel, Level};

    include!(concat!(env!("OUT_DIR"), "/kernels.rs"));
}

#[cfg(test)]
mod translated {
    use crate::Kernel;

    pub static KERNELS: &[Kernel] = &[];
    #[cfg(feature = "checked")]
    pub static TEST_KERNELS: &[Kernel] = &[];
    #[cfg(feature = "checked")]
    pub static MUTANTS: &[Kernel] = &[];
}

use translated::KERNELS;

/// The kernels of `tests/shaders/`, compiled for every level.
#[cfg(feature = "checked")]
pub fn test_kernels() -> &'static [Kernel] {
    translated::TEST_KERNELS
}

/// The kernels that have barriers, each without one of them: `matmul_tiled_without_barrier_1`, …
#[cfg(feature = "checked")]
pub fn mutants() -> &'static [Kernel] {
    translated::MUTANTS
}

/// The kernel `name` compiled for `level`, in the variant that gives the `override` constants these values and leaves
/// the others as the file has them; `None` if `shaders/variants.toml` has no such variant. A value that the file has
/// too may be given or left out.
pub fn find(level: Level, name: &str, overrides: &[(&str, u32)]) -> Option<&'static Kernel> {
    find_among(KERNELS, level, name, overrides)
}

/// As [`find`], among kernels that one has oneself.
pub fn find_among<'a>(
    kernels: &'a [Kernel],
    level: Level,
    name: &str,
    overrides: &[(&str, u32)],
) -> Option<&'a Kernel> {
    kernels.iter().filter(|kernel| kernel.level == level && kernel.name == name).find(|kernel| {
        let mut wanted: Vec<_> = overrides.iter().filter(|given| !kernel.defaults.contains(given)).copied().collect();
        wanted.sort_unstable();
        wanted == kernel.overrides
    })
}

#[cfg(test)]
mod tests {
    use super::find_among;
    use crate::{Kernel, Level, handwritten::DECAY};

    #[test]
    fn a_variant_is_found_however_its_overrides_are_given() {
        let defaults = &[("COLS", 2), ("LANES", 8), ("ROWS", 4)];
        let variant = |level, overrides| Kernel { name: "tile", level, overrides, defaults, ..DECAY };
        let kernels = [
            variant(Level::Avx2, &[]),
            variant(Level::Avx2, &[("COLS", 3), ("ROWS", 6)]),
            variant(Level::Avx512, &[("LANES", 16)]),
        ];
        let find = |level, name, overrides: &[(&str, u32)]| {
            let place = |kernel: &Kernel| kernels.iter().position(|k| std::ptr::eq(k, kernel));
            find_among(&kernels, level, name, overrides).and_then(place)
        };
        assert_eq!(find(Level::Avx2, "tile", &[]), Some(0));
        assert_eq!(find(Level::Avx2, "tile", &[("ROWS", 4), ("LANES", 8)]), Some(0), "as in the file");
        assert_eq!(find(Level::Avx2, "tile", &[("ROWS", 6), ("LANES", 8), ("COLS", 3)]), Some(1), "in any order");
        assert_eq!(find(Level::Avx512, "tile", &[("LANES", 16)]), Some(2));
        assert_eq!(find(Level::Avx512, "tile", &[]), None, "another level");
        assert_eq!(find(Level::Avx2, "tile", &[("COLS", 3)]), None, "another variant");
        assert_eq!(find(Level::Avx2, "tile", &[("DEPTH", 1)]), None, "no such constant");
        assert_eq!(find(Level::Avx2, "title", &[]), None);
    }
}
