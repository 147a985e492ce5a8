// matmul_naive: matrix product (torch.matmul), each element by itself.
//
//   y[i,j] = sum over p of  a[i,p] * b[p,j]
//
//   a  [m, k]  left factor
//   b  [k, n]  right factor
//   y  [m, n]  product, every element written once
//
// Threads  one invocation per element of y; neighbours stand in one row, so that they read neighbouring elements of b
//          and the same element of a
// Memory   reads 8 bytes for each multiply-add and keeps nothing: this is the definition, and the rung that the others
//          are measured against. matmul_tiled shares what it reads through workgroup memory, matmul_lanes through the
//          lanes of a subgroup.
// Twin     reference::matmul::matmul
// Used by  tests and benches, as the foot of the ladder

struct Params {
    m: u32,
    k: u32,
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override SIDE: u32 = 16;

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y;
    let j = id.x;
    if i >= params.m || j >= params.n {
        return;
    }
    var sum = 0.0;
    for (var p = 0u; p < params.k; p += 1u) {
        sum += a[i * params.k + p] * b[p * params.n + j];
    }
    y[i * params.n + j] = sum;
}
