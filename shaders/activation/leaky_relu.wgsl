// leaky_relu: flattened below zero (torch.nn.functional.leaky_relu).
//
//   y[i] = x[i] where x[i] > 0, else negative_slope * x[i]
//
//   x  [4 count]  input
//   y  [4 count]  output, every element written once
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::activation::leaky_relu
// Used by  leaky_relu: every discriminator

#import linear_index

struct Params {
    count: u32, // of vec4s
    negative_slope: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

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
    let value = x[i];
    y[i] = select(params.negative_slope * value, value, value > vec4(0.0));
}
