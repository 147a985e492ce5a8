// copy_columns: some neighbouring columns of a matrix, to any columns of another (torch.narrow and copy_, dim=-1).
//
//   y[r, target + c] = x[r, source + c],  c < count
//
//   x  [rows, from]  source, from >= source + count
//   y  [rows, to]    target, to >= target + count, of which rows * count elements are written once
//
// Threads  a workgroup per STEPS rows, its lanes along the columns
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::elementwise::copy_columns
// Used by  slice_channels, pad_channels, concat_channels

#import linear_index

struct Params {
    rows: u32,
    from_columns: u32, // of x
    to_columns: u32,   // of y
    count: u32,
    source: u32,
    start: u32, // target
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;
override STEPS: u32 = 16;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let begin = linear_index(group, groups, 0u, STEPS);
    let end = min(begin + STEPS, p.rows);
    for (var row = begin; row < end; row += 1u) {
        let source = row * p.from_columns + p.source;
        let start = row * p.to_columns + p.start;
        for (var c = lane; c < p.count; c += WIDTH) {
            y[start + c] = x[source + c];
        }
    }
}
