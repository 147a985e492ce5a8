//! Small kernels and what becomes of their loops.

use super::super::programs::{assert_unchanged, kernel, written_out};
use super::MOST_TURNS;
use crate::compile_source;

/// The indices of `y` that the kernel assigns, in order, if no loop is left in it.
fn assigned(body: &str) -> Vec<u32> {
    let text = kernel("", body);
    assert_unchanged(&text);
    let written = written_out(&text);
    assert!(!written.contains("loop"), "{written}");
    let index = |line: &str| line.strip_prefix("y[")?.split(']').next()?.parse().ok();
    written.lines().filter_map(index).collect()
}

/// Asserts that the kernel still has `loops` loops, and computes the same.
fn assert_loops(body: &str, loops: usize) {
    let text = kernel("", body);
    assert_unchanged(&text);
    let written = written_out(&text);
    assert_eq!(written.matches("loop {").count(), loops, "{written}");
}

#[test]
fn every_spelling_of_a_loop_is_written_out() {
    assert_eq!(assigned("for (var i = 0u; i < 3u; i += 1u) { y[i] = 1.0; }"), [0, 1, 2]);
    assert_eq!(assigned("for (var i = 1; i <= 5; i += 2) { y[i] = 1.0; }"), [1, 3, 5]);
    assert_eq!(assigned("for (var i = 3; i >= 0; i--) { y[i] = 1.0; }"), [3, 2, 1, 0]);
    assert_eq!(assigned("for (var i = 6u; i > 1u; i -= 2u) { y[i] = 1.0; }"), [6, 4, 2]);
    assert_eq!(assigned("for (var i = 1u; i != 8u; i *= 2u) { y[i] = 1.0; }"), [1, 2, 4]);
    assert_eq!(assigned("var i = 5u; while i > 2u { i -= 1u; y[i] = 1.0; }"), [4, 3, 2]);
    assert_eq!(assigned("var i = 0u; loop { y[i] = 1.0; continuing { i++; break if i == 2u; } }"), [0, 1]);
    assert!(assigned("for (var i = 4u; i < 4u; i++) { y[i] = 1.0; }").is_empty());
}

#[test]
fn arithmetic_on_the_counter_is_done() {
    let body = "for (var i = 0u; i < 2u; i++) { for (var j = 0; j < 2; j++) { y[(i * 2u + u32(j)) % 3u] = 1.0; } }";
    assert_eq!(assigned(body), [0, 1, 2, 0]);
    let triangle = "for (var i = 0u; i < 3u; i++) { for (var j = 0u; j < i; j++) { y[i + j] = 1.0; } }";
    assert_eq!(assigned(triangle), [1, 2, 3]);
    let branches = "for (var i = 0u; i < 4u; i++) { if i < 2u && i != 0u { y[i] = 1.0; } else { y[4u + i] = 1.0; } }";
    assert_eq!(assigned(branches), [4, 1, 6, 7]);
    assert_eq!(assigned("var at = 0u; for (var i = 0u; i < 3u; i++) { y[at] = 1.0; at += 2u; }"), [0, 2, 4]);
}

#[test]
fn overrides_bound_loops() {
    let body = "for (var i = 0u; i < TURNS; i++) { y[i] = 1.0; }";
    let text = kernel("override TURNS: u32 = 4;", body);
    let written = |turns| {
        let kernel = compile_source("test.wgsl", &text, &[("TURNS", turns)]).unwrap();
        kernel.to_wgsl().unwrap().matches("] = 1f").count()
    };
    assert_eq!((written(2.0), written(7.0)), (2, 7));
}

#[test]
fn constant_arrays_are_read_beforehand() {
    let text = kernel("const AT = array<u32, 3>(4u, 0u, 2u);", "for (var i = 0; i < 3; i++) { y[AT[i]] = f32(i); }");
    assert_unchanged(&text);
    assert_eq!(written_out(&text).replace("let n = x[0];\n", ""), "y[4] = 0f;\ny[0] = 1f;\ny[2] = 2f;\nreturn;");
}

