// count_not_finite: how many of many numbers are infinite or not a number, in parts that remain to be added.
//
//   parts[i] = number of g[i], g[i + T], g[i + 2 T], ...  that are not finite,  T the invocations in all
//
//   g      [4 count]  numbers
//   parts  [T]        counts, as f32
//
// Threads  one invocation per part, vec4s dealt out in turn
// Memory   reads every number once
// Twin     reference::optim::count_not_finite
// Used by  optim::LossScale

#import linear_index

struct Params {
    count: u32, // of vec4s
    parts: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let part = linear_index(group, groups, lane, WIDTH);
    if part >= params.parts {
        return;
    }
    var found = 0u;
    for (var i = part; i < params.count; i += params.parts) {
        // By its bits: a driver may take for granted that nothing is infinite.
        let exponents = bitcast<vec4<u32>>(g[i]) & vec4(0x7f800000u);
        for (var e = 0u; e < 4u; e += 1u) {
            found += select(0u, 1u, exponents[e] == 0x7f800000u);
        }
    }
    parts[part] = f32(found);
}
