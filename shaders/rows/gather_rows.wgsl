// gather_rows: rows of a matrix, by their numbers (torch.index_select, dim=0).
//
//   y[m,c] = x[indices[m],c]
//
//   x        [.., columns]     matrix
//   indices  [rows]            rows of x, in any order and as often as one likes
//   y        [rows, columns]   output, every element written once
//
// Threads  a workgroup per row of y, its lanes along the columns
// Memory   reads 4 bytes and writes 4 per element of y, and 4 bytes per row
// Twin     reference::rows::gather_rows
// Used by  gather_rows: the positions that PatchNCE compares; the second derivative of it

struct Params {
    rows: u32, // of y
    columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

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
    let source = indices[row] * params.columns;
    for (var c = lane; c < params.columns; c += WIDTH) {
        y[row * params.columns + c] = x[source + c];
    }
}
