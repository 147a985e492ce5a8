// group_norm_backward_reduce: the sums that the gradients of group_norm are made of, over sets of pixels.
//
//   sum_dy[n,s,ch]      = Σ dy[n,p,ch]                                        over the pixels p of set s
//   sum_dy_xhat[n,s,ch] = Σ dy[n,p,ch] * (x[n,p,ch] - mean[n,g]) * rstd[n,g]  over the same, g the group of ch
//
//   Set s = (run, pixel of the step) holds that pixel of every step of the run, as in group_norm_stats.
//   Over all sets and samples (sum adds them up) they are the gradients by beta and by gamma, because
//   y = x̂ * gamma + beta; over the channels of a group, times gamma, they are what group_norm_backward needs.
//
//   x            [N, H * W, c]  input of the forward
//   dy           [N, H * W, c]  gradient of its output
//   mean         [N, groups]    that it was normalised with
//   rstd         [N, groups]    likewise
//   sum_dy       [N, sets, c]   output, every element written once
//   sum_dy_xhat  [N, sets, c]   output, every element written once
//
// Threads  one invocation per element of sum_dy: see sample_walk
// Memory   reads 8 bytes per element and writes some 8 / 32; neither barriers nor workgroup memory
// Twin     reference::norm::group_norm_backward_reduce
// Used by  the gradients of group_norm, instance_norm, layer_norm

#import sample_walk

@group(0) @binding(0) var<uniform> params: SampleWalk;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read_write> sum_dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> sum_dy_xhat: array<f32>;

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
    let ch = place - quotient(place, params.c) * params.c;
    let g = stretch.n * params.groups + quotient(ch, params.c / params.groups);
    let middle = mean[g];

    // Four sums side by side, so that four loads of each tensor are under way at once.
    let step = params.step;
    let first = stretch.start + place;
    var plain = vec4<f32>();
    var weighted = vec4<f32>();
    var k = 0u;
    for (; k + 4 <= stretch.whole; k += 4u) {
        let at = first + k * step;
        let gradient = vec4(dy[at], dy[at + step], dy[at + 2 * step], dy[at + 3 * step]);
        plain += gradient;
        weighted += gradient * (vec4(x[at], x[at + step], x[at + 2 * step], x[at + 3 * step]) - middle);
    }
    for (; k < stretch.whole; k += 1u) {
        let at = first + k * step;
        plain.x += dy[at];
        weighted.x += dy[at] * (x[at] - middle);
    }
    let last = first + stretch.whole * step;
    if last < stretch.end {
        plain.x += dy[last];
        weighted.x += dy[last] * (x[last] - middle);
    }
    let index = stretch.index * step + place;
    sum_dy[index] = (plain.x + plain.y) + (plain.z + plain.w);
    sum_dy_xhat[index] = ((weighted.x + weighted.y) + (weighted.z + weighted.w)) * rstd[g];
}
