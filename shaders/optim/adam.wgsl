// adam: one step of Adam for all parameters of an optimizer at once (torch.optim.Adam; Kingma and Ba, 2015).
//
//   m ← β1 m + (1 - β1) s g
//   v ← β2 v + (1 - β2) (s g)²
//   p ← p - (lr / (1 - β1ᵗ)) · m / (√v / √(1 - β2ᵗ) + ε)
//   average ← δ average + (1 - δ) p
//
//   step     [3]        lr / (1 - β1ᵗ), 1 / √(1 - β2ᵗ) and δ: what changes from step to step, in f64 on the host
//   verdict  [2]        s, what the gradients are multiplied by, and whether nothing is updated: judge_gradients',
//                       clip_factor's, or 1 and 0
//   g        [4 count]  gradients of all parameters behind each other
//   p        [4 count]  parameters, updated in place
//   m, v     [4 count]  first and second moment, updated in place
//   average  [4 count]  averages of the parameters, updated in place; not touched, and of any size, unless averaged
//
// Threads  one invocation per four neighbours, so that each load and store moves 16 bytes
// Memory   reads 16 bytes and writes 12 per parameter, 4 more each with averages
// Twin     reference::optim::adam
// Used by  optim::Adam

#import linear_index

struct Params {
    count: u32, // of vec4s
    beta1: f32,
    beta2: f32,
    eps: f32,
    averaged: u32, // 1 where averages are kept
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<storage, read> verdict: array<f32>;
@group(0) @binding(3) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> average: array<vec4<f32>>;

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
    let gradient = verdict[0] * g[i];
    // As m + (1 - β) (g - m): exact where the gradient does not change.
    let mean = m[i] + (1.0 - params.beta1) * (gradient - m[i]);
    let square = params.beta2 * v[i] + (1.0 - params.beta2) * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    let next = p[i] - step[0] * mean / (sqrt(square) * step[1] + params.eps);
    p[i] = next;
    if params.averaged == 1u {
        average[i] = average[i] + (1.0 - step[2]) * (next - average[i]);
    }
}
