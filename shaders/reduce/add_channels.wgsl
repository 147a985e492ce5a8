// add_channels: one number added for each channel (x + bias in torch, channels last).
//
//   y[r,ch] = x[r,ch] + bias[ch]
//
//   x     [rows, c]  input, rows = N * H * W
//   bias  [c]        numbers of the channels
//   y     [rows, c]  output, every element written once
//
// Threads  one invocation per four neighbouring elements and every split-th row from there: split * c is a multiple of
//          four, so that its channels are always the same
// Memory   reads 4 bytes and writes 4 per element, in vec4s. Where a kernel with an epilogue made x and nobody else
// looks
//          at it, that one adds the numbers, and this is not launched.
// Twin     reference::reduce::add_channels
// Used by  the bias of conv2d and conv_transpose2d

#import linear_index

struct Params {
    length: u32, // rows * c, elements of x
    stride: u32, // split * c, the distance of elements that one invocation sees
    c: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = linear_index(group, groups, lane, WIDTH);
    if 4 * index >= min(params.stride, params.length) {
        return;
    }
    let ch = (4 * index + vec4<u32>(0, 1, 2, 3)) % params.c;
    let shift = vec4(bias[ch.x], bias[ch.y], bias[ch.z], bias[ch.w]);
    for (var at = index; 4 * at < params.length; at += params.stride / 4) {
        y[at] = x[at] + shift;
    }
}
