//! One kernel, one file, one name, in all its places.

use super::code::{names_after, without_comments, words};
use super::hold;
use super::tree::{Source, files, root, text_of};

/// What may follow the name of the twin in a kernel's name: the technique of a rung on a ladder of equal results.
const TECHNIQUES: [&str; 11] =
    ["naive", "coop", "tiled", "lanes", "panels", "thin", "phases", "split", "partial", "fused", "vec4"];

/// The labels that a shader's header carries after the formula and the shapes.
const LABELS: [&str; 4] = ["Threads", "Memory", "Twin", "Used by"];

/// The kernels: shaders that are not imports. A repository without shaders/ has none yet.
fn kernels() -> Vec<&'static Source> {
    files("shaders", "wgsl").filter(|source| !source.is_in("shaders/common")).collect()
}

/// The names of all kernels.
pub fn stems() -> Vec<String> {
    kernels().iter().map(|source| source.stem().to_owned()).collect()
}

/// Holds a rule about shaders, if there is a folder of them.
fn hold_for(rule: &str, shaders: Vec<&'static Source>, breaches: impl Fn(&Source) -> Vec<String>) {
    if root().join("shaders").exists() {
        hold(rule, shaders, breaches);
    }
}

/// Where a kernel has to be named, as text.
struct Places {
    twins: String,
    ops: String,
    cases: String,
    contents: String,
}

#[test]
fn each_kernel_stands_in_all_its_places() {
    let rule = "each kernel has a twin in src/reference, is launched by name in src/ops or src/optim, has a case in \
        tests/common/cases, and a line in shaders/README.md";
    let places = Places {
        twins: text_of("src/reference", "rs"),
        ops: text_of("src/ops", "rs") + &text_of("src/optim", "rs"),
        cases: text_of("tests/common/cases", "rs"),
        contents: text_of("shaders/README.md", "md"),
    };
    hold_for(rule, kernels(), |kernel| missing_places(kernel, &places));

    let full = || Places {
        twins: "pub fn conv2d(x: &[f64]) {}".into(),
        ops: "gpu.kernel(\"conv2d_tiled\")".into(),
        cases: "case(\"conv2d_tiled\")".into(),
        contents: "* `conv2d_tiled`: with tiles".into(),
    };
    let missing = |path, places| missing_places(&Source::new(path, ""), &places).len();
    assert_eq!(missing("shaders/conv/conv2d_tiled.wgsl", full()), 0);
    assert_eq!(missing("shaders/conv/conv2d_tiled.wgsl", Places { twins: "fn conv2d_backward(".into(), ..full() }), 1);
    assert_eq!(missing("shaders/conv/conv2d_tiled.wgsl", Places { ops: "// \"conv2d_tiled\"".into(), ..full() }), 1);
    assert_eq!(missing("shaders/conv/conv2d_tiled.wgsl", Places { cases: "conv2d".into(), ..full() }), 1);
    assert_eq!(missing("shaders/conv/conv2d_tiled.wgsl", Places { contents: "conv2d_tiled_".into(), ..full() }), 1);
    assert_eq!(missing("shaders/conv/conv2d_backward.wgsl", full()), 4, "a derivative is no technique");
}

fn missing_places(kernel: &Source, places: &Places) -> Vec<String> {
    let stem = kernel.stem();
    let twins = twin_names(stem);
    let functions = names_after(&without_comments(&places.twins), "fn ");
    let stands = [
        (functions.iter().any(|(_, name)| twins.contains(&name.as_str())), "has no twin in src/reference"),
        (without_comments(&places.ops).contains(&format!("\"{stem}\"")), "is not launched in src/ops or src/optim"),
        (words(&without_comments(&places.cases)).any(|word| word == stem), "has no case in tests/common/cases"),
        (words(&places.contents).any(|word| word == stem), "has no line in shaders/README.md"),
    ];
    kernel.at(stands.into_iter().filter(|(found, _)| !found).map(|(_, what)| (0, format!("{stem} {what}"))))
}

/// The names that a kernel's twin may have: the kernel's own, and those left when techniques are taken off its end.
fn twin_names(stem: &str) -> Vec<&str> {
    let mut names = vec![stem];
    while let Some((shorter, last)) = names[names.len() - 1].rsplit_once('_') {
        if !TECHNIQUES.contains(&last) {
            break;
        }
        names.push(shorter);
    }
    names
}

