// Some lanes are done at once.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if x[id.x] < params.n {
        y[id.x] = 1u;
        return;
    }
    y[id.x] = x[id.x];
}
