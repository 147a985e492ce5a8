// transpose: rows become columns, in each matrix of a batch (torch.transpose of the last two dimensions).
//
//   y[b,c,r] = x[b,r,c]
//
//   x  [batch, rows, cols]  input
//   y  [batch, cols, rows]  output, every element written once
//
// Threads  one invocation per element, a workgroup per square of 16 by 16; neighbours write neighbouring elements
// Memory   reads 4 bytes and writes 4 per element. The reads stride over rows, but the square stays in the cache until
//          all of every line it touched has been used, so that workgroup memory and a barrier would win nothing.
// Twin     reference::matmul::transpose
// Used by  transpose; both gradients of matmul; weights for the input gradient of conv2d

struct Params {
    rows: u32,
    cols: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override SIDE: u32 = 16;

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let r = id.x;
    let c = id.y;
    if r >= params.rows || c >= params.cols {
        return;
    }
    let matrix = id.z * params.rows * params.cols;
    y[matrix + c * params.rows + r] = x[matrix + r * params.cols + c];
}
