//! The repository's own rules. A failure quotes the rule and names the file and line that break it; each rule is also
//! shown a made-up text that breaks it, so that none can pass by seeing nothing.
//!
//! * `layers`: who may import whom, and who may name wgpu, naga, files, the terminal.
//! * `kernels`: a kernel stands in all its places, and its file opens with the header that readers rely on.
//! * `text`: sizes, names, `unsafe`, nothing unfinished.
//! * `project`: every test is reached, and the README's commands are those that CI runs.

mod code;
mod kernels;
mod layers;
mod project;
mod text;
mod tree;

use tree::Source;

/// Panics with `rule` and what `breaches` finds in `sources`, of which there must be some.
fn hold<'a>(rule: &str, sources: impl IntoIterator<Item = &'a Source>, breaches: impl Fn(&Source) -> Vec<String>) {
    let mut seen = 0;
    let found: Vec<String> = sources.into_iter().inspect(|_| seen += 1).flat_map(breaches).collect();
    assert!(seen > 0, "no file was looked at for the rule: {rule}");
    assert!(found.is_empty(), "the rule: {rule}\nis broken by\n  {}\n", found.join("\n  "));
}
