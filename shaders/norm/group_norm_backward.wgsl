// group_norm_backward: gradient of group_norm by its input (torch.nn.functional.group_norm, backward).
//
//   dx[n,p,ch] = rstd * (gamma[ch] * dy[n,p,ch] - level / count - x̂[n,p,ch] * tilt / count)
//     with x̂ = (x - mean) * rstd,  count = H * W * c / groups,  mean, rstd, level and tilt those of (n, group of ch)
//
//   The first term is the straight way; the others come through the group's mean, d mean / dx = 1 / count, and through
//   rstd, d rstd / dx = -rstd² x̂ / count.
//
//   x      [N, H * W, c]  input of the forward
//   dy     [N, H * W, c]  gradient of its output
//   mean   [N, groups]    that it was normalised with
//   rstd   [N, groups]    likewise
//   gamma  [c]            scale
//   level  [N, groups]    Σ gamma dy of the group
//   tilt   [N, groups]    Σ gamma dy x̂ of the group
//   dx     [N, H * W, c]  output, every element written once
//
// Threads  one invocation per place of a step, for a run of 32 steps: see sample_walk
// Memory   reads 8 bytes and writes 4 per element
// Twin     reference::norm::group_norm_backward
// Used by  the gradients of group_norm, instance_norm, layer_norm; under create_graph the same formula is written with
//          differentiable ops

#import sample_walk

@group(0) @binding(0) var<uniform> params: SampleWalk;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> gamma: array<f32>;
@group(0) @binding(6) var<storage, read> level: array<f32>;
@group(0) @binding(7) var<storage, read> tilt: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<f32>;

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
    // The channel's numbers; dx = dy * slope - lower - (x - middle) * lean.
    let ch = place - quotient(place, params.c) * params.c;
    let g = stretch.n * params.groups + quotient(ch, params.c / params.groups);
    let count = f32(params.length / params.groups);
    let scale = rstd[g];
    let middle = mean[g];
    let slope = scale * gamma[ch];
    let lower = scale * (level[g] / count);
    let lean = scale * scale * (tilt[g] / count);

    let first = stretch.start + place;
    for (var k = 0u; k < stretch.whole; k += 1u) {
        let at = first + k * params.step;
        dx[at] = dy[at] * slope - lower - (x[at] - middle) * lean;
    }
    let last = first + stretch.whole * params.step;
    if last < stretch.end {
        dx[last] = dy[last] * slope - lower - (x[last] - middle) * lean;
    }
}
