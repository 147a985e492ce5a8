//! Every shader as text: it compiles, and what it asks of a device is what all devices have. No GPU.

use sumi::gpu::shader::{Access, Compiled, Source, compile, compile_source, kernels};

/// What WebGPU promises on every device.
const STORAGE_BUFFERS: usize = 8;
const WORKGROUP_BYTES: u32 = 16 * 1024;
const INVOCATIONS: u32 = 256;

/// Compiles every kernel with its overrides as the file has them, and panics with all that `faults` finds in them.
fn check(rule: &str, faults: impl Fn(&Source, &Compiled) -> Vec<String>) {
    let mut found = Vec::new();
    let mut seen = 0;
    for source in kernels() {
        seen += 1;
        match compile(source.name, &[]) {
            Ok(compiled) => {
                found.extend(faults(source, &compiled).into_iter().map(|fault| format!("{}: {fault}", source.path)));
            }
            Err(error) => found.push(error.to_string()),
        }
    }
    assert!(seen > 0, "there is no kernel in the table of shaders");
    assert!(found.is_empty(), "the rule: {rule}\nis broken by\n  {}\n", found.join("\n  "));
}

/// The faults of a kernel that was made up to have some.
fn faults_of(text: &str, faults: impl Fn(&Source, &Compiled) -> Vec<String>) -> usize {
    let source = Source { name: "made_up", path: "tests/made_up.wgsl", text: String::from(text).leak() };
    let compiled = compile_source(source.path, source.text, &[]).expect("the made-up kernel compiles");
    faults(&source, &compiled).len()
}

#[test]
fn every_kernel_compiles() {
    check("every kernel can be assembled, parsed, validated and written out", |_, _| Vec::new());
}

#[test]
fn names_are_given_once() {
    let mut names: Vec<&str> = kernels().map(|source| source.name).collect();
    names.sort_unstable();
    let twice: Vec<&[&str]> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "a kernel is called by its stem alone, and these stand for two kernels: {twice:?}");
}

#[test]
fn bindings_are_in_order() {
    let rule = "bindings count from 0 without gaps; the first is the uniform `params`, and no other is a uniform; \
        inputs come before outputs";
    check(rule, binding_faults);

    let params = "@group(0) @binding(0) var<uniform> params: u32;";
    let x = "@group(0) @binding(1) var<storage, read> x: array<f32>;";
    let y = "@group(0) @binding(2) var<storage, read_write> y: array<f32>;";
    let main = "@compute @workgroup_size(1) fn main() {}";
    let faults = |declarations: &[&str]| faults_of(&[declarations, &[main]].concat().concat(), binding_faults);
    assert_eq!(faults(&[params, x, y]), 0);
    assert_eq!(faults(&[params, y]), 1, "a gap");
    assert_eq!(faults(&[&params.replace("params", "shape"), x]), 1, "another name");
    assert_eq!(faults(&[&x.replace("(1)", "(0)"), &x.replace("x:", "z:"), y]), 1, "no params");
    assert_eq!(faults(&[params, &y.replace("(2)", "(1)"), &x.replace("(1)", "(2)")]), 1, "an output before an input");
    assert_eq!(faults(&[params, &params.replace("(0) var", "(1) var").replace("params", "more")]), 1, "two uniforms");
}

fn binding_faults(_: &Source, kernel: &Compiled) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, binding) in kernel.bindings.iter().enumerate() {
        if binding.index as usize != place {
            faults.push(format!("`{}` has binding {}, but it is number {place}", binding.name, binding.index));
        }
        let is_params = binding.name == "params" && binding.access == Access::Uniform;
        if place == 0 && !is_params {
            faults.push(format!("the first binding is `{}`, not the uniform `params`", binding.name));
        }
        if place > 0 && binding.access == Access::Uniform {
            faults.push(format!("`{}` is a second uniform", binding.name));
        }
    }
    for pair in kernel.bindings.windows(2) {
        if pair[0].access == Access::ReadWrite && pair[1].access == Access::Read {
            faults.push(format!("the output `{}` comes before the input `{}`", pair[0].name, pair[1].name));
        }
    }
    faults
}

