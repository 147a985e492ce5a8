// A while loop with two ways through its body.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var v = x[i] + 1u;
    var steps = 0u;
    while v != 1u {
        if v % 2u == 0u {
            v /= 2u;
        } else {
            v = 3u * v + 1u;
        }
        steps += 1u;
    }
    y[i] = steps;
}
