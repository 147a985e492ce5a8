// batch_norm_backward_reduce: the sums that the gradients of batch_norm are made of, over every split-th row.
//
//   sum_dy[s,ch]      = Σ dy[r,ch]                                  over the rows r with r = s (mod split)
//   sum_dy_xhat[s,ch] = Σ dy[r,ch] * (x[r,ch] - mean[ch]) * rstd[ch]   over the same
//
//   Over all rows (sum adds them up) they are the gradients by beta and by gamma, because y = x̂ * gamma + beta.
//
//   x            [rows, c]   input of the forward, rows = N * H * W
//   dy           [rows, c]   gradient of its output
//   mean         [c]         that it was normalised with
//   rstd         [c]         likewise
//   sum_dy       [split, c]  output, every element written once
//   sum_dy_xhat  [split, c]  output, every element written once
//
// Threads  one invocation per four neighbours of sum_dy; split * c is a multiple of 4
// Memory   reads 8 bytes per element, in vec4s, and writes some 8 / 32; neither barriers nor workgroup memory
// Twin     reference::norm::batch_norm_backward_reduce
// Used by  the gradient of batch_norm

#import linear_index

struct Params {
    length: u32, // rows * c, elements of x
    stride: u32, // split * c, elements of sum_dy
    c: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read_write> sum_dy: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> sum_dy_xhat: array<vec4<f32>>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = linear_index(group, groups, lane, WIDTH);
    if 4 * index >= params.stride {
        return;
    }
    let ch = (4 * index + vec4<u32>(0, 1, 2, 3)) % params.c;
    let middle = vec4(mean[ch.x], mean[ch.y], mean[ch.z], mean[ch.w]);
    let scale = vec4(rstd[ch.x], rstd[ch.y], rstd[ch.z], rstd[ch.w]);
    var plain = vec4(0.0);
    var weighted = vec4(0.0);
    for (var at = index; 4 * at < params.length; at += params.stride / 4) {
        // The last vec4 may reach past the end of x.
        let inside = 4 * at + vec4<u32>(0, 1, 2, 3) < vec4(params.length);
        let gradient = dy[at];
        plain += select(vec4(0.0), gradient, inside);
        weighted += select(vec4(0.0), gradient * (x[at] - middle), inside);
    }
    sum_dy[index] = plain;
    sum_dy_xhat[index] = weighted * scale;
}
