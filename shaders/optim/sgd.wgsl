// sgd: one step of stochastic gradient descent with momentum for all parameters at once (torch.optim.SGD).
//
//   b ← μ b + s g
//   p ← p - lr b
//   average ← δ average + (1 - δ) p
//
//   step     [2]        lr and δ: what changes from step to step
//   verdict  [2]        s, what the gradients are multiplied by, and whether nothing is updated: judge_gradients',
//                       clip_factor's, or 1 and 0
//   g        [4 count]  gradients of all parameters behind each other
//   p        [4 count]  parameters, updated in place
//   b        [4 count]  momentum buffer, updated in place; 0 before the first step
//   average  [4 count]  averages of the parameters, updated in place; not touched, and of any size, unless averaged
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 12 bytes and writes 8 per parameter, 4 more each with averages
// Twin     reference::optim::sgd
// Used by  optim::Sgd

#import linear_index

struct Params {
    count: u32, // of vec4s
    momentum: f32,
    averaged: u32, // 1 where averages are kept
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<storage, read> verdict: array<f32>;
@group(0) @binding(3) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> b: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> average: array<vec4<f32>>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = linear_index(group, groups, lane, WIDTH);
    if i >= params.count || verdict[1] != 0.0 {
        return;
    }
    let velocity = params.momentum * b[i] + verdict[0] * g[i];
    b[i] = velocity;
    let next = p[i] - step[0] * velocity;
    p[i] = next;
    if params.averaged == 1u {
        average[i] = average[i] + (1.0 - step[1]) * (next - average[i]);
    }
}
