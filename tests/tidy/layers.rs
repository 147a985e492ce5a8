//! Layers are kept by a test, not by a dozen crates.

use super::code::{
    lines_with, names_after, shipped, without_comments, without_comments_and_strings, without_tests, words,
};
use super::hold;
use super::kernels::stems;
use super::tree::{Source, files};

/// Each layer with the layers it may import: from the bottom up, so that the direction can be read off.
const LAYERS: [(&str, &[&str]); 15] = [
    ("philox", &[]),
    ("parallel", &[]),
    ("gpu", &["philox"]),
    ("tensor", &["philox", "gpu"]),
    ("autograd", &["philox", "gpu", "tensor"]),
    ("ops", &["philox", "gpu", "tensor", "autograd"]),
    ("nn", &["philox", "gpu", "tensor", "autograd", "ops"]),
    ("optim", &["philox", "parallel", "gpu", "tensor", "autograd", "ops", "nn"]),
    ("models", &["philox", "gpu", "tensor", "autograd", "ops", "nn", "optim"]),
    ("data", &["philox"]),
    ("weights", &["philox", "gpu", "tensor", "autograd", "ops", "nn"]),
    ("train", &["philox", "parallel", "gpu", "tensor", "autograd", "ops", "nn", "optim", "models", "data", "weights"]),
    ("tune", &["philox", "parallel", "gpu", "tensor", "autograd", "ops", "nn", "models", "train"]),
    (
        "bin",
        &[
            "philox", "parallel", "gpu", "tensor", "autograd", "ops", "nn", "optim", "models", "data", "weights",
            "train", "tune",
        ],
    ),
    ("reference", &[]),
];

#[test]
fn imports_point_downwards() {
    let rule = "imports go gpu → tensor → autograd → ops → nn, optim → models → train → tune → bin, left imported \
        by right; philox and parallel are below all, data and weights are beside; nothing in src imports reference";
    hold(rule, files("src", "rs").filter(|source| source.path != "src/lib.rs"), upward_imports);

    let breaks = |path, text| !upward_imports(&Source::new(path, text)).is_empty();
    assert!(breaks("src/tensor.rs", "use crate::ops::add;"));
    assert!(breaks("src/tensor.rs", "fn f() {}\nuse crate::{\n    gpu::Buffer,\n    autograd::Var,\n};"));
    assert!(breaks("src/gpu/buffer.rs", "use super::super::tensor::Shape;"));
    assert!(breaks("src/train/dcgan.rs", "use crate::reference::conv;"));
    assert!(breaks("src/nn/conv.rs", "use crate::optim::Adam;"));
    assert!(breaks("src/nn/conv.rs", "use crate::Tensor;"), "a name of the root hides its layer");
    assert!(breaks("src/bin/train/main.rs", "use sumi::reference;"));
    assert!(breaks("src/utilities.rs", ""), "a file outside the layers");
    assert!(!breaks("src/ops/conv.rs", "use crate::{autograd::Var, ops::matmul}; // use crate::models;"));
    assert!(!breaks("src/bin/sample.rs", "use sumi::{models::Dcgan, data, Error};"));
}

fn layer_of(path: &str) -> &str {
    let below = path.strip_prefix("src/").unwrap_or(path);
    below.split(['/', '.']).next().unwrap_or(below)
}

fn upward_imports(source: &Source) -> Vec<String> {
    let layer = layer_of(&source.path);
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return source.at([(0, format!("{layer} is no layer: give it a place in LAYERS"))]);
    };
    let known = |name: &str| LAYERS.iter().any(|(layer, _)| *layer == name);
    let code = without_comments_and_strings(&source.text);
    let mut named = names_after(&code, "crate::");
    named.extend(names_after(&code, "sumi::").into_iter().filter(|(_, name)| layer != "bin" || known(name)));
    // `super::` that climbs to another layer is a way round the rule.
    named.extend(names_after(&code, "super::").into_iter().filter(|(_, name)| known(name)));
    let upward = named.into_iter().filter(|(_, name)| name != layer && !allowed.contains(&name.as_str()));
    source.at(upward.map(|(line, name)| (line, format!("{layer} names {name}"))))
}

