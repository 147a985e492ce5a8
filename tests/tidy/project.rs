//! What the README promises is what CI runs, and every test is reached.

use super::code::{names_after, without_comments_and_strings};
use super::hold;
use super::tree::{Source, files, text_of};

/// The two commands of a stranger with a fresh machine.
const TRAIN: &str = "cargo run --release --bin train";
const TEST: &str = "cargo test --release";

#[test]
fn the_readme_and_ci_agree() {
    let rule = "README.md shows the command that trains and the one that tests, and .ci/run runs the second";
    let promised = [("README.md", "md", vec![TRAIN, TEST]), (".ci/run", "", vec![TEST])];
    for (place, extension, commands) in promised {
        hold(rule, files(place, extension), |source| lacking(source, &commands));
    }
    let runs = |line| lacking(&Source::new(".ci/run", line), &[TEST]).is_empty();
    assert!(runs("stage tests cargo test --release"));
    assert!(!runs("# cargo test --release") && !runs("scripts/with-adapter cargo test --release"));
    assert_eq!(lacking(&Source::new("README.md", "    cargo test\n"), &[TRAIN, TEST]).len(), 2);
}

/// The commands that end no line of the file by themselves: comments of a script do not count, nor what first installs
/// a driver.
fn lacking(source: &Source, commands: &[&str]) -> Vec<String> {
    let lines = || source.text.lines().filter(|line| source.extension() == "md" || !line.trim_start().starts_with('#'));
    let shown = |line: &str, command| line.trim_end().ends_with(command) && !line.contains("with-adapter");
    let missing = commands.iter().filter(|command| !lines().any(|line| shown(line, **command)));
    source.at(missing.map(|command| (0, format!("`{command}` is missing"))))
}

/// What cargo itself reaches: Cargo.toml names them.
const ROOTS: [&str; 2] = ["tests/main.rs", "tests/fuzz/main.rs"];

#[test]
fn every_test_file_is_reached() {
    let rule =
        "every Rust file below tests/ is declared by the one above it: cargo runs only what the main.rs files reach";
    let all = |path: &str| text_of(path, "rs");
    hold(rule, files("tests", "rs").filter(|source| !ROOTS.contains(&source.path.as_str())), |source| {
        orphaned(source, all)
    });

    let main = |path: &str| if path == "tests/main.rs" { "mod tidy; // mod golden;".to_owned() } else { String::new() };
    let orphan = |path| !orphaned(&Source::new(path, ""), main).is_empty();
    assert!(!orphan("tests/tidy.rs") && !orphan("tests/tidy/mod.rs"));
    assert!(orphan("tests/golden/mod.rs") && orphan("tests/tidy/text.rs"));
}

fn orphaned(source: &Source, text: impl Fn(&str) -> String) -> Vec<String> {
    let module = source.path.strip_suffix("/mod.rs").or(source.path.strip_suffix(".rs")).unwrap_or(&source.path);
    let (folder, name) = module.rsplit_once('/').unwrap_or(("", module));
    let parents = match folder {
        "tests" => vec!["tests/main.rs".to_owned()],
        _ => vec![format!("{folder}.rs"), format!("{folder}/mod.rs"), format!("{folder}/main.rs")],
    };
    let declared = |parent: &String| {
        names_after(&without_comments_and_strings(&text(parent)), "mod ").iter().any(|(_, module)| module == name)
    };
    if parents.iter().any(declared) { Vec::new() } else { source.at([(0, "no `mod` leads here")]) }
}
