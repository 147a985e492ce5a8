// Numbers that count the lanes, moved on in a loop that lanes leave at different times.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var at = i;
    var three = i * 3u + 1u;
    loop {
        if x[at % 60u] % 5u == 0u {
            break;
        }
        at += 1u;
        three += 3u;
        if at > i + 9u {
            break;
        }
    }
    var same = i;
    for (var k = 0u; k < params.n; k += 1u) {
        same += 2u;
    }
    y[i] = (at * 1000u + three) * 1000u + same;
}
