// add: sum of two tensors (torch.add).
//
//   z[i] = x[i] + y[i]
//
//   x  [4 count]  first input
//   y  [4 count]  second input
//   z  [4 count]  output, every element written once
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 8 bytes and writes 4 per element
// Twin     reference::elementwise::add
// Used by  add; the sum of two gradients of one value

#import linear_index

struct Params {
    count: u32, // of vec4s
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> z: array<vec4<f32>>;

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
    z[i] = x[i] + y[i];
}
