// Five invocations: less than a vector.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(5)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let lowest = subgroupMin(x[id.x] + 1u);
    y[id.x] = (x[id.x] * 10u + local) * 100u + lowest;
}
