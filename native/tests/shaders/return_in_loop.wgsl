// A function that returns from loops within loops, called by some lanes only.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn search(v: u32, n: u32) -> u32 {
    var steps = 0u;
    for (var a = 1u; a < n; a += 1u) {
        for (var b = a; b < n; b += 1u) {
            steps += 1u;
            if a * b == v {
                return a * 1000u + b;
            }
            if a * b > v {
                break;
            }
        }
        if steps > 30u {
            return steps;
        }
    }
    return 7u;
}

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var found = 5u;
    if x[i] % 5u != 4u {
        found = search(x[i], params.n);
    }
    y[i] = found + search(x[i] / 2u, 6u);
}
