// Running sums over the lanes, all of them and those in a branch.

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
    var at = i * 4u;
    y[at] = subgroupInclusiveAdd(v);
    y[at + 1u] = subgroupExclusiveAdd(v);
    y[at + 2u] = 5u;
    y[at + 3u] = subgroupExclusiveMul(v % 3u + 1u);
    if v % 2u == 1u {
        y[at + 2u] = subgroupInclusiveAdd(v);
        y[at + 3u] = u32(subgroupExclusiveAdd(f32(v)));
    }
}
