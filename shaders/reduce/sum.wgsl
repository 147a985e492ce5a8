// sum: sums over the middle axis, or a step on the way there (torch.sum).
//
//   y[o,s,i] = sum over the r with r = s (mod split) of  x[o,r,i]
//
//   With split = 1 that is the sum over r. A long axis takes several launches, each of which sums some hundred terms
//   into one, so that every launch has work for all cores and rounding errors grow with the logarithm of the length.
//   Seen as rows of length reduce * inner and of stride = split * inner, the index of y is that of the first term and
//   the others follow at distance stride:   y[o,j] = sum over k of  x[o, j + k*stride]
//
//   x  [outer, reduce, inner]  input
//   y  [outer, split,  inner]  output, every element written once
//
// Threads  one invocation per element of y; neighbours read neighbours
// Memory   reads 4 bytes per element of x and writes 4 per element of y; neither barriers nor workgroup memory
// Twin     reference::reduce::sum
// Used by  sum and mean over everything, per channel or per sample; the gradients of expand, of biases, of batch_norm

#import linear_index

struct Params {
    count: u32,  // elements of y
    length: u32, // reduce * inner, a row of x
    stride: u32, // split * inner, a row of y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = linear_index(group, groups, lane, WIDTH);
    if index >= params.count {
        return;
    }
    let o = index / params.stride;
    let end = (o + 1) * params.length;
    var at = o * params.length + index % params.stride;

    // Four sums side by side, so that four loads are under way at once.
    let stride = params.stride;
    var total = vec4<f32>();
    for (; at + 3 * stride < end; at += 4 * stride) {
        total += vec4(x[at], x[at + stride], x[at + 2 * stride], x[at + 3 * stride]);
    }
    // Up to three terms are left.
    for (; at < end; at += stride) {
        total.x += x[at];
    }
    y[index] = (total.x + total.y) + (total.z + total.w);
}
