// cross_entropy_backward: gradient of cross_entropy (torch.nn.functional.cross_entropy, unreduced, backward).
//
//   dx[r,c] = (softmax(x)[r,c] - (1 if c = t[r] else 0)) * dy[r]
//
//   The softmax is computed again: that costs less than to keep it.
//
//   x   [rows, columns]  logits
//   t   [rows]           the column that is right
//   dy  [rows]           gradient of the loss per row
//   dx  [rows, columns]  gradient of the logits, every element written once and then scaled
//
// Threads  a workgroup per row, its lanes along the columns; what they find is brought together behind a barrier
// Memory   reads each row of x twice and of dx once, the second time from the cache; writes dx twice
// Twin     reference::rows::cross_entropy_backward
// Used by  cross_entropy

#import across_lanes

struct Params {
    rows: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<u32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

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
        dx[first + c] = e;
        sum += e;
    }
    from_lanes[WIDTH + lane] = sum;
    workgroupBarrier();
    let share = 1.0 / sum_of_lanes(1u);

    let right = t[row];
    let slope = dy[row];
    for (var c = lane; c < params.columns; c += WIDTH) {
        dx[first + c] = (dx[first + c] * share - select(0.0, 1.0, c == right)) * slope;
    }
}
