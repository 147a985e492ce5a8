// clip_factor: what gradients are to be multiplied by so that the norm of all of them is not too large
// (torch.nn.utils.clip_grad_norm_).
//
//   norm = s √(Σ parts[i]),   clipped ← (s min(1, most / (norm + 1e-6)), skip)   with (s, skip) = verdict
//
//   parts    [split]  sums of squares, from sum_squares
//   verdict  [2]      what they are to be multiplied by without clipping, and whether their step is left out: see
//                     judge_gradients
//   clipped  [2]      output: the same with clipping
//
// Threads  one workgroup: its lanes take turns at the parts, then each adds up what all of them have
// Memory   reads 4 bytes per part; the result stays on the device, where the optimizer's kernel reads it
// Twin     reference::optim::clip_factor
// Used by  optim::clip, before adam and sgd

#import across_lanes

struct Params {
    split: u32,
    most: f32, // largest norm
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read> verdict: array<f32>;
@group(0) @binding(3) var<storage, read_write> clipped: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var s = lane; s < params.split; s += WIDTH) {
        sum += parts[s];
    }
    from_lanes[lane] = sum;
    workgroupBarrier();
    let norm = verdict[0] * sqrt(sum_of_lanes(0u));
    let factor = verdict[0] * min(1.0, params.most / (norm + 1e-6));
    for (var i = lane; i < 2u; i += WIDTH) {
        clipped[i] = select(verdict[1], factor, i == 0u);
    }
}
