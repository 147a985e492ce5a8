// normalize: rows to length 1 (torch.nn.functional.normalize, p=2, dim=1).
//
//   y[r,c] = x[r,c] / max(sqrt(sum over j of x[r,j]²), eps)
//
//   x  [rows, columns]  input
//   y  [rows, columns]  output, every element written once
//
// Threads  a workgroup per row, its lanes along the columns; what they find is brought together behind a barrier
// Memory   reads each row of x twice, the second time from the cache; writes 4 bytes per element
// Twin     reference::rows::normalize
// Used by  normalize: the features that PatchNCE compares, the directions of spectral normalisation

#import across_lanes

struct Params {
    rows: u32,
    columns: u32,
    eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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
        sum += x[first + c] * x[first + c];
    }
    from_lanes[lane] = sum;
    workgroupBarrier();
    let scale = 1.0 / max(sqrt(sum_of_lanes(0u)), params.eps);

    for (var c = lane; c < params.columns; c += WIDTH) {
        y[first + c] = x[first + c] * scale;
    }
}
