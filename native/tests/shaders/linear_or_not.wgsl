// A variable that gets numbers counting the lanes in a branch which is not always taken.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var a: u32;
    if params.n > 1000u {
        a = i;
    }
    var b: u32;
    for (var k = 1000u; k < params.n; k += 1u) {
        b = i + k;
    }
    var c: u32;
    if params.n < 1000u {
        c = i;
    }
    y[i] = (a * 100u + b) * 100u + c;
}