#[test]
fn twins_import_std_alone() {
    let rule = "src/reference imports std only";
    hold(rule, files("src/reference", "rs"), foreign_imports);

    let breaks = |text| !foreign_imports(&Source::new("src/reference/conv.rs", text)).is_empty();
    assert!(breaks("use rayon::prelude::*;") && breaks("pub use naga;") && breaks("let r = rand::random();"));
    assert!(!breaks("use std::f64::consts::PI;\nuse super::Shape;\nlet x = f64::from(a); conv::conv2d(x);"));
}

/// Uses of the package's dependencies, and `use` of anything but std and the twins themselves.
fn foreign_imports(source: &Source) -> Vec<String> {
    let code = without_comments_and_strings(&source.text);
    let own = ["std", "core", "crate", "super", "self"];
    let mut found: Vec<_> =
        names_after(&code, "use ").into_iter().filter(|(_, n)| !own.contains(&n.as_str())).collect();
    for dependency in dependencies() {
        found.extend(names_after(&code, &format!("{dependency}::")).into_iter().map(|(n, _)| (n, dependency.clone())));
    }
    source.at(found.into_iter().map(|(line, name)| (line, format!("the twins name {name}"))))
}

/// The crates that Cargo.toml lists, as code spells them.
fn dependencies() -> Vec<String> {
    let manifest = files("Cargo.toml", "toml").map(|source| source.text.as_str()).collect::<String>();
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    let sections = ["dependencies", "dev-dependencies"].into_iter().filter_map(|name| manifest.get(name)?.as_table());
    sections.flat_map(|section| section.keys()).map(|name| name.replace('-', "_")).collect()
}

/// Words that only some places of src may say, with the rule that says so.
struct Reserved {
    rule: &'static str,
    words: &'static [&'static str],
    places: &'static [&'static str],
    /// A line that breaks the rule wherever it is not allowed.
    example: &'static str,
}

const RESERVED: [Reserved; 7] = [
    Reserved {
        rule: "only src/gpu/native names sumi_native: the rest of the crate does not know which device it is on",
        words: &["sumi_native"],
        places: &["src/gpu/native"],
        example: "use sumi_native::Buffer;",
    },
    Reserved {
        rule: "only src/parallel speaks MPI",
        words: &["mpi"],
        places: &["src/parallel"],
        example: "use mpi::topology::SimpleCommunicator;",
    },
    Reserved {
        rule: "only src/gpu names naga: the rest of the crate speaks of kernels, not of their syntax trees",
        words: &["naga"],
        places: &["src/gpu"],
        example: "use naga::front::wgsl;",
    },
    Reserved {
        rule: "only gpu/cache, data, weights, train/checkpoint, train/report and bin touch files",
        words: &["fs", "File", "OpenOptions", "tempfile", "walkdir"],
        places: &["src/gpu/cache", "src/data", "src/weights", "src/train/checkpoint", "src/train/report", "src/bin"],
        example: "let bytes = std::fs::read(path);",
    },
    Reserved {
        rule: "only bin prints",
        words: &["print!", "println!", "eprint!", "eprintln!", "dbg!", "stdout", "stderr", "indicatif"],
        places: &["src/bin"],
        example: "eprintln!(\"{loss}\");",
    },
    Reserved {
        rule: "only bin reads the environment",
        words: &["env", "ctrlc"],
        places: &["src/bin"],
        example: "let path = std::env::var(\"HOME\");",
    },
    Reserved {
        rule: "only bin, train/config and what a recipe can be told (flags and settings) know the command line: a \
            value stands beside its flag, its check and its presets",
        words: &["clap"],
        places: &[
            "src/bin",
            "src/train/config",
            "src/train/flags",
            "src/train/dcgan/settings",
            "src/train/cyclegan/settings",
            "src/train/cut/settings",
            "src/train/anime/settings",
            "src/train/faces/settings",
            "src/train/noise/settings",
            "src/train/translate/settings",
        ],
        example: "use clap::Parser;",
    },
];

