// A switch in a function that returns from its cases.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn choose(v: u32, w: u32) -> u32 {
    switch v % 4u {
        case 0u: {
            return w;
        }
        case 1u: {
            if w > 5u {
                return w + 100u;
            }
        }
        case 2u: {
            for (var k = 0u; k < w; k += 1u) {
                if k * k > v {
                    return k;
                }
            }
            break;
        }
        default: {
            return v;
        }
    }
    return 1u + v + w;
}

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    y[i] = choose(x[i], i % 9u) + 10000u * choose(params.n, x[i] % 10u);
}
