//! The table of shader files, compiled into the crate by `build.rs`.

/// One `.wgsl` file below `shaders/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The file's stem, which is also the kernel's label in profiles, benches and error messages.
    pub name: &'static str,
    /// The path relative to `shaders/`, with forward slashes.
    pub path: &'static str,
    /// The file as written, `#import` lines included.
    pub text: &'static str,
}

impl Source {
    /// Whether the file holds shared helpers (`shaders/common/`) instead of a kernel.
    pub fn is_common(&self) -> bool {
        self.path.starts_with("common/")
    }
}

static SOURCES: &[Source] = &include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// Every shader file, kernels and shared helpers alike, ordered by path.
pub fn sources() -> &'static [Source] {
    SOURCES
}

/// Every kernel: all files but those of `shaders/common/`.
pub fn kernels() -> impl Iterator<Item = &'static Source> {
    SOURCES.iter().filter(|source| !source.is_common())
}

/// The kernel called `name`, if there is one.
pub fn kernel(name: &str) -> Option<&'static Source> {
    kernels().find(|source| source.name == name)
}
