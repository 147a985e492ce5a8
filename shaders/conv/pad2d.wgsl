// pad2d: rows and columns of zeros around each picture (torch.nn.functional.pad).
//
//   y[n,oh,ow,c] = x[n, oh - top, ow - left, c] inside of x, else 0
//
//   x  [N, H, W, C]                              input
//   y  [N, top + H + bottom, left + W + right, C]  output, every element written once
//
// Threads  one invocation per element of y
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::conv::pad2d
// Used by  pad2d forward; crop2d backward

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
    if i >= p.n * p.h_large * p.w_large * p.c {
        return;
    }
    let c = i % p.c;
    let ow = i / p.c % p.w_large;
    let oh = i / (p.c * p.w_large) % p.h_large;
    let n = i / (p.c * p.w_large * p.h_large);

    // Left of x or above it these wrap round to something huge, which is not inside either.
    let ih = oh - p.top;
    let iw = ow - p.left;
    var value = 0.0;
    if ih < p.h_small && iw < p.w_small {
        value = x[((n * p.h_small + ih) * p.w_small + iw) * p.c + c];
    }
    y[i] = value;
}