#[test]
fn every_device_can_hold_a_workgroup() {
    let rule = "a kernel takes at most 8 storage buffers, 16 KiB of workgroup memory and 256 invocations in a \
        workgroup: every WebGPU device has these; with cooperative matrices, which few devices have, 32 KiB";
    check(rule, limit_faults);

    let main = |size: u32| format!("@compute @workgroup_size({size}) fn main() {{ let a = &tile; (*a)[0] = 1.0; }}");
    let tile = |floats: u32| format!("var<workgroup> tile: array<f32, {floats}>;");
    let buffer = |i: u32| format!("@group(0) @binding({i}) var<storage, read> x{i}: array<f32>;\n");
    let buffers = |count: u32| (1..=count).map(buffer).collect::<String>();
    assert_eq!(faults_of(&(buffers(8) + &tile(4096) + &main(256)), limit_faults), 0);
    assert_eq!(faults_of(&(buffers(9) + &tile(4096) + &main(256)), limit_faults), 1);
    assert_eq!(faults_of(&(buffers(8) + &tile(4097) + &main(256)), limit_faults), 1);
    assert_eq!(faults_of(&(buffers(8) + &tile(4096) + &main(257)), limit_faults), 1);
}

fn limit_faults(_: &Source, kernel: &Compiled) -> Vec<String> {
    let storage = kernel.bindings.iter().filter(|binding| binding.access != Access::Uniform).count();
    let invocations: u32 = kernel.workgroup_size.iter().product();
    let most = WORKGROUP_BYTES << u32::from(kernel.uses_cooperative);
    let over = [
        (storage > STORAGE_BUFFERS, format!("{storage} storage buffers")),
        (kernel.workgroup_bytes > most, format!("{} bytes of workgroup memory", kernel.workgroup_bytes)),
        (invocations > INVOCATIONS, format!("{invocations} invocations in a workgroup")),
    ];
    over.into_iter().filter(|(is_over, _)| *is_over).map(|(_, fault)| fault).collect()
}

#[test]
fn headers_tell_every_buffer() {
    // That the header has its other lines is tidy's to say: here the names are known that it must explain.
    let rule = "the header has a line `//   name  [shape]  …` for every buffer; several names may share one";
    check(rule, header_faults);

    let text = "// made_up: copy\n//\n//   x, z  [count]  inputs\n//   y     [count]  output\n
        @group(0) @binding(1) var<storage, read> x: array<f32>;
        @group(0) @binding(2) var<storage, read> z: array<f32>;
        @group(0) @binding(3) var<storage, read_write> y: array<f32>;
        @compute @workgroup_size(1) fn main() {}";
    assert_eq!(faults_of(text, header_faults), 0);
    assert_eq!(faults_of(&text.replace("//   x, z  [", "//   x  ["), header_faults), 1);
    assert_eq!(faults_of(&text.replace("//   x, z  [count]", "//   x[i] = z[i]"), header_faults), 2);
}

fn header_faults(source: &Source, kernel: &Compiled) -> Vec<String> {
    let header = source.text.lines().map_while(|line| line.strip_prefix("//"));
    // A formula has an index right behind the name, a shape stands apart from it.
    let names_before_shape = |line: &'static str| line.split_once(" [").map(|(names, _)| names);
    let explained: Vec<&str> = header.filter_map(names_before_shape).flat_map(|names| names.split(',')).collect();
    let buffers = kernel.bindings.iter().filter(|binding| binding.access != Access::Uniform);
    let missing = buffers.filter(|binding| !explained.iter().any(|name| name.trim() == binding.name));
    missing.map(|binding| format!("the header has no shape for `{}`", binding.name)).collect()
}
