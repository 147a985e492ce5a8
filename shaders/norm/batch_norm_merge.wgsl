// batch_norm_merge: fewer and larger sets of rows from many small ones (torch.nn.BatchNorm2d, training).
//
//   (count, mean, m2)[t,ch] of the rows r with r = t (mod into), from those with r = s (mod split); into divides split,
//   so that a large set is the union of the small ones with s = t (mod into)
//
//   mean     [split, c]  means of the small sets, from any origin
//   m2       [split, c]  their Σ (x - mean)²
//   mean_of  [into, c]   output, from the same origin; a set without rows (t >= rows) is left unwritten
//   m2_of    [into, c]   output, likewise
//
// Threads  one invocation per element of mean_of; neighbours read neighbours
// Memory   reads 8 bytes per small set and writes 8 per large one
// Twin     reference::norm::batch_norm_merge
// Used by  batch_norm in training mode, where one batch_norm_finish would have too many sets to bring together

#import linear_index
#import moments

struct Params {
    rows: u32,
    c: u32,
    split: u32,
    into: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> m2: array<f32>;
@group(0) @binding(3) var<storage, read_write> mean_of: array<f32>;
@group(0) @binding(4) var<storage, read_write> m2_of: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = linear_index(group, groups, lane, WIDTH);
    let t = index / params.c;
    if t >= min(params.into, params.rows) {
        return;
    }
    let ch = index % params.c;
    var all = Moments();
    for (var s = t; s < min(params.split, params.rows); s += params.into) {
        let count = (params.rows - s + params.split - 1) / params.split;
        let at = s * params.c + ch;
        all = merge_moments(all, Moments(f32(count), mean[at], m2[at]));
    }
    mean_of[index] = all.mean;
    m2_of[index] = all.m2;
}