#[test]
fn each_kernel_opens_with_its_header() {
    let rule = "a kernel's file opens with a comment: `// name: what it computes`, the formula, the shapes, then lines \
        that begin Threads, Memory, Twin (reference::<family>::<function>) and Used by";
    hold_for(rule, kernels(), header_gaps);

    let header = "// relu_lanes: the positive part\n//\n//   y[i] = max(x[i], 0)\n//\n// Threads  one for each\n\
        // Memory   reads x once\n// Twin     reference::activation::relu\n// Used by  relu forward\n";
    let gaps = |text: &str| header_gaps(&Source::new("shaders/activation/relu_lanes.wgsl", text)).len();
    assert_eq!(gaps(header), 0);
    assert_eq!(gaps(&header.replace("// relu_lanes: ", "// ")), 1);
    assert_eq!(gaps(&header.replace(" = ", " is ")), 1);
    assert_eq!(gaps(&header.replace("[i]", "")), 1);
    assert_eq!(gaps(&header.replace("// Threads  ", "// ")), 1);
    assert_eq!(gaps(&header.replace("// Used by", "const a = 1;\n// Used by")), 1, "the header ends where code begins");
    assert_eq!(gaps(&header.replace("activation::relu", "activation::elu")), 1);
    assert_eq!(gaps(&header.replace("activation::relu", "conv::relu")), 1);
}

fn header_gaps(kernel: &Source) -> Vec<String> {
    let header: Vec<&str> = kernel.text.lines().map_while(|line| line.strip_prefix("//")).collect();
    let text = header.join("\n");
    let label = |label: &str| header.iter().find_map(|line| line.strip_prefix(' ')?.strip_prefix(label));
    let title = format!(" {}: ", kernel.stem());
    let mut gaps = Vec::new();
    if !header.first().is_some_and(|line| line.starts_with(&title)) {
        gaps.push(format!("the first line does not begin with //{title}"));
    }
    if ![" = ", " ← "].iter().any(|sign| text.contains(sign)) {
        gaps.push("there is no formula (no ` = ` or ` ← `)".into());
    }
    if !text.contains('[') {
        gaps.push("there are no shapes or indices (no `[`)".into());
    }
    gaps.extend(LABELS.iter().filter(|name| label(name).is_none()).map(|name| format!("there is no line `// {name}`")));
    if let Some(twin) = label("Twin").and_then(|rest| rest.split_whitespace().next()) {
        let family = kernel.path.rsplit('/').nth(1).unwrap_or_default();
        let expected: Vec<_> =
            twin_names(kernel.stem()).iter().map(|name| format!("reference::{family}::{name}")).collect();
        if !expected.iter().any(|name| name == twin) {
            gaps.push(format!("the twin is {twin}, not {}", expected.join(" or ")));
        }
    }
    kernel.at(gaps.into_iter().map(|gap| (0, gap)))
}

#[test]
fn each_import_says_what_it_is() {
    let rule =
        "a file of shaders/common opens with `// name: what it holds`, and its file is called so, in full or short";
    let untitled = |source: &Source| {
        let title = source.text.strip_prefix("// ").and_then(|rest| rest.split_once(": "));
        match title.is_some_and(|(title, _)| title.starts_with(source.stem()) && words(title).count() == 1) {
            true => Vec::new(),
            false => source.at([(0, "no such first line")]),
        }
    };
    let imports: Vec<_> = files("shaders/common", "wgsl").collect();
    if !imports.is_empty() {
        hold(rule, imports, untitled);
    }
    assert_eq!(untitled(&Source::new("shaders/common/philox.wgsl", "// random: numbers")).len(), 1);
    assert_eq!(untitled(&Source::new("shaders/common/philox.wgsl", "// philox of numbers: many")).len(), 1);
    assert_eq!(untitled(&Source::new("shaders/common/philox.wgsl", "// philox4x32_10: words")).len(), 0);
}

#[test]
fn sums_have_a_fixed_order() {
    let rule = "no float atomics, nor their imitation by compare-exchange: a seed fixes the bits on one device";
    hold_for(rule, files("shaders", "wgsl").collect(), float_atomics);

    let breaks = |text| !float_atomics(&Source::new("shaders/reduce/sum.wgsl", text)).is_empty();
    assert!(breaks("var<storage, read_write> y: atomic < f32 >;"));
    assert!(breaks("let r = atomicCompareExchangeWeak(&y, old, new);"));
    assert!(!breaks("var<workgroup> count: atomic<u32>; // atomic<f32>"));
}

fn float_atomics(shader: &Source) -> Vec<String> {
    let code = without_comments(&shader.text).replace(' ', "");
    let forbidden = ["atomic<f32>", "atomic<f16>", "atomicCompareExchange"];
    let found = |line: &str| forbidden.iter().find(|word| line.contains(*word));
    shader.at(code.lines().enumerate().filter_map(|(number, line)| Some((number, found(line)?))))
}
