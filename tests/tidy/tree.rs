//! The files that the rules look at.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use walkdir::WalkDir;

/// Folders of the repository that hold what we wrote, and the files beside them that rules speak of.
const PLACES: [&str; 12] = [
    "src",
    "shaders",
    "native",
    "tests",
    "benches",
    "examples",
    "scripts",
    ".ci",
    ".github",
    "build.rs",
    "Cargo.toml",
    "README.md",
];

/// Endings of files that are text; a file in `scripts` or `.ci` without an ending is text too.
const TEXT: [&str; 8] = ["rs", "wgsl", "md", "toml", "sh", "py", "yml", ""];

/// A file: its path from the root of the repository, with forward slashes, and its text (none if it is not text).
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    pub fn extension(&self) -> &str {
        Path::new(&self.path).extension().map_or("", |ending| ending.to_str().unwrap_or(""))
    }

    /// The name without its ending.
    pub fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().map_or("", |stem| stem.to_str().unwrap_or(""))
    }

    /// True for the file `place` (with or without `.rs`) and for everything in a folder of that name.
    pub fn is_in(&self, place: &str) -> bool {
        self.path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
    }

    /// `path:line: what`, for the line numbers (from 0) and words of `breaches`.
    pub fn at<W: Display>(&self, breaches: impl IntoIterator<Item = (usize, W)>) -> Vec<String> {
        breaches.into_iter().map(|(line, what)| format!("{}:{}: {what}", self.path, line + 1)).collect()
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of `PLACES`, in a fixed order.
pub fn repository() -> &'static [Source] {
    static FILES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let root = root();
        let walk = |place: &&str| WalkDir::new(root.join(place)).sort_by_file_name().into_iter();
        let files = PLACES.iter().filter(|place| root.join(place).exists()).flat_map(walk);
        files
            .map(|entry| entry.expect("the repository can be read"))
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| read(&root, entry.path()))
            .filter(|source| !source.path.contains("/target/"))
            .collect()
    });
    &FILES
}

fn read(root: &Path, path: &Path) -> Source {
    let relative = path.strip_prefix(root).expect("found below the root");
    let names: Vec<_> = relative.components().map(|name| name.as_os_str().to_string_lossy()).collect();
    let mut source = Source::new(&names.join("/"), "");
    if TEXT.contains(&source.extension()) {
        source.text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    source
}

/// The files of the repository in `place` that end with `.extension`.
pub fn files(place: &str, extension: &str) -> impl Iterator<Item = &'static Source> {
    repository().iter().filter(move |source| source.is_in(place) && source.extension() == extension)
}

/// All that `files` finds, as one text.
pub fn text_of(place: &str, extension: &str) -> String {
    files(place, extension).map(|source| source.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_scan_sees_the_repository() {
    for path in ["src/lib.rs", "tests/tidy/tree.rs", "scripts/with-adapter", ".ci/run", "README.md"] {
        let source = repository().iter().find(|source| source.path == path);
        assert!(source.is_some_and(|source| !source.text.is_empty()), "{path} was not seen");
    }
    assert!(!root().join("shaders").exists() || files("shaders", "wgsl").count() > 0, "no shader was seen");
}

#[test]
fn a_place_is_a_file_or_a_folder() {
    let file = Source::new("src/train/checkpoint.rs", "");
    assert!(file.is_in("src/train/checkpoint") && file.is_in("src/train") && file.is_in("src/train/checkpoint.rs"));
    assert!(!file.is_in("src/train/check") && !file.is_in("src/tra"));
}