#[test]
fn reserved_words_stay_in_their_places() {
    for reserved in &RESERVED {
        hold(reserved.rule, files("src", "rs"), |source| strayed(reserved, source));

        let stray = Source::new("src/ops/conv.rs", reserved.example);
        assert_eq!(strayed(reserved, &stray).len(), 1, "not seen: {}", reserved.example);
        let at_home = Source::new(&format!("{}/mod.rs", reserved.places[0]), reserved.example);
        assert!(strayed(reserved, &at_home).is_empty());
        let in_a_test = format!("\n#[cfg(test)]\nmod tests {{\n    {}\n}}\n", reserved.example);
        assert!(strayed(reserved, &Source::new("src/ops/conv.rs", &in_a_test)).is_empty());
    }
}

fn strayed(reserved: &Reserved, source: &Source) -> Vec<String> {
    if reserved.places.iter().any(|place| source.is_in(place)) {
        return Vec::new();
    }
    // env! asks cargo, at compile time, not the machine that runs the program.
    let code = shipped(&source.text).replace("env!(", "(");
    source.at(lines_with(&code, reserved.words))
}

#[test]
fn wgpu_stays_behind_the_interface() {
    let rule = "only src/gpu/wgpu names the crate wgpu: a second kind of device stands behind the same interface";
    hold(rule, files("src", "rs"), wgpu_named);

    let breaks = |path, text| !wgpu_named(&Source::new(path, text)).is_empty();
    assert!(breaks("src/ops/conv.rs", "fn f(b: wgpu::Buffer) {}"));
    assert!(breaks("src/gpu/mod.rs", "pub use ::wgpu::Limits;") && breaks("src/gpu/buffer.rs", "use wgpu as device;"));
    assert!(breaks("src/gpu/mod.rs", "mod wgpu;\nuse ::wgpu::Limits;"), "the module hides the crate, but for `::`");
    assert!(!breaks("src/gpu/mod.rs", "mod wgpu;\npub use self::wgpu::open;\nlet d = wgpu::adapters(); // wgpu::A"));
    assert!(!breaks("src/gpu/device.rs", "use super::wgpu::open;"));
    assert!(!breaks("src/gpu/wgpu/device.rs", "use wgpu::Device;"));
}

fn wgpu_named(source: &Source) -> Vec<String> {
    if source.is_in("src/gpu/wgpu") {
        return Vec::new();
    }
    let mut code = without_comments_and_strings(&source.text);
    let declared = code.lines().any(|line| line == "mod wgpu;");
    for ours in ["mod wgpu", "self::wgpu", "super::wgpu", "gpu::wgpu"] {
        code = code.replace(ours, "");
    }
    // Where our module of that name is declared, only a leading `::` still reaches the crate.
    let named = |line: &str| if declared { line.contains("::wgpu") } else { words(line).any(|word| word == "wgpu") };
    source.at(code.lines().enumerate().filter(|(_, line)| named(line)))
}

#[test]
fn only_ops_and_optim_name_kernels() {
    let rule = "only ops and optim name kernels in string literals (but twins name themselves in panics, and bin, \
        train/config, train/dcgan/settings, train/augment, train/watch and train/report name flags, what they take, \
        and columns, which may sound alike)";
    let stems = stems();
    hold(rule, files("src", "rs"), |source| kernels_named(source, &stems));

    let stems = ["conv2d_tiled".to_owned()];
    let breaks = |path, text| !kernels_named(&Source::new(path, text), &stems).is_empty();
    assert!(breaks("src/nn/conv.rs", "let k = gpu.kernel(\"conv2d_tiled\");"));
    assert!(!breaks("src/ops/conv.rs", "let k = gpu.kernel(\"conv2d_tiled\");"));
    assert!(!breaks("src/nn/conv.rs", "// unlike \"conv2d_tiled\"\nlet conv2d_tiled = \"conv2d_tiled.weight\";"));
}

fn kernels_named(source: &Source, stems: &[String]) -> Vec<String> {
    let told =
        ["src/train/config", "src/train/dcgan/settings", "src/train/watch", "src/train/augment", "src/train/report"];
    let places = ["src/ops", "src/optim", "src/reference", "src/bin"].into_iter().chain(told);
    if places.into_iter().any(|place| source.is_in(place)) {
        return Vec::new();
    }
    let code = without_tests(&without_comments(&source.text));
    let literal = |line: &str| stems.iter().find(|stem| line.contains(&format!("\"{stem}\""))).cloned();
    source.at(code.lines().enumerate().filter_map(|(number, line)| Some((number, literal(line)?))))
}
