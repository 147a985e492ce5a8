// normalize_backward: gradient of normalize (torch.nn.functional.normalize, p=2, dim=1, backward).
//
//   dx[r,c] = (dy[r,c] - y[r,c] * sum over j of y[r,j] * dy[r,j]) / n,  y[r,c] = x[r,c] / n,  n = |x[r]|
//
//   where n >= eps: what points along x is lost, because lengths do not matter. A shorter row was divided by eps, and
//   there dx[r,c] = dy[r,c] / eps.
//
//   x   [rows, columns]  input of the forward
//   dy  [rows, columns]  gradient of its output
//   dx  [rows, columns]  gradient of the input, every element written once
//
// Threads  a workgroup per row, its lanes along the columns; what they find is brought together behind a barrier
// Memory   reads each row of x and dy twice, the second time from the cache; writes 4 bytes per element
// Twin     reference::rows::normalize_backward
// Used by  normalize

#import across_lanes

struct Params {
    rows: u32,
    columns: u32,
    eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
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

    var square = 0.0;
    var product = 0.0;
    for (var c = lane; c < params.columns; c += WIDTH) {
        square += x[first + c] * x[first + c];
        product += x[first + c] * dy[first + c];
    }
    from_lanes[lane] = square;
    from_lanes[WIDTH + lane] = product;
    workgroupBarrier();
    let norm = sqrt(sum_of_lanes(0u));
    let scale = 1.0 / max(norm, params.eps);
    var along = 0.0;
    if norm >= params.eps {
        along = sum_of_lanes(1u) * scale * scale;
    }

    for (var c = lane; c < params.columns; c += WIDTH) {
        dx[first + c] = (dy[first + c] - x[first + c] * along) * scale;
    }
}
