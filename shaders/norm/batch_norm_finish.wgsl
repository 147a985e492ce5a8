// batch_norm_finish: what normalises a batch, and the running statistics' next values (torch.nn.BatchNorm2d, training).
//
//   mean[ch] and m2[ch] = Σ (x - mean)² of all rows, from those of the rows r = s (mod split)
//   rstd[ch] = 1 / sqrt(m2[ch] / rows + eps)
//   running_mean[ch] += momentum * (mean[ch] - running_mean[ch])
//   running_var[ch]  += momentum * (m2[ch] / (rows - 1) - running_var[ch])
//
//   The variance that normalises is the biased one, the variance that is kept the unbiased one;
//   that of a single row counts as 0.
//
//   x             [rows, c]   the batch, of which the first row is read: the origin of mean_of
//   mean_of       [split, c]  means of the sets, as distances from x's first row
//   m2_of         [split, c]  their Σ (x - mean)²
//   running_mean  [c]         changed in place
//   running_var   [c]         changed in place
//   mean          [c]         output, every element written once
//   rstd          [c]         output, every element written once
//
// Threads  one invocation per channel; neighbours read neighbours
// Memory   reads 8 bytes per set and channel
// Twin     reference::norm::batch_norm_finish
// Used by  batch_norm in training mode

#import linear_index
#import moments

struct Params {
    rows: u32,
    c: u32,
    split: u32,
    momentum: f32,
    eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean_of: array<f32>;
@group(0) @binding(3) var<storage, read> m2_of: array<f32>;
@group(0) @binding(4) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> running_var: array<f32>;
@group(0) @binding(6) var<storage, read_write> mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> rstd: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = linear_index(group, groups, lane, WIDTH);
    if index >= params.c {
        return;
    }
    // Bring the sets together, in their order.
    var all = Moments();
    for (var s = 0u; s < min(params.split, params.rows); s++) {
        let count = (params.rows - s + params.split - 1) / params.split;
        let at = s * params.c + index;
        all = merge_moments(all, Moments(f32(count), mean_of[at], m2_of[at]));
    }
    let batch_mean = x[index] + all.mean;
    mean[index] = batch_mean;
    rstd[index] = 1 / sqrt(all.m2 / f32(params.rows) + params.eps);

    // Let the running statistics follow.
    let unbiased = all.m2 / f32(max(params.rows, 2) - 1);
    running_mean[index] = (1 - params.momentum) * running_mean[index] + params.momentum * batch_mean;
    running_var[index] = (1 - params.momentum) * running_var[index] + params.momentum * unbiased;
}
