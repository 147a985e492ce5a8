// batch_norm_stats: mean and spread of each channel over every split-th row (torch.nn.BatchNorm2d, training).
//
//   mean[s,ch] = Σ x[r,ch] / count - x[0,ch],   m2[s,ch] = Σ (x[r,ch] - Σ x[r,ch] / count)²
//     over the count rows r with r = s (mod split)
//
//   Means are kept as distances from the first row, so that a large mean beside a small variance costs no digits:
//   within a channel they are at most √rows standard deviations.
//   With the set's first value p as origin and d = x - p, they are p - x[0,ch] + Σd / count, and m2 is
//   Σd² - (Σd)² / count. That difference loses at most a factor count, because p itself belongs to the set, and sets
//   have some 32 rows.
//   Seen as a line of elements, those of one mean are split * c apart, whatever the number of channels.
//
//   x     [rows, c]   input, rows = N * H * W
//   mean  [split, c]  output; a set without rows (s >= rows) is left unwritten
//   m2    [split, c]  output, likewise
//
// Threads  one invocation per four neighbours of mean; split * c is a multiple of 4
// Memory   reads 4 bytes per element of x, in vec4s, and writes some 8 / 32; neither barriers nor workgroup memory
// Twin     reference::norm::batch_norm_stats
// Used by  batch_norm in training mode; batch_norm_merge and batch_norm_finish bring the sets together

#import linear_index

struct Params {
    length: u32, // rows * c, elements of x
    stride: u32, // split * c, elements of mean
    c: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> mean: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> m2: array<vec4<f32>>;

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
    let origin = x[index];
    var count = vec4(0.0);
    var sum = vec4(0.0);
    var squares = vec4(0.0);
    for (var at = index; 4 * at < params.length; at += params.stride / 4) {
        // The last vec4 may reach past the end of x.
        let inside = 4 * at + vec4<u32>(0, 1, 2, 3) < vec4(params.length);
        let d = select(vec4(0.0), x[at] - origin, inside);
        count += select(vec4(0.0), vec4(1.0), inside);
        sum += d;
        squares += d * d;
    }
    let ch = (4 * index + vec4<u32>(0, 1, 2, 3)) % params.c;
    let first = vec4(x[ch.x / 4][ch.x % 4], x[ch.y / 4][ch.y % 4], x[ch.z / 4][ch.z % 4], x[ch.w / 4][ch.w % 4]);
    let shift = sum / max(count, vec4(1.0));
    mean[index] = (origin - first) + shift;
    m2[index] = max(squares - sum * shift, vec4(0.0));
}
