// Votes and ballots of all lanes, and of those in a branch.

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
    var at = i * 6u;
    y[at] = subgroupBallot(v % 3u == 0u).x;
    y[at + 1u] = u32(subgroupAll(v < 60u)) + 2u * u32(subgroupAny(v == 17u));
    y[at + 2u] = subgroupBallot(v % 5u != 2u).x;
    if v % 2u == 0u {
        y[at + 3u] = subgroupBallot(true).x;
        y[at + 4u] = u32(subgroupAll(v % 4u == 0u)) + 2u * u32(subgroupAny(v % 4u == 0u));
        y[at + 5u] = 3u;
    } else {
        y[at + 3u] = subgroupBallot(v > 30u).x;
        y[at + 4u] = u32(subgroupAll(v % 2u == 1u)) + 2u * u32(subgroupAny(v % 2u == 0u));
        y[at + 5u] = params.n;
    }
}
