// crop2d: rows and columns cut off each picture (torch.nn.functional.pad with negative numbers), the adjoint of pad2d.
//
//   y[n,oh,ow,c] = x[n, oh + top, ow + left, c]
//
//   x  [N, H, W, C]                              input
//   y  [N, H - top - bottom, W - left - right, C]  output, every element written once
//
// Threads  one invocation per element of y
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::conv::crop2d
// Used by  crop2d forward; pad2d backward

#import frame
#import linear_index

@group(0) @binding(0) var<uniform> params: Frame;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let i = linear_index(group, groups, lane, WIDTH);
    if i >= p.n * p.h_small * p.w_small * p.c {
        return;
    }
    let c = i % p.c;
    let ow = i / p.c % p.w_small;
    let oh = i / (p.c * p.w_small) % p.h_small;
    let n = i / (p.c * p.w_small * p.h_small);
    y[i] = x[((n * p.h_large + oh + p.top) * p.w_large + ow + p.left) * p.c + c];
}
