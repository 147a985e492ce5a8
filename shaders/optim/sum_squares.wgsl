// sum_squares: the squares of all gradients, added up into some thousand parts, the first half of their norm.
//
//   parts[s] = sum over the i with i = s (mod split) of  |g[i]|²,  g[i] four neighbours
//
//   g      [4 count]  gradients of all parameters behind each other
//   parts  [split]    output, every element written once
//
// Threads  one invocation per part; neighbours read neighbours
// Memory   reads 4 bytes per gradient; neither barriers nor workgroup memory, and the order of the additions is fixed
// Twin     reference::optim::sum_squares
// Used by  optim::clip, before clip_factor

#import linear_index

struct Params {
    count: u32, // of vec4s
    split: u32,
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
    if part >= params.split {
        return;
    }
    var sum = vec4<f32>();
    for (var i = part; i < params.count; i += params.split) {
        sum = fma(g[i], g[i], sum);
    }
    parts[part] = (sum.x + sum.y) + (sum.z + sum.w);
}
