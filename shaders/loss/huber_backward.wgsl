// huber_backward: gradient of huber.
//
//   dx[i] = clamp(x[i] - t[i], -delta, delta) * dy[i]
//
//   x   [4 count]  prediction
//   t   [4 count]  target
//   dy  [4 count]  gradient of the loss per element
//   dx  [4 count]  gradient of the prediction, every element written once
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 12 bytes and writes 4 per element
// Twin     reference::loss::huber_backward
// Used by  huber

#import linear_index

struct Params {
    count: u32, // of vec4s
    delta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> t: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;

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
    dx[i] = clamp(x[i] - t[i], vec4(-params.delta), vec4(params.delta)) * dy[i];
}
