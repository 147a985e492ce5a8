// softmax: exponentials of a row as shares of their sum (torch.softmax, dim=1).
//
//   y[r,c] = exp(x[r,c] - m) / sum over j of exp(x[r,j] - m),  m = max over j of x[r,j]
//
//   With m the largest exponential is 1: nothing overflows, and the sum is at least 1.
//
//   x  [rows, columns]  logits
//   y  [rows, columns]  output, every element written once and then scaled
//
// Threads  a workgroup per row, its lanes along the columns; what they find is brought together behind a barrier
// Memory   reads each row of x twice and of y once, the second time from the cache; writes y twice
// Twin     reference::rows::softmax
// Used by  softmax; the second derivative of cross_entropy

#import across_lanes

struct Params {
    rows: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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
        let e = exp(x[first + c] - top);
        y[first + c] = e;
        sum += e;
    }
    from_lanes[WIDTH + lane] = sum;
    workgroupBarrier();
    let share = 1.0 / sum_of_lanes(1u);

    for (var c = lane; c < params.columns; c += WIDTH) {
        y[first + c] *= share;
    }
}
