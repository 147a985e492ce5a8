// conv2d_naive: cross-correlation of x with w (torch.nn.functional.conv2d), channels last, by its formula.
//
//   y[n,oh,ow,co] = sum over kh,kw,ci of  x[n,ih,iw,ci] * w[kh,kw,ci,co]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds;
//     with groups, the channels are cut into as many equal parts, and co sees the ci of its own part only
//
//   x  [N, H_in,  W_in,  C_in        ]  input
//   w  [K_h, K_w, C_in/groups, C_out ]  weights
//   y  [N, H_out, W_out, C_out       ]  output, every element written once
//
// Threads  one invocation per element of y; neighbours share a pixel and differ in the channel, so that they read
//          neighbouring weights and the same x
// Memory   every product reads both its factors anew: conv2d_lanes and conv2d_tiled are the same sum with reuse
// Twin     reference::conv::conv2d
// Used by  tests and benches, as the first rung of the ladder

#import conv_shape
#import linear_index

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let i = linear_index(group, groups, lane, WIDTH);
    if i >= p.n * p.h_out * p.w_out * p.c_out {
        return;
    }

    // Which element of y.
    let co = i % p.c_out;
    let ow = i / p.c_out % p.w_out;
    let oh = i / (p.c_out * p.w_out) % p.h_out;
    let n = i / (p.c_out * p.w_out * p.h_out);

    // The channels of x that it sees: [first, first + depth).
    let depth = p.c_in / p.groups;
    let first = co / (p.c_out / p.groups) * depth;

    var sum = 0.0;
    for (var kh = 0u; kh < p.k_h; kh += 1u) {
        let ih = i32(oh * p.stride_h + kh * p.dilation_h) - i32(p.padding_h);
        if ih < 0 || ih >= i32(p.h_in) {
            continue;
        }
        for (var kw = 0u; kw < p.k_w; kw += 1u) {
            let iw = i32(ow * p.stride_w + kw * p.dilation_w) - i32(p.padding_w);
            if iw < 0 || iw >= i32(p.w_in) {
                continue;
            }
            let pixel = ((n * p.h_in + u32(ih)) * p.w_in + u32(iw)) * p.c_in + first;
            let tap = (kh * p.k_w + kw) * depth;
            for (var ci = 0u; ci < depth; ci += 1u) {
                sum += x[pixel + ci] * w[(tap + ci) * p.c_out + co];
            }
        }
    }
    y[i] = sum;
}
