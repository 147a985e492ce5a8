// Loops in loops, left and continued by some lanes at each depth.

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
    var sum = 0u;
    var inner_turns = 0u;
    var seen = 0u;
    for (var a = 0u; a < v % 7u; a += 1u) {
        var part = a;
        for (var b = 0u; b < v % 5u + 1u; b += 1u) {
            inner_turns += 1u;
            if (a + b + v) % 4u == 3u {
                continue;
            }
            part += b;
            if part > 6u {
                seen = part;
                break;
            }
        }
        if part == 4u {
            continue;
        }
        sum += part;
        if sum > 15u {
            break;
        }
        sum += 1u;
    }
    y[i] = (sum * 100u + inner_turns) * 100u + seen;
}