#[test]
fn jumps_decided_by_known_values_are_followed() {
    assert_eq!(assigned("for (var i = 0u; i < 8u; i++) { if i == 2u { break; } y[i] = 1.0; }"), [0, 1]);
    assert_eq!(assigned("for (var i = 0u; i < 4u; i++) { if i % 2u == 0u { continue; } y[i] = 1.0; }"), [1, 3]);
    assert_eq!(assigned("for (var i = 0u; i < 3u; i++) { if n == i { return; } y[i] = 1.0; }"), [0, 1, 2]);
    assert_eq!(assigned("for (var i = 0u; i < 3u; i++) { y[i] = 1.0; if i == 1u { return; } } y[5] = 1.0;"), [0, 1]);
    let switch = "for (var i = 0u; i < 2u; i++) { switch n { case 1u: { break; } default: { y[i] = 1.0; } } }";
    assert_eq!(assigned(switch), [0, 1]);
}

#[test]
fn loops_that_depend_on_the_run_stay() {
    assert_loops("for (var i = 0u; i < n; i++) { y[i] = 1.0; }", 1);
    assert_loops("for (var i = 0u; i < 4u; i++) { if i == n { break; } y[i] = 1.0; }", 1);
    assert_loops("for (var i = 0u; i < 4u; i++) { if i == n { continue; } y[i] = 1.0; }", 1);
    assert_loops("for (var i = 0u; i < 4u; i++) { if n == 2u { i++; } y[i] = 1.0; }", 1);
    assert_loops("for (var i = 0u; i < n; i++) { for (var j = 0u; j < 2u; j++) { y[i + j] = f32(j); } }", 1);
    assert_loops("for (var i = 0u; i < 2u; i++) { for (var j = 0u; j < n; j++) { y[i + j] = f32(j); } }", 2);
}

#[test]
fn a_counter_that_a_function_may_change_is_not_known() {
    let text = kernel(
        "fn skip(i: ptr<function, u32>, n: u32) { *i += n; }",
        "for (var i = 0u; i < 6u; i++) { y[i] = 1.0; skip(&i, n); }",
    );
    assert_unchanged(&text);
    assert!(written_out(&text).contains("loop {"));
}

#[test]
fn loops_inside_functions_are_written_out() {
    let text = kernel(
        "fn fill(a: ptr<function, array<f32, 3>>) { for (var i = 0u; i < 3u; i++) { (*a)[i] += f32(i); } }",
        "var a: array<f32, 3>; fill(&a); fill(&a); for (var i = 0u; i < 3u; i++) { y[i] = a[i]; }",
    );
    assert_unchanged(&text);
    let wgsl = compile_source("test.wgsl", &text, &[]).unwrap().to_wgsl().unwrap();
    assert!(!wgsl.contains("loop") && wgsl.contains("fill((&a))"), "{wgsl}");
}

#[test]
fn long_loops_stay_and_exploding_ones_are_refused() {
    let long = |turns: usize| format!("for (var i = 0u; i < {turns}u; i++) {{ y[i % 8u] += 1.0; }}");
    assert_loops(&long(MOST_TURNS), 0);
    assert_loops(&long(MOST_TURNS + 1), 1);
    // The inner loops are worth writing out even where the outer one is too long, however much there is inside.
    let nest = "for (var k = 0u; k < 100u; k++) {
        for (var i = 0u; i < 60u; i++) { for (var j = 0u; j < 30u; j++) { y[j % 8u] += f32(i); } }
    }";
    assert_loops(nest, 1);
    let message = |body: &str| compile_source("a.wgsl", &kernel("", body), &[]).unwrap_err().to_string();
    let nest = "\n  for (var i = 0u; i < 64u; i++) { for (var j = 0u; j < 64u; j++) {\n for (var k = 0u; k < 64u; k++) \
                { y[k] += 1.0; } } }";
    let refused = message(nest);
    assert!(refused.starts_with("a.wgsl:8:3: written out, this loop makes over 32768 statements"), "{refused}");
}
