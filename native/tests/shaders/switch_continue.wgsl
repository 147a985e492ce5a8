// A switch in a loop: some lanes leave the switch, the others continue the loop.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var a = 0u;
    var b = 0u;
    for (var k = 0u; k < params.n; k += 1u) {
        b += 100u;
        switch k % 3u {
            case 0u: {
                if (x[i] + k) % 2u == 0u {
                    break;
                }
                b += 1u;
                continue;
            }
            case 1u: {
                if x[i] < k {
                    continue;
                }
            }
            default: {
            }
        }
        a += k;
    }
    for (var k = 0u; k < params.n; k += 1u) {
        switch k % 2u {
            case 1u: {
                if x[i] % 3u == 1u {
                    break;
                }
                continue;
            }
            default: {
            }
        }
        b += 7u;
    }
    y[i] = a * 10000u + b;
}
