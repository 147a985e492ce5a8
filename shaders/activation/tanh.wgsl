// tanh: hyperbolic tangent (torch.tanh).
//
//   y[i] = (1 - e) / (1 + e) with e = exp(-2 |x[i]|), and the sign of x[i];
//   near 0, where that cancels, x - x³/3 + 2x⁵/15 - 17x⁷/315
//
//   x  [4 count]  input
//   y  [4 count]  output, every element written once
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::activation::tanh
// Used by  tanh: the last layer of generators, whose pictures are in -1 … 1

#import linear_index

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
    let value = x[i];
    let e = exp(-2 * abs(value));
    let far = sign(value) * (1 - e) / (1 + e);
    let square = value * value;
    let near = value * (1 + square * (-1.0 / 3 + square * (2.0 / 15 - square * (17.0 / 315))));
    // The first term left out, 62x⁹/2835, is below 2⁻²⁴ of the value up to there.
    y[i] = select(far, near, abs(value) < vec4(0.18));
}
