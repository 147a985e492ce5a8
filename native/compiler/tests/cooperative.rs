//! Kernels with cooperative matrices: what a driver gets of them, and what their translation is.

use sumi_compiler::{compile, compile_native, kernels, translate::translate, variants::variants};

/// The driver's largest tile and the file's own.
const TILES: [&[(&str, f64)]; 2] = [&[("TILE_M", 128.0), ("TILE_N", 128.0), ("ACROSS", 4.0)], &[]];

fn names() -> Vec<&'static str> {
    kernels().map(|source| source.name).filter(|name| name.ends_with("_coop")).collect()
}

#[test]
fn drivers_get_matrices_in_variables_of_their_own() {
    assert_eq!(names().len(), 4);
    for name in names() {
        for tile in TILES {
            for vectors in [0.0, 1.0] {
                let overrides = [tile, &[("VEC_A", vectors), ("VEC_B", vectors)]].concat();
                let kernel = compile(name, &overrides).unwrap_or_else(|error| panic!("{error}"));
                assert!(kernel.uses_cooperative && kernel.uses_subgroups, "{name}");
                let text = kernel.to_wgsl().unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(text.contains("coop_mat16x16<f32") && !text.contains("array<coop_mat"), "{name}:\n{text}");
                let words = kernel.to_spirv().unwrap_or_else(|error| panic!("{name}: {error}"));
                // OpCooperativeMatrixMulAddKHR has the number 4459, five operands at least, and its length above it.
                let products = words.iter().filter(|word| **word & 0xffff == 4459 && **word >> 16 >= 6).count();
                let blocks = if tile.is_empty() { 4 } else { 8 };
                assert_eq!(products, 2 * blocks, "{name} with {overrides:?}");
                assert!(kernel.workgroup_bytes <= 48 << 10, "{name} takes {} bytes", kernel.workgroup_bytes);
            }
        }
    }
}

#[test]
fn natively_a_matrix_is_vectors() {
    for name in names() {
        let source = sumi_compiler::kernel(name).unwrap();
        for lanes in [8, 16] {
            let all = variants(source, lanes).unwrap();
            assert_eq!(all.len(), 2, "{name}");
            for variant in all {
                let given: Vec<_> = variant.iter().map(|(name, value)| (name.as_str(), f64::from(*value))).collect();
                let kernel = compile_native(name, &given).unwrap_or_else(|error| panic!("{error}"));
                let translation = translate(&kernel, lanes).unwrap_or_else(|error| panic!("{error}"));
                let count = |word: &str| translation.lines.iter().filter(|line| line.text.contains(word)).count();
                for call in ["load_c(", "multiply_add_c(", "store_c(", "half_f("] {
                    assert!(count(call) > 0, "{name} has no {call}");
                }
            }
        }
    }
}
