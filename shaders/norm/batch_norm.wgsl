// batch_norm: normalises, scales and shifts each channel (torch.nn.functional.batch_norm).
//
//   y[r,ch] = (x[r,ch] - mean[ch]) * rstd[ch] * gamma[ch] + beta[ch]
//
//   x      [rows, c]  input, rows = N * H * W
//   mean   [c]        of the batch (training) or running (evaluation)
//   rstd   [c]        1 / sqrt(variance + eps), likewise
//   gamma  [c]        scale
//   beta   [c]        shift
//   y      [rows, c]  output, every element written once
//   operand [rows, c]  of the epilogue, where a launch has one: see common/epilogue
//
// Threads  one invocation per four neighbouring elements and every split-th row from there, so that the channels'
//          numbers are fetched once for several rows; split * c is a multiple of 4
// Memory   reads 4 bytes and writes 4 per element, in vec4s
// Twin     reference::norm::batch_norm
// Used by  batch_norm

#import epilogue
#import linear_index

struct Params {
    length: u32, // rows * c, elements of x
    stride: u32, // split * c, the distance of elements that one invocation sees
    c: u32,
    has_bias: u32, // the epilogue, which takes none: see epilogue
    operand: u32,
    slope: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read> beta: array<f32>;
@group(0) @binding(6) var<storage, read> operand: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> y: array<vec4<f32>>;

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
    // The channels' numbers; y = (x - middle) * slope + shift.
    let ch = (4 * index + vec4<u32>(0, 1, 2, 3)) % params.c;
    let middle = vec4(mean[ch.x], mean[ch.y], mean[ch.z], mean[ch.w]);
    let slope = vec4(rstd[ch.x], rstd[ch.y], rstd[ch.z], rstd[ch.w])
        * vec4(gamma[ch.x], gamma[ch.y], gamma[ch.z], gamma[ch.w]);
    let shift = vec4(beta[ch.x], beta[ch.y], beta[ch.z], beta[ch.w]);
    for (var at = index; 4 * at < params.length; at += params.stride / 4) {
        var other = vec4(0.0);
        if params.operand != 0u {
            other = operand[at];
        }
        y[at] = epilogue4((x[at] - middle) * slope + shift, other, params.operand, params.slope);
    }
}
