// Stores by some of the lanes: to neighbouring words, to scattered ones, and to one.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = id.x;
    let base = group.x * 100u;
    if x[i] % 2u == 0u {
        y[base + local] = x[i];
        y[base + 20u + (local * 7u) % 20u] = i;
    } else {
        y[base + 40u + 2u * local] = x[i] + 1u;
    }
    if local == 13u {
        y[base + 99u] = params.n;
        y[base + 98u] = x[i];
    }
    if local == 40u {
        y[base + 97u] = 1u;
    }
    for (var k = 0u; k < 3u; k += 1u) {
        if x[i] % 3u == k && local < 15u {
            y[base + 80u + local] = k;
            break;
        }
    }
}
