// A switch whose case differs by lane, two selectors for one case.

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
    var a = v;
    switch v % 6u {
        case 0u: {
            a += 10u;
        }
        case 1u, 4u: {
            a = a * 2u;
            if v > 20u {
                break;
            }
            a += 3u;
        }
        case 2u: {
        }
        default: {
            a = 77u;
        }
    }
    switch i32(v) - 20 {
        case -1: {
            a = 1u;
        }
        case 3: {
            a = 2u;
        }
        default: {
        }
    }
    y[i] = a;
}
