// huber: squared difference near, absolute difference far (torch.nn.functional.huber_loss; Huber, 1964).
//
//   y[i] = d² / 2 where |d| <= delta, else delta * (|d| - delta / 2),  d = x[i] - t[i]
//
//   x  [4 count]  prediction
//   t  [4 count]  target
//   y  [4 count]  loss per element, every element written once
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 8 bytes and writes 4 per element
// Twin     reference::loss::huber
// Used by  huber: colours of a picture against those of its photograph

#import linear_index

struct Params {
    count: u32, // of vec4s
    delta: f32,
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
    let d = abs(x[i] - t[i]);
    // Of the two pieces as one: with c = min(d, delta) it is c * (d - c / 2).
    let near = min(d, vec4(params.delta));
    y[i] = near * (d - 0.5 * near);
}
