// Components of vectors and elements of arrays, picked by numbers known late.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let v = vec4<u32>(x[i], i, 3u, x[i] + i);
    var w = v.wzyx;
    w[params.n % 4u] = 50u;
    w.y += 1u;
    let u = w;
    var table: array<u32, 5>;
    for (var k = 0u; k < params.n % 6u; k += 1u) {
        table[k % 5u] += v[k % 4u] + k;
        if x[i] % 2u == 0u {
            table[(k + 1u) % 5u] = x[i] * k;
        }
    }
    let picked = (v[x[i] % 4u] * 100u + w[params.n % 4u]) * 100u + u[i % 4u];
    y[i] = picked + table[params.n % 5u] * 7u + table[1];
}
