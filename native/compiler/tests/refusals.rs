//! WGSL that is wrong, or that has no translation: told with file, line and reason.

use sumi_compiler::{compile_native_source, translate::translate};

/// What is wrong with a kernel whose `main` has this body.
fn refused(head: &str, body: &str) -> String {
    let text = format!(
        "@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
var<workgroup> w: array<u32, 64>;
{head}
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {{
{body}
}}"
    );
    refused_text(&text)
}

/// What is wrong with a whole file.
fn refused_text(text: &str) -> String {
    match compile_native_source("some/kernel.wgsl", text, &[]).and_then(|compiled| translate(&compiled, 8)) {
        Ok(_) => panic!("it was translated:\n{text}"),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn assert_says(error: &str, place: &str, reason: &str) {
    assert!(error.starts_with(place) && error.contains(reason), "{error}");
}

// The body begins at line 7 where the head has one line.
const FIRST: &str = "some/kernel.wgsl:7:";
const SECOND: &str = "some/kernel.wgsl:8:";

#[test]
fn atomics() {
    let head = "@group(0) @binding(3) var<storage, read_write> count: atomic<u32>;";
    assert_says(&refused(head, "y[lane] = 1u;\natomicAdd(&count, 1u);"), SECOND, "atomic");
    assert_says(
        &refused("var<workgroup> many: array<atomic<u32>, 4>;", "y[lane] = atomicLoad(&many[1]);"),
        "",
        "Atomic",
    );
}

#[test]
fn textures_are_not_for_kernels() {
    let error =
        refused("@group(0) @binding(3) var picture: texture_2d<f32>;", "y[lane] = textureDimensions(picture).x;");
    assert_says(&error, "some/kernel.wgsl", "`picture` is neither a uniform nor a storage buffer");
}

#[test]
fn barriers_that_lanes_disagree_about() {
    let reason = "not all invocations of a workgroup come to together";
    let error = refused("", "y[lane] = 1u;\nif x[lane] > 3u { workgroupBarrier(); }");
    assert!(error.starts_with(SECOND) && (error.contains(reason) || error.contains("uniform")), "{error}");
    let error = refused("", "y[lane] = 1u;\nfor (var k = 0u; k < lane; k += 1u) { workgroupBarrier(); }");
    assert!(error.starts_with(SECOND), "{error}");
    let error = refused("", "if lane > 3u { return; }\nworkgroupBarrier();");
    assert!(error.starts_with(FIRST) || error.starts_with(SECOND), "{error}");
    // In a function: the place is the barrier's.
    assert_says(&refused("fn meet() { workgroupBarrier(); }", "meet();"), "some/kernel.wgsl:4:", reason);
}

#[test]
fn arrays_indexed_by_lane() {
    let error = refused("", "var a: array<u32, 8>;\na[lane % 8u] = 1u;\ny[lane] = a[group.x];");
    assert_says(&error, SECOND, "an array of the function by an index that differs by lane");
    let error = refused("", "var a: array<u32, 8>;\na[group.x] = 1u;\ny[lane] = a[x[lane]];");
    assert_says(&error, "some/kernel.wgsl:9:", "an array of the function by an index that differs by lane");
}

#[test]
fn numbers_of_half_size() {
    let head = "enable f16; @group(0) @binding(3) var<storage, read_write> z: array<f16>;";
    assert_says(&refused(head, "z[lane] = 1.0h;"), "some/kernel.wgsl:7:", "f16");
}

#[test]
fn loads_that_are_barriers() {
    let error = refused("", "y[lane] = 1u;\ny[lane] = workgroupUniformLoad(&w[3]);");
    assert_says(&error, SECOND, "workgroupUniformLoad");
}

#[test]
fn memory_of_other_kinds() {
    assert_says(&refused("var<private> mine: u32;", "mine = lane;\ny[lane] = mine;"), FIRST, "`mine`");
}

#[test]
fn grammar_and_rules() {
    assert_says(&refused("", "y[lane] = 1u;\nlet a = ;"), SECOND, "expected");
    assert_says(&refused("", "y[lane] = 1u;\ny[lane] = 1.5;"), SECOND, "");
    assert_says(&refused("", "y[lane] = 1u;\nx[lane] = 1u;"), SECOND, "");
    assert_says(&refused_text("fn helper() {}"), "some/kernel.wgsl: ", "there is no `@compute fn main`");
    assert_says(&refused_text("#import nothing_such\n"), "some/kernel.wgsl:1:1: ", "cannot import `nothing_such`");
}

#[test]
fn an_import_is_to_blame_in_its_own_file() {
    // linear_index is given something that makes its own first line wrong: a second function of the same name.
    let text = "fn linear_index() {}\n#import linear_index\n@compute @workgroup_size(8) fn main() {}";
    let error = refused_text(text);
    assert!(error.starts_with("common/linear_index.wgsl:") || error.starts_with("some/kernel.wgsl:1:"), "{error}");
    assert!(error.contains("linear_index"), "{error}");
}

#[test]
fn matrices_that_not_all_lanes_come_to() {
    let head = "enable f16; enable wgpu_cooperative_matrix; var<workgroup> h: array<f16, 512>;";
    let load = "let m = coopLoadT<coop_mat16x16<f16, A>>(&h[0], 16);";
    let error = refused(head, &format!("y[lane] = 1u;\nif x[lane] > 3u {{ {load} }}"));
    assert!(error.contains("a matrix that not all lanes come to together") || error.contains("uniform"), "{error}");
    let error = refused(head, &load.replace("&h[0]", "&h[lane]"));
    assert!(error.contains("a matrix at a place that differs by lane"), "{error}");
    let error = refused(head, &load.replace("16x16", "8x8"));
    assert!(error.contains("a matrix that is not 16 by 16"), "{error}");
}

#[test]
fn arithmetic_on_f16() {
    let head = "enable f16; var<workgroup> h: array<f16, 512>;";
    assert_says(&refused(head, "h[lane] = h[lane] + 1.0h;"), "some/kernel.wgsl:", "Add of F16 is not covered");
}
