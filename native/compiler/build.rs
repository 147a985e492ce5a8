//! Gathers `shaders/**/*.wgsl` into one table that is compiled into the crate, so that adding a kernel means adding a
//! file.

use std::{env, fmt::Write, fs, path::Path};

fn main() {
    let package = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let root =
        Path::new(&package).join("../../shaders").canonicalize().expect("shaders/ lies at the root of the workspace");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    files.sort();
    let mut table = String::from("[\n");
    for relative in files {
        let absolute = root.join(&relative);
        let stem = Path::new(&relative).file_stem().expect("a shader has a name").to_string_lossy().into_owned();
        writeln!(table, "    Source {{ name: {stem:?}, path: {relative:?}, text: include_str!({absolute:?}) }},")
            .expect("writing to a string cannot fail");
    }
    table.push(']');
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("sources.rs");
    fs::write(out, table).expect("the table of shaders could not be written to OUT_DIR");
}

/// Appends every `.wgsl` file below `folder`, named relative to `root` with forward slashes on every system.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|e| e == "wgsl") {
            let relative = path.strip_prefix(root).expect("found below the root");
            files.push(relative.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"));
        }
    }
}
