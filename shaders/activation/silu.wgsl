// silu: x times its sigmoid, also called swish (torch.nn.functional.silu; Elfwing et al., 2017).
//
//   y[i] = x[i] / (1 + exp(-x[i]))
//
//   x  [4 count]  input
//   y  [4 count]  output, every element written once
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::activation::silu
// Used by  silu

#import linear_index
#import logistic

struct Params {
    count: u32, // of vec4s
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
    y[i] = x[i] * logistic(x[i]);
}
