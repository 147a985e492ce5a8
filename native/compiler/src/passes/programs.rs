//! Programs that are run before and after the passes and must give the same: chosen ones, and thousands drawn at
//! random. Test only.

use super::interpret::run;
use crate::compile::resolve_source;
use crate::compile_source;
use proptest::prelude::*;

const RESULTS: usize = 8;

/// A kernel whose `main` has the given body. It reads `n`, which no pass can know.
pub fn kernel(functions: &str, body: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
{functions}
@compute @workgroup_size(1)
fn main() {{
    let n = x[0];
{body}
}}
"
    )
}

/// The body of `main` after the passes, one statement per line, names as naga gives them.
pub fn written_out(text: &str) -> String {
    let wgsl = compile_source("test.wgsl", text, &[]).unwrap().to_wgsl().unwrap();
    let main = wgsl.split("fn main(").nth(1).unwrap();
    let body = main.split_once("{\n").unwrap().1.trim_end().strip_suffix('}').unwrap();
    body.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Runs `text` before and after the passes for several `n`, and demands the same results.
pub fn assert_unchanged(text: &str) {
    let before = resolve_source(text, &[]).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    let after = compile_source("test.wgsl", text, &[]).unwrap_or_else(|error| panic!("{error} in\n{text}")).module;
    for n in 0..5 {
        assert_eq!(run(&before, &[n], RESULTS), run(&after, &[n], RESULTS), "before and after, n = {n}, in\n{text}");
    }
}

/// A statement of a program drawn at random.
#[derive(Debug, Clone)]
enum Step {
    /// `a[counters] += …`
    Add(u8),
    /// `m[counters][counters] += …`
    AddNested(u8),
    /// `j = …`: `j` is sometimes known and sometimes not.
    Change(u8),
    /// `a = array(…)`
    Assign(u8),
    /// A small array of its own, which starts as zero each time.
    Local(u8, Vec<Step>),
    If(u8, Vec<Step>, Vec<Step>),
    Switch(Vec<Step>, Vec<Step>),
    For(u8, Vec<Step>),
    Break(u8),
    Continue(u8),
    Return(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let leaf = prop_oneof![
        4 => any::<u8>().prop_map(Step::Add),
        2 => any::<u8>().prop_map(Step::AddNested),
        2 => any::<u8>().prop_map(Step::Change),
        1 => any::<u8>().prop_map(Step::Assign),
        1 => any::<u8>().prop_map(Step::Break),
        1 => any::<u8>().prop_map(Step::Continue),
        1 => any::<u8>().prop_map(Step::Return),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let steps = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            3 => (any::<u8>(), steps()).prop_map(|(kind, body)| Step::For(kind, body)),
            2 => (any::<u8>(), steps(), steps()).prop_map(|(kind, yes, no)| Step::If(kind, yes, no)),
            1 => (steps(), steps()).prop_map(|(one, other)| Step::Switch(one, other)),
            1 => (any::<u8>(), steps()).prop_map(|(kind, body)| Step::Local(kind, body)),
        ]
    })
}

/// The text of `steps`, inside `depth` loops with the counters `i0`, `i1`, …
fn text(steps: &[Step], depth: usize) -> String {
    steps.iter().map(|step| text_of(step, depth)).collect()
}

fn text_of(step: &Step, depth: usize) -> String {
    let counter = |kind: u8| match depth {
        0 => format!("{}u", kind % 4),
        _ => format!("i{}", kind as usize % depth),
    };
    let condition = |kind: u8| match kind % 6 {
        0 => format!("{} == 1u", counter(kind / 6)),
        1 => format!("{} + 1u >= j", counter(kind / 6)),
        2 => "j % 2u == 0u".to_string(),
        3 => format!("n > {}", counter(kind / 6)),
        4 => format!("{0} < 3u && j > {0}", counter(kind / 6)),
        _ => format!("n == 2u || {} == 0u", counter(kind / 6)),
    };
    match step {
        Step::Add(kind) => format!("a[({0} * 2u + {kind}u) % 4u] += f32({0} + {kind}u);\n", counter(*kind)),
        Step::AddNested(kind) => format!("m[{0} % 2u][({0} + {kind}u) % 3u] += f32(j + 1u);\n", counter(*kind)),
        Step::Change(kind) => match kind % 4 {
            0 => format!("j = {}u;\n", kind / 4 % 5),
            1 => format!("j = j + {};\n", counter(kind / 4)),
            2 => "j = n;\n".to_string(),
            _ => format!("j = select(j, 1u, {});\n", condition(kind / 4)),
        },
        Step::Assign(kind) => format!("a = array<f32, 4>(1.0, f32(j), a[2], {kind}.0);\n"),
        Step::Local(kind, body) => format!(
            "{{ var t: array<f32, 2>; t[{0} % 2u] += 1.5;\n{1}t[1] += f32(j); a[0] += t[0] - t[1]; }}\n",
            counter(*kind),
            text(body, depth)
        ),
        Step::If(kind, yes, no) => {
            format!("if ({}) {{\n{}}} else {{\n{}}}\n", condition(*kind), text(yes, depth), text(no, depth))
        }
        // A `break` in a switch would leave the switch: jumps inside are told that there is no loop.
        Step::Switch(one, other) => format!(
            "switch (j % 3u) {{ case 1u: {{\n{}}} case 2u: {{ if (n == 1u) {{ break; }} a[1] += 1.0; }}
default: {{\n{}}} }}\n",
            text(one, depth),
            text(other, depth)
        ),
        Step::For(kind, body) => {
            let inner = text(body, depth + 1);
            let name = format!("i{depth}");
            let bound = match kind / 8 % 4 {
                0 => "n".to_string(),
                1 => format!("{} + 1u", counter(kind / 32)),
                _ => format!("{}u", kind / 32 % 5),
            };
            match kind % 8 {
                0 => format!("for (var {name} = 6u; {name} > {bound}; {name} -= 1u) {{\n{inner}}}\n"),
                1 => format!("for (var {name} = 1u; {name} <= {bound}; {name} += 2u) {{\n{inner}}}\n"),
                2 => format!(
                    "{{ var {name} = 0u; loop {{\n{inner}continuing {{ {name}++; break if {name} >= {bound}; }} }} }}\n"
                ),
                3 => format!("{{ var {name} = 0u; while ({name} < {bound}) {{ {name} += 1u;\n{inner}}} }}\n"),
                _ => format!("for (var {name} = 0u; {name} < {bound}; {name} += 1u) {{\n{inner}}}\n"),
            }
        }
        Step::Break(kind) if depth > 0 => format!("if ({}) {{ break; }}\n", condition(*kind)),
        Step::Continue(kind) if depth > 0 => format!("if ({}) {{ continue; }}\n", condition(*kind)),
        Step::Return(kind) => format!("if ({} && n > 1u) {{ y[7] = f32(j); return; }}\n", condition(*kind)),
        Step::Break(_) | Step::Continue(_) => String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_compute_the_same_after_the_passes(steps in prop::collection::vec(step(), 1..5)) {
        let body = format!(
            "var a = array<f32, 4>(1.0, 2.0, 3.0, 4.0);
var m: array<array<f32, 3>, 2>;
var j = 1u;
{}for (var k = 0u; k < 4u; k += 1u) {{ y[k] = a[k]; }}
y[4] = f32(j);
y[5] = m[0][0] + 2.0 * m[0][1] + 4.0 * m[0][2];
y[6] = m[1][0] + 2.0 * m[1][1] + 4.0 * m[1][2];
",
            text(&steps, 0)
        );
        assert_unchanged(&kernel("", &body));
    }
}
