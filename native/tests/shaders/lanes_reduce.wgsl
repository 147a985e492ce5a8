// Sums and the like over all lanes, and over those in a branch.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let v = x[i];
    var at = i * 8u;
    y[at] = subgroupAdd(v);
    y[at + 1u] = bitcast<u32>(subgroupMax(i32(v) - 30));
    y[at + 2u] = subgroupMin(v);
    y[at + 3u] = subgroupXor(v);
    if v % 3u == 1u {
        y[at + 4u] = subgroupAdd(v);
        y[at + 5u] = subgroupOr(v);
        y[at + 6u] = subgroupAnd(v);
        y[at + 7u] = u32(subgroupMul(f32(v % 3u + 1u)));
    } else {
        y[at + 4u] = subgroupAdd(1u);
        y[at + 5u] = u32(subgroupMax(f32(v)));
        y[at + 6u] = bitcast<u32>(subgroupMin(-i32(v)));
        y[at + 7u] = params.n;
    }
}
