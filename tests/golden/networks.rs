//! Weight files as PyTorch's users have them, and what the networks in them draw; `make_networks.py` tells what each
//! is.

use std::path::{Path, PathBuf};

use super::{File, Tensor};

/// The files, without `.pth`.
pub const FILES: [&str; 9] = [
    "cyclegan_generator",
    "cyclegan_generator_old",
    "cyclegan_discriminator",
    "cut_generator",
    "cut_discriminator",
    "cut_heads",
    "animegan2_generator",
    "animegan2_discriminator",
    "cartoongan_generator",
];

/// What a network makes of an input, both NHWC.
#[derive(Clone, Debug)]
pub struct Case {
    /// One of [`FILES`]; all but the heads have at least one case.
    pub file: &'static str,
    /// `even`, `odd` (sides that do not divide by 4) or `patch` (large enough for discriminators).
    pub input_name: String,
    /// What there is a choice of: AnimeGANv2's generator `align_corners` or `half_pixel`, its discriminator `eval` or
    /// `train`, else nothing.
    pub variant: Option<String>,
    /// A picture in -1 … 1, of float32 numbers. CartoonGAN takes and makes BGR, so do its cases.
    pub input: Tensor,
    pub output: Tensor,
    /// The worst error of PyTorch's own float32, over the output's largest entry.
    pub float32: f64,
}

/// CUT's heads on the features that `cut_generator` has of the input `even`.
#[derive(Clone, Debug)]
pub struct Heads {
    /// The picture.
    pub input: Tensor,
    /// Of each head, for layers 0, 4, 8, 12: `[2, 8]` positions, row · width + column.
    pub positions: [Vec<usize>; 4],
    /// Of each head `[2, 8, 16]`, rows of length 1.
    pub rows: [Tensor; 4],
    /// The worst error of PyTorch's own float32, of each head.
    pub float32: [f64; 4],
}

/// Where a file lies; `file` is one of [`FILES`].
pub fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/weights/{file}.pth"))
}

/// Every case there is.
pub fn cases() -> Vec<Case> {
    let golden = open();
    let names = golden.tensors.names();
    let mut names: Vec<&str> = names.into_iter().filter(|name| name.starts_with("output.")).collect();
    names.sort_unstable();
    let case = |name: &str| {
        let mut parts = name.split('.').skip(1);
        let mut part = || parts.next();
        let (file, input_name) = part().zip(part()).unwrap_or_else(|| panic!("{name} is not the name of an output"));
        Case {
            file: FILES.into_iter().find(|known| *known == file).unwrap_or_else(|| panic!("{name} is of no file")),
            input_name: input_name.to_owned(),
            variant: part().map(str::to_owned),
            input: golden.tensor(&format!("input.{input_name}")),
            output: golden.tensor(name),
            float32: golden.numbers(&format!("float32.{name}"))[0],
        }
    };
    names.into_iter().filter(|name| !name.starts_with("output.cut_heads")).map(case).collect()
}

/// The heads' case.
pub fn heads() -> Heads {
    let golden = open();
    let output = |layer: usize| format!("output.cut_heads.{layer}");
    let positions = |layer| golden.numbers(&format!("positions.{layer}")).into_iter().map(|p| p as usize).collect();
    Heads {
        input: golden.tensor("input.even"),
        positions: [0, 1, 2, 3].map(positions),
        rows: [0, 1, 2, 3].map(|layer| golden.tensor(&output(layer))),
        float32: [0, 1, 2, 3].map(|layer| golden.numbers(&format!("float32.{}", output(layer)))[0]),
    }
}

/// `weight_u` and `weight_v` of every convolution of `animegan2_discriminator` after one forward pass in training,
/// named as in PyTorch.
pub fn spectral_state() -> Vec<Tensor> {
    let golden = open();
    let prefix = "state.animegan2_discriminator.";
    let named = |name: &str| Some(Tensor { name: name.strip_prefix(prefix)?.to_owned(), ..golden.tensor(name) });
    let mut state: Vec<Tensor> = golden.tensors.names().into_iter().filter_map(named).collect();
    state.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    state
}

fn open() -> File<'static> {
    File::open(include_bytes!("networks.safetensors"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm(values: &[f64]) -> f64 {
        values.iter().map(|v| v * v).sum::<f64>().sqrt()
    }

    #[test]
    fn every_file_is_there_and_has_a_case() {
        for file in FILES {
            let start = std::fs::read(path(file)).unwrap_or_else(|e| panic!("{}: {e}", path(file).display()));
            // A zip, or the protocol and the length of the number that opens the old stream.
            let old = ["cyclegan_generator_old", "cut_discriminator", "cartoongan_generator"].contains(&file);
            let opening: &[u8] = if old { b"\x80\x02\x8a\x0a" } else { b"PK\x03\x04" };
            assert!(start.starts_with(opening), "{file} starts with {:?}", &start[..4]);
            assert!(file == "cut_heads" || cases().iter().any(|case| case.file == file), "{file} has no case");
        }
    }

    /// Sizes as the published code has them, also where sides do not divide by 4.
    #[test]
    fn outputs_are_pictures_of_the_expected_size() {
        for Case { file, input_name, variant, input, output, float32 } in cases() {
            let expected = match (file, input_name.as_str(), variant.as_deref()) {
                (_, "even", _) => vec![2, 12, 16, 3],
                ("animegan2_generator", "odd", Some("align_corners")) => vec![1, 13, 10, 3],
                ("animegan2_generator", "odd", Some("half_pixel")) => vec![1, 12, 8, 3],
                (_, "odd", None) => vec![1, 16, 12, 3],
                ("animegan2_discriminator", "patch", Some("eval" | "train")) => vec![1, 10, 9, 1],
                (_, "patch", None) => vec![1, 3, 2, 1],
                other => panic!("{other:?} is not expected"),
            };
            assert_eq!(output.shape, expected, "{file} {input_name}");
            assert!(input.values.iter().all(|v| v.abs() <= 1.0));
            let largest = output.values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
            assert!(
                norm(&output.values) / (output.values.len() as f64).sqrt() > 0.2,
                "{file} {input_name}: nearly constant"
            );
            assert!(file.ends_with("discriminator") || largest < 1.0, "{file} {input_name}: a tanh is below 1");
            assert!(float32 <= 1e-5, "{file} {input_name}: PyTorch's float32 is off by {float32:.1e}");
        }
    }

    #[test]
    fn rows_of_the_heads_and_spectral_vectors_have_length_one() {
        let heads = heads();
        assert_eq!(heads.input.shape, [2, 12, 16, 3]);
        for layer in 0..4 {
            assert_eq!((heads.positions[layer].len(), &heads.rows[layer].shape[..]), (16, &[2, 8, 16][..]));
            assert!(heads.rows[layer].values.chunks_exact(16).all(|row| (norm(row) - 1.0).abs() < 1e-6));
            assert!(heads.float32[layer] <= 1e-5);
        }
        let state = spectral_state();
        assert_eq!(state.len(), 2 * 7);
        for Tensor { name, values, .. } in &state {
            assert!((norm(values) - 1.0).abs() < 1e-12, "{name}");
        }
        let of = |variant: &str| cases().into_iter().find(|c| c.variant.as_deref() == Some(variant)).expect("a case");
        assert_ne!(of("eval").output, of("train").output, "an iteration changes the norms");
    }
}
