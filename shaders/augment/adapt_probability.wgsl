// adapt_probability: pictures are changed more often while the discriminator is too sure of the real ones, and less
// often while it is not (adaptive discriminator augmentation; Karras et al., 2020).
//
//   signs ← signs + sum over i of sign(logits[i]),  number ← number + count,  calls ← calls + 1
//   and at every interval-th call, with r = signs / number:
//   p     ← p + amount * sign(r - wanted), not below 0 nor above 1;  signs, number, calls ← 0
//
//   logits  [count]  of real pictures
//   state   [4]      p, signs, number, calls; updated in place
//
// Threads  one invocation: there are as many logits as pictures in a batch, or some more
// Memory   reads 4 bytes per logit
// Twin     reference::augment::adapt_probability
// Used by  train::augment::Ada

struct Params {
    count: u32,
    interval: f32,
    wanted: f32,
    amount: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;

@compute @workgroup_size(1)
fn main() {
    var signs = state[1];
    for (var i = 0u; i < params.count; i += 1u) {
        signs += sign(logits[i]);
    }
    let number = state[2] + f32(params.count);
    let calls = state[3] + 1.0;
    if calls < params.interval {
        state[1] = signs;
        state[2] = number;
        state[3] = calls;
    } else {
        let moved = state[0] + params.amount * sign(signs / number - params.wanted);
        state[0] = clamp(moved, 0.0, 1.0);
        state[1] = 0.0;
        state[2] = 0.0;
        state[3] = 0.0;
    }
}
