// sigmoid_backward: gradient of sigmoid (torch.sigmoid, backward).
//
//   dx[i] = y[i] * (1 - y[i]) * dy[i], because the slope of the logistic function is y (1 - y)
//
//   y   [4 count]  output of the forward
//   dy  [4 count]  gradient of that output
//   dx  [4 count]  gradient of the forward's input, every element written once
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 8 bytes and writes 4 per element
// Twin     reference::activation::sigmoid_backward
// Used by  sigmoid; the second derivatives of softplus and bce_with_logits

#import linear_index

struct Params {
    count: u32, // of vec4s
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4<f32>>;

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
    dx[i] = y[i] * (1 - y[i]) * dy[i];
}
