// fill: one value everywhere (torch.full).
//
//   y[i] = value
//
//   y  [4 count]  output, every element written once
//
// Threads  one invocation per four neighbours, so that each store moves 16 bytes
// Memory   writes 4 bytes per element
// Twin     reference::elementwise::fill
// Used by  full: constant targets of losses, zeros and ones to start from

#import linear_index

struct Params {
    count: u32, // of vec4s
    value: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;

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
    y[i] = vec4(params.value);
}
