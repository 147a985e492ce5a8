// A switch whose case is the same for all lanes, which some leave early.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn both(n: u32, v: u32) -> u32 {
    var a = 5u;
    switch n % 2u {
        case 1u: {
            if v % 2u == 0u {
                break;
            }
            return 6u;
        }
        default: {
            a = 7u;
        }
    }
    return a + 1u;
}

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var a = 1u;
    switch params.n % 2u {
        case 0u: {
            if x[i] % 2u == 0u {
                break;
            }
            a = 2u;
        }
        default: {
            a = 3u;
            if x[i] % 3u == 0u {
                break;
            }
            a = 4u;
        }
    }
    y[i] = a * 10u + both(params.n, x[i]);
}
