// A loop that each lane leaves in a turn of its own; what it counted is read behind it.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let limit = x[i] % 11u;
    var turns = 0u;
    var sum = 0u;
    for (var k = 0u; k < 40u + params.n; k += 1u) {
        if k == limit {
            break;
        }
        turns += 1u;
        sum += k * k;
    }
    y[i] = sum * 100u + turns;
}
