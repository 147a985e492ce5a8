// Truth values in arrays and vectors.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var found: array<bool, 4>;
    for (var k = 0u; k < 4u; k += 1u) {
        found[k] = x[i] % (k + 2u) == 0u;
    }
    var dynamic: array<bool, 4>;
    for (var k = 0u; k < params.n % 5u; k += 1u) {
        dynamic[k % 4u] = !found[3] || x[i] > 20u + k;
    }
    let both = vec2<bool>(found[0], found[1] && dynamic[0]);
    let chosen = select(vec2(5u, 6u), vec2(7u, 8u), both);
    var all_of = u32(all(both)) + 2u * u32(any(both)) + 4u * u32(dynamic[params.n % 4u]);
    if found[2] != (found[0] == found[1]) {
        all_of += 8u;
    }
    y[i] = (all_of * 10u + chosen.x) * 10u + chosen.y;
}
