// softmax_backward: gradient of softmax (torch.softmax, dim=1, backward).
//
//   dx[r,c] = y[r,c] * (dy[r,c] - sum over j of y[r,j] * dy[r,j])
//
//   y   [rows, columns]  output of the forward
//   dy  [rows, columns]  gradient of that output
//   dx  [rows, columns]  gradient of the logits, every element written once
//
// Threads  a workgroup per row, its lanes along the columns; what they find is brought together behind a barrier
// Memory   reads each row of y and dy twice, the second time from the cache; writes 4 bytes per element
// Twin     reference::rows::softmax_backward
// Used by  softmax; the second derivative of cross_entropy

#import across_lanes

struct Params {
    rows: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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

    var sum = 0.0;
    for (var c = lane; c < params.columns; c += WIDTH) {
        sum += y[first + c] * dy[first + c];
    }
    from_lanes[lane] = sum;
    workgroupBarrier();
    let common_part = sum_of_lanes(0u);

    for (var c = lane; c < params.columns; c += WIDTH) {
        dx[first + c] = y[first + c] * (dy[first + c] - common_part);
    }
}
