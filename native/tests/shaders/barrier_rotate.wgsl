// Values that go round through workgroup memory.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

var<workgroup> words: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let v = x[id.x];
    var kept = v * 2u;
    if v % 2u == 0u {
        kept += 1u;
    }
    words[local] = v;
    workgroupBarrier();
    let there = words[(local + params.n) % 64u];
    y[id.x] = there * 1000u + kept;
}
