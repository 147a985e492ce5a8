// Branches within branches; a variable that some of them assign.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let v = x[i];
    var a = 1u;
    var b: u32;
    if v % 3u == 0u {
        a = v;
        if v % 2u == 0u {
            b = a + 5u;
        } else if v > 20u {
            a += 100u;
        }
    } else {
        b = 7u;
        if i % 2u == 1u {
            a = b * 2u;
        }
    }
    y[i] = a * 1000u + b;
}
