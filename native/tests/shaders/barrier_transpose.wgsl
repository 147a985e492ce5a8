// A block transposed through workgroup memory, in three dimensions of invocations.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

var<workgroup> block: array<array<u32, 4>, 8>;

@compute @workgroup_size(4, 4, 2)
fn main(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    block[local.z * 4u + local.y][local.x] = x[group.x * 32u + index];
    workgroupBarrier();
    y[group.x * 32u + index] = block[local.z * 4u + local.x][local.y] * 10u + local.z;
}
