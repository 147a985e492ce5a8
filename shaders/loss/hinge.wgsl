// hinge: hinge loss of a critic (Lim and Ye, 2017).
//
//   y[i] = max(1 - t[i] x[i], 0)
//
//   x  [4 count]  score
//   t  [4 count]  target, 1 for real and -1 for fake
//   y  [4 count]  loss per element, every element written once
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 8 bytes and writes 4 per element
// Twin     reference::loss::hinge
// Used by  hinge

#import linear_index

struct Params {
    count: u32, // of vec4s
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> t: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = linear_index(group, groups, lane, WIDTH);
    if i >= params.count {
        return;
    }
    y[i] = max(1 - t[i] * x[i], vec4(0.0));
}
