//! What the translation finds out about numbers: the same in all lanes, counting them, or each its own.

use sumi_compiler::{
    compile_native_source,
    translate::{Translation, Way, translate},
};

/// A kernel of 64 invocations whose `main` has this body; `n` is a parameter.
fn translated(body: &str) -> Translation {
    let text = format!(
        "struct Params {{ n: u32, m: u32 }}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
var<workgroup> w: array<f32, 64>;
@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {{
    let i = id.x;
    let n = params.n;
    {body}
}}"
    );
    let compiled = compile_native_source("test.wgsl", &text, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"));
    translate(&compiled, 8).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What became of the accesses to `variable`.
fn ways(translation: &Translation, variable: &str) -> Vec<Way> {
    translation.touches().filter(|touch| touch.label == variable).map(|touch| touch.way).collect()
}

/// How `x[place]` is loaded after `before`.
#[track_caller]
fn assert_loads(before: &str, place: &str, way: Way) {
    let translation = translated(&format!("{before}\n y[i] = x[{place}];"));
    let text = || translation.lines.iter().map(|line| format!("{}\n", line.text)).collect::<String>();
    assert_eq!(ways(&translation, "x"), [way], "{before} x[{place}]\n{}", text());
    assert_eq!(ways(&translation, "y"), [Way::VectorStore], "{}", text());
}

#[test]
fn places_of_neighbours_are_one_vector() {
    for place in ["i", "n + lane", "n * 7u + i", "i + group.x", "2u * i - i", "(i << 1u) - i", "u32(i32(i) - i32(n))"] {
        assert_loads("", place, Way::VectorLoad);
    }
    assert_loads("", "group.x * 64u + index", Way::VectorLoad);
    assert_loads("var at = n + i; at += params.m;", "at", Way::VectorLoad);
    assert_loads("var at = i; for (var k = 0u; k < n; k += 1u) { at += params.m; }", "at", Way::VectorLoad);
    assert_loads("let at = select(i, i + 5u, n > 3u);", "at", Way::VectorLoad);
}

#[test]
fn what_all_lanes_share_is_loaded_once() {
    for place in ["n", "group.x + 3u", "n / params.m * 2u", "u32(x[n])", "i - lane - index + lane + index - i + n"] {
        let translation = translated(&format!("y[i] = x[{place}];"));
        assert!(ways(&translation, "x").iter().all(|way| *way == Way::Broadcast), "{place}: {:?}", translation.lines);
    }
    assert_loads("var k = 0u; loop { k += params.m; if k > n { break; } }", "k", Way::Broadcast);
    // Also where some lanes are missing, if it is not read behind the branch.
    let inside = translated("if lane > 3u { var k = n; k += 1u; y[i] = x[k]; }");
    assert_eq!(ways(&inside, "x"), [Way::Broadcast]);
}

#[test]
fn other_places_are_gathered() {
    for place in ["4u * i", "min(i, n)", "i / 2u", "i % 64u", "i & 7u", "i * n", "u32(v[i].x)", "i ^ 1u", "n - i"] {
        let translation = translated(&format!("y[i] = x[{place}];"));
        assert_eq!(ways(&translation, "x"), [Way::Gather], "{place}");
    }
    // Lanes take different ways to it.
    assert_loads("var at = i; if lane == 3u { at = n; }", "at", Way::Gather);
    assert_loads("var k = 0u; loop { if k >= lane { break; } k += 1u; }", "k", Way::Gather);
    assert_loads("var at = i; if n > 3u { at = n; }", "at", Way::Gather);
}

#[test]
fn neighbouring_vec4s_are_four_vectors() {
    let translation = translated("y[i] = dot(v[i], v[n]);");
    let broadcast = [Way::Broadcast; 4];
    assert_eq!(ways(&translation, "v"), [&[Way::FourVectorLoad][..], &broadcast].concat());
    assert_eq!(ways(&translated("y[i] = v[2u * i].x;"), "v"), [Way::Gather]);
}

#[test]
fn lanes_of_a_row_in_memory_are_loaded_alone() {
    let shuffled = translated("let row = x[n + lane]; y[i] = subgroupShuffle(row, params.m);");
    assert!(shuffled.lines.iter().any(|line| line.text.contains("get(m1,")), "{:?}", shuffled.lines);
    assert!(!shuffled.lines.iter().any(|line| line.text.contains("shuffle_f")), "{:?}", shuffled.lines);
    // What it yields is shared by all.
    let place = "u32(subgroupShuffle(f32(i) * 2.0, n))";
    assert_loads("", place, Way::Broadcast);
    assert_loads("", "u32(subgroupShuffle(f32(i), lane ^ n))", Way::Gather);
    assert_loads("", "u32(subgroupAdd(f32(i)))", Way::Broadcast);
    assert_loads("", "u32(subgroupInclusiveAdd(f32(i)))", Way::Gather);
    assert_loads("", "subgroupBallot(i > 7u).x", Way::Broadcast);
}

#[test]
fn branches_on_what_is_shared_are_branches() {
    let has = |translation: &Translation, word: &str| translation.lines.iter().any(|line| line.text.contains(word));
    let same = translated("if n > 3u { y[i] = 1.0; } for (var k = 0u; k < n; k += 1u) { y[i] += f32(k); }");
    assert!(!has(&same, "any_m") && !has(&same, "_masked") && has(&same, "if "), "{:?}", same.lines);
    let differing = translated("if i > n { y[i] = 1.0; }");
    assert!(has(&differing, "any_m") && has(&differing, "store_masked_f"), "{:?}", differing.lines);
    // A variable of which the missing lanes never hear again needs no blend.
    let inner = translated("if i > n { var a = f32(i); a += 1.0; y[i] = a; }");
    assert!(!has(&inner, "select_f"), "{:?}", inner.lines);
    let outer = translated("var a = 1.0; if i > n { a += f32(i); } y[i] = a;");
    assert!(has(&outer, "select_f"), "{:?}", outer.lines);
}

#[test]
fn values_wait_behind_barriers_as_what_they_are() {
    let translation = translated(
        "let at = n + i;
        w[index] = x[at];
        workgroupBarrier();
        y[at] = w[n] + w[63u - index] + w[index] + x[at];",
    );
    assert!(translation.barriers);
    assert_eq!(ways(&translation, "w"), [Way::VectorStore, Way::Broadcast, Way::Gather, Way::VectorLoad]);
    assert_eq!(ways(&translation, "x"), [Way::VectorLoad; 2]);
    assert_eq!(ways(&translation, "y"), [Way::VectorStore]);
}

/// The lines of a translation that add `m` to a variable, without knowing that it does not wrap.
fn wrapping_steps(body: &str) -> usize {
    let translation = translated(body);
    let m = |text: &str| text.contains("wrapping_add(p1)") || text.contains(", p1)") && !text.contains("place(");
    translation.lines.iter().filter(|line| m(&line.text)).count()
}

#[test]
fn a_variable_that_is_only_a_place_steps_without_wrapping() {
    let walk = |more: &str| {
        format!("var at = n; for (var k = 0u; k < n; k += 1u) {{ y[i] = x[at + 3u + lane]; at += params.m; {more} }}")
    };
    assert_eq!(wrapping_steps(&walk("")), 0);
    assert_eq!(wrapping_steps(&walk("at += params.m;")), 0);
    for other in ["y[i] = f32(at);", "if at > n { break; }", "y[i] = x[at * 2u];", "at = n - at;", "at += at;"] {
        assert_ne!(wrapping_steps(&walk(other)), 0, "{other}");
    }
    assert_ne!(
        wrapping_steps(
            "var k = vec2<u32>(n, i); for (var j = 0u; j < n; j += 1u) { k.x += params.m; } y[i] = f32(k.x);"
        ),
        0
    );
    assert_ne!(wrapping_steps("var k = n; for (var j = 0u; j < n; j += 1u) { k += params.m; }"), 0, "read by nothing");
}
