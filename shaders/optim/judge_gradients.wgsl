// judge_gradients: what an optimizer does with gradients of a scaled loss (torch.amp.GradScaler.unscale_): it takes
// them times 1 / scale, or leaves its step out where one is not finite.
//
//   verdict ← (1 / scale, 1 if any parts[i] > 0, else 0)
//   found   ← 1 where that is 1
//
//   parts    [count]  how many gradients are not finite, in parts
//   state    [4]      scale, steps since it last changed, found, unused; found is updated in place
//   verdict  [2]      factor of the gradients, and whether the step is left out
//
// Threads  a single workgroup, whose invocations share out the parts
// Memory   reads every part once
// Twin     reference::optim::judge_gradients
// Used by  optim::LossScale

#import across_lanes

struct Params {
    count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> verdict: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(@builtin(local_invocation_index) lane: u32) {
    var found = 0.0;
    for (var i = lane; i < params.count; i += WIDTH) {
        found = max(found, parts[i]);
    }
    from_lanes[lane] = found;
    workgroupBarrier();
    if lane == 0u {
        let skip = largest_of_lanes(0u) > 0.0;
        verdict[0] = 1.0 / state[0];
        verdict[1] = select(0.0, 1.0, skip);
        if skip {
            state[2] = 1.0;
        }
    }
    // Where a branch is last, naga lets it return, and who has not come to it is then waited for.
    return;
}
