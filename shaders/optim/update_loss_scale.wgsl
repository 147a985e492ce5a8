// update_loss_scale: the factor of losses grows while all gradients are finite, and shrinks when one is not
// (torch.amp.GradScaler.update).
//
//   scale ← scale * backoff, good ← 0                     where found
//   scale ← scale * growth, good ← 0                      where not, for the interval-th time in a row
//   good  ← good + 1                                      else
//   found ← 0
//
//   state  [4]  scale, good, found, unused; updated in place
//
// Threads  one invocation
// Memory   reads and writes 12 bytes
// Twin     reference::optim::update_loss_scale
// Used by  optim::LossScale

struct Params {
    growth: f32,
    backoff: f32,
    interval: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> state: array<f32>;

@compute @workgroup_size(1)
fn main() {
    let good = state[1] + 1.0;
    if state[2] > 0.0 {
        state[0] *= params.backoff;
        state[1] = 0.0;
    } else if good >= params.interval {
        // A scale that no longer fits f32 stays as it is.
        let grown = state[0] * params.growth;
        state[0] = select(state[0], grown, grown < 0x1p+127f);
        state[1] = 0.0;
    } else {
        state[1] = good;
    }
    state[2] = 0.0;
}
