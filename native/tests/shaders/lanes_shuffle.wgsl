// Numbers fetched from other lanes.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(32)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) lanes: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
) {
    let i = id.x;
    let v = x[i];
    var at = i * 10u;
    y[at] = subgroupShuffle(v, (lane + 3u) % lanes);
    y[at + 1u] = subgroupShuffle(v, params.n % lanes);
    y[at + 2u] = subgroupShuffle(v * 2u + lane, params.n % lanes);
    y[at + 3u] = subgroupBroadcast(v + 1u, 2u);
    y[at + 4u] = subgroupBroadcastFirst(v);
    y[at + 5u] = subgroupShuffleXor(v, 1u);
    y[at + 6u] = select(0u, subgroupShuffleUp(v, 2u), lane >= 2u);
    y[at + 7u] = select(0u, subgroupShuffleDown(v, 2u), lane + 2u < lanes);
    y[at + 8u] = subgroupShuffle(i * 3u, params.n % lanes);
    y[at + 9u] = subgroup * 100u + subgroups;
    if v % 2u == 1u {
        y[at + 9u] = 10000u + subgroupBroadcastFirst(v);
    }
}
