// sgd: one step of stochastic gradient descent with momentum for all parameters at once (torch.optim.SGD).
//
//   b ← μ b + g
//   p ← p - lr b
//
//   step     [1]        lr: what changes from step to step
//   verdict  [2]        factor of the gradients, and whether nothing is updated: see judge_gradients
//   g        [4 count]  gradients of all parameters behind each other
//   p        [4 count]  parameters, updated in place
//   b        [4 count]  momentum buffer, updated in place; 0 before the first step
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 12 bytes and writes 8 per parameter
// Twin     reference::optim::sgd
// Used by  optim::Sgd

#import linear_index

struct Params {
    count: u32, // of vec4s
    momentum: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<storage, read> verdict: array<f32>;
@group(0) @binding(3) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> b: array<vec4<f32>>;

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
    p[i] -= step[0] * velocity;
}
