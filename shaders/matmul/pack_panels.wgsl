// pack_panels: a matrix cut into panels of columns that lie in memory as they are read, for each matrix of a batch.
//
//   y[b,q,r,j] = x[b, r, q*width + j],  0 where q*width + j >= cols
//
//   The matrix is seen through strides, so that one kernel packs a factor, a transposed factor and the weights of a
//   convolution: with r = o*inner + i, element (b, r, c) of it stands at
//   b*batch_stride + o*outer_stride + i*inner_stride + c*col_stride. Reversed, the last o comes first.
//
//   x  [batch, rows, cols         ]  matrices, seen through strides
//   y  [batch, panels, rows, width]  panels of each, every element written once; the last is filled up with zeros
//
// Threads  LANES per workgroup, which owns ROWS rows of a panel; a lane owns every LANES-th column
// Memory   reads 4 bytes and writes 4 per element of y. A product reads each row of a panel in one piece, and its rows
//          one behind the other: from the matrix as it was they would come from as many pages of memory, and fight over
//          the same lines of the cache where its rows are a power of two long.
// Twin     reference::matmul::pack_panels
// Used by  matmul and the three kernels of conv2d, where those of panels run

struct Params {
    batch: u32,
    panels: u32, // of one matrix
    rows: u32,
    inner: u32,
    cols: u32,
    width: u32, // columns of a panel, a multiple of LANES
    batch_stride: u32,
    outer_stride: u32,
    inner_stride: u32,
    col_stride: u32,
    reversed: u32, // 1: o is counted from the last to the first
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override LANES: u32 = 16;
override ROWS: u32 = 128;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let chunks = (p.rows + ROWS - 1u) / ROWS;
    let chunk = group.y * groups.x + group.x;
    let panel = chunk / chunks; // counted through the batch
    let matrix = panel / p.panels;
    if matrix >= p.batch {
        return;
    }
    let first_row = chunk % chunks * ROWS;
    let end_row = min(first_row + ROWS, p.rows);
    let first_col = panel % p.panels * p.width;

    var outer = first_row / p.inner;
    var inner = first_row - outer * p.inner;
    for (var row = first_row; row < end_row; row += 1u) {
        let o = select(outer, p.rows / p.inner - 1u - outer, p.reversed == 1u);
        let source = matrix * p.batch_stride + o * p.outer_stride + inner * p.inner_stride;
        inner += 1u;
        if inner == p.inner {
            inner = 0u;
            outer += 1u;
        }
        let target_row = (panel * p.rows + row) * p.width;
        for (var c = 0u; c < p.width; c += LANES) {
            let col = first_col + c + lane;
            var value = 0.0;
            // Asked apart, because neighbours in memory are one access for all lanes.
            if p.col_stride == 1u {
                if col < p.cols {
                    value = x[source + col];
                }
            } else {
                if col < p.cols {
                    value = x[source + col * p.col_stride];
                }
            }
            y[target_row + c + lane] = value;
        }
    }
}
