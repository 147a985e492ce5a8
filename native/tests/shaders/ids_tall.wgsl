// Every place an invocation knows, in a workgroup of 1 by 24 by 1.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(1, 24, 1)
fn main(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let number = (group.z * groups.y + group.y) * groups.x + group.x;
    let at = (number * 1u * 24u * 1u + index) * 3u;
    y[at] = (local.z * 100u + local.y) * 100u + local.x;
    y[at + 1u] = (id.z * 100u + id.y) * 100u + id.x;
    y[at + 2u] = x[local.y] + x[id.x] * 10u + x[id.z] * 100u;
}
