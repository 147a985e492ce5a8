// Variables that a loop changed, read behind it by lanes that left at different times.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var first = 1000u;
    var k = x[i] % 4u;
    var doubled: u32;
    loop {
        doubled = k * 2u;
        if doubled > x[i] % 13u {
            break;
        }
        if first == 1000u {
            first = doubled;
        }
        var inside = doubled;
        if k % 2u == 0u {
            inside += 1u;
        }
        continuing {
            k += 1u;
            first += inside;
            break if k > 7u;
        }
    }
    y[i] = (first * 100u + k) * 100u + doubled;
}
