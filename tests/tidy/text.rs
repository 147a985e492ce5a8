//! Sizes, names, and what may not stand in any file.

use super::code::{lines_with, without_comments_and_strings};
use super::hold;
use super::tree::{Source, repository};

/// Lines of a file in src and of a shader: one idea fits in less.
const RUST_LINES: usize = 520;
const SHADER_LINES: usize = 300;
/// Characters of a line, as in rustfmt.toml.
const WIDTH: usize = 120;

/// Files that people write and read line by line (a table in Markdown or a manifest may be wider).
fn code_files() -> impl Iterator<Item = &'static Source> {
    repository().iter().filter(|source| !source.text.is_empty() && !["md", "toml"].contains(&source.extension()))
}

fn rust_files() -> impl Iterator<Item = &'static Source> {
    repository().iter().filter(|source| source.extension() == "rs")
}

#[test]
fn files_are_short() {
    let rule = "one idea a file: no file in src over 520 lines, no shader over 300, no line over 120 characters";
    hold(rule, code_files(), oversize);

    let breaks = |path, text: &str| !oversize(&Source::new(path, text)).is_empty();
    assert!(breaks("src/ops/conv.rs", &"\n".repeat(521)) && !breaks("src/ops/conv.rs", &"\n".repeat(520)));
    assert!(breaks("shaders/conv/conv2d.wgsl", &"\n".repeat(301)));
    assert!(breaks("scripts/with-adapter", &"é".repeat(121)) && !breaks("scripts/with-adapter", &"é".repeat(120)));
}

fn oversize(source: &Source) -> Vec<String> {
    let limit = match source.extension() {
        "rs" if source.is_in("src") => RUST_LINES,
        "wgsl" => SHADER_LINES,
        _ => usize::MAX,
    };
    let lines = source.text.lines().count();
    let long = (lines > limit).then(|| (lines - 1, format!("{lines} lines, of at most {limit}")));
    let width = |line: &str| Some(line.chars().count()).filter(|&width| width > WIDTH);
    let wide = source.text.lines().enumerate().filter_map(|(number, line)| Some((number, width(line)?)));
    source.at(long.into_iter().chain(wide.map(|(line, width)| (line, format!("{width} characters")))))
}

#[test]
fn names_say_what_is_inside() {
    let rule = "a file is named for what it holds or for its technique: never utils, helpers, misc, fast, new, old, \
        nor a version or a bare number";
    hold(rule, repository(), empty_name);

    for path in ["src/utils.rs", "shaders/conv/conv2d_v2.wgsl", "shaders/conv/conv2d_fast.wgsl", "src/nn/misc/a.rs"] {
        assert_eq!(empty_name(&Source::new(path, "")).len(), 1, "{path}");
    }
    assert_eq!(empty_name(&Source::new("shaders/conv/conv2d_3.wgsl", "")).len(), 1);
    assert!(empty_name(&Source::new("shaders/conv/conv_transpose2d_vec4.wgsl", "")).is_empty());
}

fn empty_name(source: &Source) -> Vec<String> {
    let banned = ["util", "utils", "helper", "helpers", "misc", "fast", "new", "old"];
    let version = |word: &str| {
        let digits = word.strip_prefix('v').unwrap_or(word);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    // Golden files may be numbered: their names are data, such as a seed or a step.
    let words = source.path.split(['/', '_', '-', '.']).filter(|_| !source.is_in("tests/golden"));
    source.at(words.filter(|word| banned.contains(word) || version(word)).map(|word| (0, format!("`{word}`"))))
}

#[test]
fn unsafe_stays_at_the_device() {
    let rule = "`unsafe` stands only in src/gpu/wgpu and in native";
    hold(rule, rust_files(), unsafe_lines);

    let breaks = |path, text| !unsafe_lines(&Source::new(path, text)).is_empty();
    assert!(breaks("src/tensor.rs", "let x = unsafe { y.get_unchecked(0) };"));
    assert!(breaks("tests/kernels/mod.rs", "#![allow(unsafe_code)]"));
    assert!(!breaks("src/tensor.rs", "// unsafe\nlet s = \"unsafe\";"));
    assert!(!breaks("src/gpu/wgpu/kernel.rs", "unsafe {}") && !breaks("native/src/lib.rs", "unsafe {}"));
}

fn unsafe_lines(source: &Source) -> Vec<String> {
    let allowed = source.is_in("src/gpu/wgpu") || source.is_in("native");
    let code = if allowed { String::new() } else { without_comments_and_strings(&source.text) };
    source.at(lines_with(&code, &["unsafe", "unsafe_code"]))
}

#[test]
fn nothing_is_unfinished() {
    let rule = "nothing unfinished: no todo!, unimplemented!, #[ignore], no notes of work left for later";
    hold(rule, code_files(), unfinished);

    let breaks = |text| !unfinished(&Source::new("src/ops/conv.rs", text)).is_empty();
    assert!(breaks("fn f() { todo!() }") && breaks("fn f() { unimplemented!(\"later\") }"));
    assert!(breaks("#[test]\n#[ignore = \"slow\"]\nfn f() {}"));
    assert!(breaks(concat!("// FIX", "ME: overflow")) && breaks(concat!("// TO", "DO: test")));
    assert!(!breaks("// the todo list of a tape; ignore the rest\nlet ignore = \"#[ignore]\";"));
}

fn unfinished(source: &Source) -> Vec<String> {
    // Written apart, so that this file obeys the rule.
    let notes = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X")];
    let mut found = source.at(lines_with(&source.text, &notes));
    if source.extension() == "rs" {
        let code = without_comments_and_strings(&source.text);
        let marks = ["todo!", "unimplemented!", "#[ignore"];
        let mark = |line: &str| marks.iter().find(|mark| line.contains(*mark));
        found.extend(source.at(code.lines().enumerate().filter_map(|(number, line)| Some((number, mark(line)?)))));
    }
    found
}
