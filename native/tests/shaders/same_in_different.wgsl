// Loops that all lanes run alike, inside a branch that only some of them take.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn power(base: u32, n: u32) -> u32 {
    var result = 1u;
    for (var k = 0u; k < n; k += 1u) {
        result *= base;
        if result > 5000u && n == 3u {
            return 5000u;
        }
    }
    return result;
}

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var a = 3u;
    var shared_by_all = 1u;
    if x[i] % 2u == 0u {
        for (var k = 0u; k < params.n; k += 1u) {
            a += k * x[i];
            shared_by_all = k;
            if k == 6u {
                break;
            }
        }
        a += power(x[i], 3u);
    } else {
        a += power(2u, params.n % 5u);
    }
    y[i] = a * 100u + shared_by_all;
}
