//! The kernels that compute in registers are translated without an array in memory. A tile that is longer than
//! [`MOST_NATIVE_STATEMENTS_ALONE`] keeps its loops, gives the same results, and takes twice as long.

use sumi_compiler::{
    MOST_NATIVE_STATEMENTS_ALONE, Source, compile_native_source, kernels, translate::translate, variants::variants,
};

/// Whether the translation of a variant indexes an array of the function: those are called `v3_f`, single numbers
/// `v3_0`.
fn keeps_an_array(source: &Source, lanes: u32, variant: &[(&str, f64)]) -> bool {
    let compiled = compile_native_source(source.path, source.text, variant).unwrap_or_else(|error| panic!("{error}"));
    let translation = translate(&compiled, lanes).unwrap_or_else(|error| panic!("{error}"));
    translation.lines.iter().any(|line| ["_f[", "_i["].iter().any(|array| line.text.contains(array)))
}

#[test]
fn register_tiles_are_written_out() {
    let mut seen = 0;
    for source in kernels().filter(|source| source.name.ends_with("_panels")) {
        for lanes in [8, 16] {
            for variant in variants(source, lanes).unwrap_or_else(|error| panic!("{error}")) {
                let constants: Vec<_> =
                    variant.iter().map(|(name, value)| (name.as_str(), f64::from(*value))).collect();
                assert!(
                    !keeps_an_array(source, lanes, &constants),
                    "{} {constants:?} takes more than {MOST_NATIVE_STATEMENTS_ALONE} statements",
                    source.name
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "the kernels are called otherwise: {seen} variants");
}

#[test]
fn tiles_that_are_too_large_are_noticed() {
    let source = kernels().find(|source| source.name == "conv2d_panels").expect("it is there");
    assert!(keeps_an_array(source, 16, &[("LANES", 16.0), ("ROWS", 16.0), ("COLS", 4.0)]));
}
