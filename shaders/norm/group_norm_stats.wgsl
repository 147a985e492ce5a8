// group_norm_stats: mean and spread of each sample's channels over sets of pixels (torch.nn.functional.group_norm).
//
//   count[n,s,ch] = pixels of set s
//   mean[n,s,ch]  = Σ x[n,p,ch] / count - x[n,0,ch]                  over the pixels p of set s
//   m2[n,s,ch]    = Σ (x[n,p,ch] - Σ x[n,p,ch] / count)²             over the same
//
//   Set s = (run, pixel of the step) holds that pixel of every step of the run. Means are kept as distances from the
//   sample's first pixel, so that a large mean beside a small variance costs no digits.
//   With the set's first value p as origin and d = x - p, m2 is Σd² - (Σd)² / count. That difference loses at most a
//   factor count, because p itself belongs to the set, and a run has 32 steps.
//
//   x      [N, H * W, c]  input
//   count  [N, sets, c]   output; a set may be empty, and all three are 0 then
//   mean   [N, sets, c]   output, every element written once
//   m2     [N, sets, c]   output, every element written once
//
// Threads  one invocation per element of mean: see sample_walk
// Memory   reads 4 bytes per element of x and writes some 12 / 32; neither barriers nor workgroup memory
// Twin     reference::norm::group_norm_stats
// Used by  group_norm, instance_norm, layer_norm; group_norm_merge brings the sets together

#import sample_walk

@group(0) @binding(0) var<uniform> params: SampleWalk;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> count: array<f32>;
@group(0) @binding(3) var<storage, read_write> mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> m2: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let stretch = stretch_of(params, group.y * groups.x + group.x, WIDTH);
    if stretch.n >= params.n {
        return;
    }
    let place = stretch.place + lane;
    if place >= params.step {
        return;
    }
    let first = stretch.start + place;
    let index = stretch.index * params.step + place;
    if first >= stretch.end {
        count[index] = 0.0;
        mean[index] = 0.0;
        m2[index] = 0.0;
        return;
    }

    // Four sums side by side, so that four loads are under way at once.
    let step = params.step;
    let origin = x[first];
    var sums = vec4<f32>();
    var squares = vec4<f32>();
    var k = 0u;
    for (; k + 4 <= stretch.whole; k += 4u) {
        let at = first + k * step;
        let d = vec4(x[at], x[at + step], x[at + 2 * step], x[at + 3 * step]) - origin;
        sums += d;
        squares += d * d;
    }
    for (; k < stretch.whole; k += 1u) {
        let d = x[first + k * step] - origin;
        sums.x += d;
        squares.x += d * d;
    }
    var pixels = f32(stretch.whole);
    let last = first + stretch.whole * step;
    if last < stretch.end {
        let d = x[last] - origin;
        sums.x += d;
        squares.x += d * d;
        pixels += 1.0;
    }
    let sum = (sums.x + sums.y) + (sums.z + sums.w);
    let square = (squares.x + squares.y) + (squares.z + squares.w);
    let shift = sum / pixels;
    let ch = place - quotient(place, params.c) * params.c;
    count[index] = pixels;
    mean[index] = (origin - x[stretch.n * params.length + ch]) + shift;
    m2[index] = max(square - sum * shift, 0.0);
}
