// cross_entropy: how unlikely the softmax of a row holds its target (torch.nn.functional.cross_entropy, unreduced).
//
//   y[r] = log(sum over c of exp(x[r,c] - m)) + (m - x[r,t[r]]),  m = max over c of x[r,c]
//
//   With m nothing overflows, and the sum is at least 1.
//
//   x  [rows, columns]  logits
//   t  [rows]           the column that is right, below columns
//   y  [rows]           loss per row, every element written once
//
// Threads  a workgroup per row, its lanes along the columns; what they find is brought together behind a barrier
// Memory   reads each row of x twice, the second time from the cache; writes 4 bytes per row
// Twin     reference::rows::cross_entropy
// Used by  cross_entropy: PatchNCE

#import across_lanes

struct Params {
    rows: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// Below every logit, and finite, so that the difference of two is a number.
const LEAST: f32 = -3.0e38;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = group.y * groups.x + group.x;
    if row >= params.rows {
        return;
    }
    let first = row * params.columns;

    var largest = LEAST;
    for (var c = lane; c < params.columns; c += WIDTH) {
        largest = max(largest, x[first + c]);
    }
    from_lanes[lane] = largest;
    workgroupBarrier();
    let top = largest_of_lanes(0u);

    var sum = 0.0;
    for (var c = lane; c < params.columns; c += WIDTH) {
        sum += exp(x[first + c] - top);
    }
    from_lanes[WIDTH + lane] = sum;
    workgroupBarrier();
    let log_sum = log(sum_of_lanes(1u));

    // The lane that has the right column among its own tells the loss.
    let right = t[row];
    for (var c = lane; c < params.columns; c += WIDTH) {
        if c == right {
            y[row] = log_sum + (top - x[first + c]);
        }
    }
}
