// Lanes that skip the rest of a turn, and are back in the next.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var sum = 0u;
    var last = 99u;
    for (var k = 0u; k < params.n; k += 1u) {
        last = k;
        if (x[i] + k) % 3u == 0u {
            continue;
        }
        sum += k + 1u;
        if k > 5u && x[i] % 2u == 0u {
            continue;
        }
        last = k + 50u;
        sum += 1000u;
    }
    y[i] = sum + last;
}
