// batch_norm_backward: gradient of batch_norm by its input (torch.nn.functional.batch_norm, backward).
//
//   dx[r,ch] = gamma * rstd * (dy[r,ch] - sum_dy / rows - x̂[r,ch] * sum_dy_xhat / rows)   with x̂ = (x - mean) * rstd
//
//   The first term is the straight way; the others come through the batch's mean, d mean / dx = 1 / rows, and through
//   rstd, d rstd / dx = -rstd² x̂ / rows. In evaluation mode neither depends on x, and the sums are given as 0.
//
//   x            [rows, c]  input of the forward, rows = N * H * W
//   dy           [rows, c]  gradient of its output
//   mean         [c]        that it was normalised with
//   rstd         [c]        likewise
//   gamma        [c]        scale
//   sum_dy       [c]        Σ dy, or 0
//   sum_dy_xhat  [c]        Σ dy x̂, or 0
//   dx           [rows, c]  output, every element written once
//
// Threads  one invocation per four neighbouring elements and every split-th row from there, as batch_norm
// Memory   reads 8 bytes and writes 4 per element, in vec4s
// Twin     reference::norm::batch_norm_backward
// Used by  the gradient of batch_norm; under create_graph the same formula is written with differentiable ops

#import linear_index

struct Params {
    length: u32, // rows * c, elements of x
    stride: u32, // split * c, the distance of elements that one invocation sees
    c: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> gamma: array<f32>;
@group(0) @binding(6) var<storage, read> sum_dy: array<f32>;
@group(0) @binding(7) var<storage, read> sum_dy_xhat: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<vec4<f32>>;

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
    // The channels' numbers; dx = (dy - level - (x - middle) * tilt) * slope.
    let ch = (4 * index + vec4<u32>(0, 1, 2, 3)) % params.c;
    let rows = f32(params.length / params.c);
    let middle = vec4(mean[ch.x], mean[ch.y], mean[ch.z], mean[ch.w]);
    let scale = vec4(rstd[ch.x], rstd[ch.y], rstd[ch.z], rstd[ch.w]);
    let slope = scale * vec4(gamma[ch.x], gamma[ch.y], gamma[ch.z], gamma[ch.w]);
    let level = vec4(sum_dy[ch.x], sum_dy[ch.y], sum_dy[ch.z], sum_dy[ch.w]) / rows;
    let tilt = vec4(sum_dy_xhat[ch.x], sum_dy_xhat[ch.y], sum_dy_xhat[ch.z], sum_dy_xhat[ch.w]) / rows * scale;
    for (var at = index; 4 * at < params.length; at += params.stride / 4) {
        dx[at] = (dy[at] - level - (x[at] - middle) * tilt) * slope;
    }
}
