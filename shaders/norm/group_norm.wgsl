// group_norm: normalises each sample's groups of channels, scales and shifts each channel
// (torch.nn.functional.group_norm).
//
//   y[n,p,ch] = (x[n,p,ch] - mean[n,g]) * rstd[n,g] * gamma[ch] + beta[ch]   with g the group of ch
//
//   As many groups as channels is instance norm, one group is layer norm over C, H and W.
//
//   x      [N, H * W, c]  input
//   mean   [N, groups]    of a sample's group
//   rstd   [N, groups]    1 / sqrt(variance + eps), likewise
//   gamma  [c]            scale
//   beta   [c]            shift
//   y      [N, H * W, c]  output, every element written once
//   operand [N, .., C]  of the epilogue, where a launch has one: see common/epilogue
//
// Threads  one invocation per place of a step, for a run of 32 steps: see sample_walk
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::norm::group_norm
// Used by  group_norm, instance_norm, layer_norm; group_norm_with, for statistics of other pictures

#import epilogue
#import sample_walk

@group(0) @binding(0) var<uniform> params: SampleWalk;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read> beta: array<f32>;
@group(0) @binding(6) var<storage, read> operand: array<f32>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;

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
    // The channel's numbers; y = (x - middle) * slope + shift.
    let ch = place - quotient(place, params.c) * params.c;
    let g = stretch.n * params.groups + quotient(ch, params.c / params.groups);
    let middle = mean[g];
    let slope = rstd[g] * gamma[ch];
    let shift = beta[ch];

    let first = stretch.start + place;
    for (var k = 0u; k < stretch.whole; k += 1u) {
        let at = first + k * params.step;
        var other = 0.0;
        if params.operand != 0u {
            other = operand[at];
        }
        y[at] = epilogue((x[at] - middle) * slope + shift, other, params.operand, params.slope);
    }
    let last = first + stretch.whole * params.step;
    if last < stretch.end {
        var other = 0.0;
        if params.operand != 0u {
            other = operand[last];
        }
        y[last] = epilogue((x[last] - middle) * slope + shift, other, params.operand, params.slope);
    }
}
