// depthwise_conv2d_backward_weight: gradient of depthwise_conv2d by its weights, the sum over the pixels cut into
// parts.
//
//   dw[s,kh,kw,0,ch] = sum over the lines (n,oh) of part s, and over ow, of  x[n,ih,iw,ch] * dy[n,oh,ow,ch]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   dw is small and the sum long, so several workgroups share the lines, and each writes its own part; a sum over the
//   parts follows, always in the same order.
//
//   x  [N, H_in,  W_in,  C        ]  input
//   dy [N, H_out, W_out, C        ]  gradient of the output
//   dw [parts, K_h, K_w, 1, C     ]  parts of the gradient of the weights, every element written once
//
// Threads  LANES per workgroup, which lie along the channels; a workgroup owns TAPS taps of a block of LANES channels,
//          in as many registers, over the lines of a part. Parts lie along z.
// Memory   for each pixel a lane loads one element of dy and TAPS of x, most of them from the cache. A part is so short
//          that its lines stay in the cache from one block of channels to the next.
// Twin     reference::conv::depthwise_conv2d_backward_weight
// Used by  conv2d and conv_transpose2d weight gradients, where each channel is a group

#import conv_shape
#import range_inside

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

override LANES: u32 = 64;
override TAPS: u32 = 3; // at most 9

// The taps from first_tap on, in channel ch, over the lines from first_line on.
fn sums(part: u32, first_tap: u32, first_line: u32, end_line: u32, ch: u32) {
    let p = params;
    let taps = p.k_h * p.k_w;
    // Rows and columns of x under each tap of the first pixel. Taps past the last repeat it; they are not stored.
    var top: array<i32, 9>;
    var left: array<i32, 9>;
    var lowest = 0x7fffffffi; // of the columns
    var highest = -0x7fffffffi;
    for (var i = 0u; i < TAPS; i += 1u) {
        let tap = min(first_tap + i, taps - 1u);
        top[i] = i32(tap / p.k_w * p.dilation_h) - i32(p.padding_h);
        left[i] = i32(tap % p.k_w * p.dilation_w) - i32(p.padding_w);
        lowest = min(lowest, left[i]);
        highest = max(highest, left[i]);
    }
    // The pixels of a line under which all taps lie inside of x.
    let inside = range_inside(lowest, highest, p.stride_w, p.w_in, p.w_out);
    let step = p.stride_w * p.c_in;

    var sum: array<f32, 9>;
    for (var line = first_line; line < end_line; line += 1u) {
        let n = line / p.h_out;
        let below = i32(line % p.h_out * p.stride_h);
        var source: array<i32, 9>; // element of x under each tap of the first pixel, which may lie before the first
        var whole = true;
        for (var i = 0u; i < TAPS; i += 1u) {
            let ih = below + top[i];
            whole = whole && ih >= 0 && ih < i32(p.h_in);
            source[i] = ((i32(n * p.h_in) + ih) * i32(p.w_in) + left[i]) * i32(p.c_in);
        }
        var ow = 0u;
        while ow < p.w_out {
            if whole && ow >= inside.x && ow < inside.y {
                loop {
                    let value = dy[(line * p.w_out + ow) * p.c_out + ch];
                    for (var i = 0u; i < TAPS; i += 1u) {
                        sum[i] = fma(x[u32(source[i] + i32(ow * step)) + ch], value, sum[i]);
                    }

                    continuing {
                        ow += 1u;
                        break if ow >= inside.y;
                    }
                }
            } else {
                // The same for a pixel under which some of the taps lie beside x.
                let value = dy[(line * p.w_out + ow) * p.c_out + ch];
                for (var i = 0u; i < TAPS; i += 1u) {
                    let ih = u32(below + top[i]);
                    let iw = u32(left[i] + i32(ow * p.stride_w));
                    if ih < p.h_in && iw < p.w_in {
                        sum[i] = fma(x[u32(source[i] + i32(ow * step)) + ch], value, sum[i]);
                    }
                }
                ow += 1u;
            }
        }
    }
    for (var i = 0u; i < TAPS; i += 1u) {
        if first_tap + i < taps {
            dw[(part * taps + first_tap + i) * p.c_out + ch] = sum[i];
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
    let blocks = (p.c_out + LANES - 1u) / LANES;
    let number = group.y * groups.x + group.x;
    let first_tap = number / blocks * TAPS;
    if first_tap >= p.k_h * p.k_w {
        return;
    }
    let share = (p.n * p.h_out + groups.z - 1u) / groups.z;
    let first_line = group.z * share;
    let end_line = min(first_line + share, p.n * p.h_out);
    let first = number % blocks * LANES;
    if first + LANES <= p.c_out {
        sums(group.z, first_tap, first_line, end_line, first + lane);
    } else if first + lane < p.c_out {
        sums(group.z, first_tap, first_line, end_line, first + lane);
    }
}
