// group_norm_finish: what normalises a group of channels, from what its channels are (torch.nn.functional.group_norm).
//
//   mean_of[n,g] = Σ mean[n,ch] / size                               over the size channels of the group
//   m2[n,g]      = Σ m2[n,ch] + pixels (mean[n,ch] - mean_of[n,g])²  over the same
//   rstd[n,g]    = 1 / sqrt(m2[n,g] / (pixels * size) + eps)
//
//   The variance is the biased one. Channels have equally many pixels, so no more than this is left of merging them.
//
//   mean     [N, c]       of each channel
//   m2       [N, c]       Σ (x - mean)² of each channel
//   mean_of  [N, groups]  output, every element written once
//   rstd     [N, groups]  output, every element written once
//
// Threads  one invocation per sample and group
// Memory   reads 12 bytes per channel
// Twin     reference::norm::group_norm_finish
// Used by  group_norm, instance_norm, layer_norm

#import linear_index

struct Params {
    count: u32,  // N * groups
    size: u32,   // channels of a group
    pixels: u32, // H * W
    eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> m2: array<f32>;
@group(0) @binding(3) var<storage, read_write> mean_of: array<f32>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

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
    let size = f32(params.size);
    let pixels = f32(params.pixels);
    let first = index * params.size;
    // As distances from the first channel: a large mean costs no digits.
    let origin = mean[first];
    var sum = 0.0;
    for (var i = 0u; i < params.size; i += 1u) {
        sum += mean[first + i] - origin;
    }
    let shift = sum / size;
    var spread = 0.0;
    for (var i = 0u; i < params.size; i += 1u) {
        let d = (mean[first + i] - origin) - shift;
        spread += m2[first + i] + pixels * d * d;
    }
    mean_of[index] = origin + shift;
    rstd[index] = 1 / sqrt(spread / (pixels * size) + params.eps);
}
