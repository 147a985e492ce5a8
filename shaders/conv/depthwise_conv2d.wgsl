// depthwise_conv2d: each channel convolved with a kernel of its own (torch.nn.functional.conv2d with groups = C).
//
//   y[n,oh,ow,ch] = sum over kh,kw of  x[n,ih,iw,ch] * w[kh,kw,0,ch]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   No channel meets another, so this is no matrix product: there is a weight to each element of x, not a row of them.
//
//   x  [N, H_in,  W_in,  C]  input
//   w  [K_h, K_w, 1, C    ]  weights
//   y  [N, H_out, W_out, C]  output, every element written once
//
// Threads  LANES per workgroup, which lie along the channels; a workgroup owns TILES times PIXELS neighbours of a line
//          of y, and of their channels every groups.z-th block
// Memory   for each tap of a tile a lane loads its weight once and PIXELS elements of x, which are in the cache from
//          the taps and the line before; all that decides about padding is the same for all lanes
// Twin     reference::conv::depthwise_conv2d
// Used by  conv2d forward and conv_transpose2d input gradient, where each channel is a group

#import conv_shape
#import range_inside

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override LANES: u32 = 64;
override TILES: u32 = 1;
override PIXELS: u32 = 4; // at most 8

// The pixels of y from ow on in line oh of picture n, in channel ch.
fn tile(n: u32, oh: u32, ow: u32, ch: u32) {
    let p = params;
    let top = i32(oh * p.stride_h) - i32(p.padding_h);
    let down = range_inside(top, top, p.dilation_h, p.h_in, p.k_h);
    let step = p.stride_w * p.c_in;
    var sum: array<f32, 8>;
    for (var kh = down.x; kh < down.y; kh += 1u) {
        let row = (n * p.h_in + u32(top + i32(kh * p.dilation_h))) * p.w_in;
        for (var kw = 0u; kw < p.k_w; kw += 1u) {
            let weight = w[(kh * p.k_w + kw) * p.c_out + ch];
            let left = i32(ow * p.stride_w + kw * p.dilation_w) - i32(p.padding_w);
            if left >= 0 && left + i32((PIXELS - 1u) * p.stride_w) < i32(p.w_in) {
                var place = (row + u32(left)) * p.c_in + ch;
                for (var q = 0u; q < PIXELS; q += 1u) {
                    sum[q] = fma(x[place], weight, sum[q]);
                    place += step;
                }
            } else {
                for (var q = 0u; q < PIXELS; q += 1u) {
                    let iw = u32(left + i32(q * p.stride_w));
                    if iw < p.w_in {
                        sum[q] = fma(x[(row + iw) * p.c_in + ch], weight, sum[q]);
                    }
                }
            }
        }
    }
    for (var q = 0u; q < PIXELS; q += 1u) {
        if ow + q < p.w_out {
            y[((n * p.h_out + oh) * p.w_out + ow + q) * p.c_out + ch] = sum[q];
        }
    }
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let shares = (p.w_out + TILES * PIXELS - 1u) / (TILES * PIXELS); // workgroups to a line
    let number = group.y * groups.x + group.x;
    let line = number / shares;
    let n = line / p.h_out;
    let oh = line % p.h_out;
    if n >= p.n {
        return;
    }
    let first_ow = number % shares * TILES * PIXELS;
    let end_ow = min(first_ow + TILES * PIXELS, p.w_out);
    for (var ow = first_ow; ow < end_ow; ow += PIXELS) {
        for (var first = group.z * LANES; first < p.c_out; first += groups.z * LANES) {
            if first + LANES <= p.c_out {
                tile(n, oh, ow, first + lane);
            } else if first + lane < p.c_out {
                tile(n, oh, ow, first + lane);
            }
        }
    }
}
