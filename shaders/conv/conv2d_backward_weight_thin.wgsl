// conv2d_backward_weight_thin: gradient of conv2d to a few channels by its weights, the sum over the pixels cut into
// parts.
//
//   dw[kh,kw,ci,co] = sum over n,oh,ow of  x[n,ih,iw,ci] * dy[n,oh,ow,co]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   Where conv2d_backward_weight_panels lays its lanes along the channels of dy, most of them would be idle here. They
//   lie along the channels of x instead, and dy is the same for all of them. From 64 channels to 3 with 7 by 7 taps it
//   takes a quarter of the time, from 512 to 1 with 4 by 4 a tenth.
//
//   x  [N, H_in,  W_in,  C_in        ]  input, C_in a multiple of LANES
//   dy [N, H_out, W_out, C_out       ]  gradient of the output
//   dw [splits, K_h, K_w, C_in, C_out]  parts of the gradient of the weights, every element written once
//
// Threads  LANES per workgroup, which owns TAPS neighbours of a row of the kernel by OUT channels of dy by COLS blocks
//          of LANES channels of x; a lane owns one channel of each block, in TAPS * OUT * COLS registers. Splits lie
//          along z.
// Memory   for each pixel of dy a lane loads OUT of its channels, the same for all lanes, and TAPS * COLS elements of
//          x, in pieces that the lanes read together, for TAPS * OUT * COLS multiply-adds. Neighbours of dy read mostly
//          the same of x, which is in the nearest cache then.
// Twin     reference::conv::conv2d_backward_weight
// Used by  conv2d and conv_transpose2d weight gradients, to a few channels, on the native adapter

#import conv_shape
#import range_inside

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

override LANES: u32 = 16;
override TAPS: u32 = 4; // at most 8
override OUT: u32 = 1; // at most 4
override COLS: u32 = 4; // at most 4

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;

    // Which tile of dw: its first channel of x, its first tap, its first channel of dy.
    let col_tiles = (p.c_in + COLS * LANES - 1u) / (COLS * LANES);
    let tap_tiles = (p.k_w + TAPS - 1u) / TAPS;
    let out_tiles = (p.c_out + OUT - 1u) / OUT;
    let tile = group.y * groups.x + group.x;
    let first_col = tile % col_tiles * COLS * LANES;
    let first_kw = tile / col_tiles % tap_tiles * TAPS;
    let kh = tile / (col_tiles * tap_tiles) % p.k_h;
    let first_out = tile / (col_tiles * tap_tiles * p.k_h) * OUT;
    if first_out >= p.c_out {
        return;
    }

    // The lines of dy under which the row of taps lies on x, and the share of this split.
    let top = i32(kh * p.dilation_h) - i32(p.padding_h);
    let lines = range_inside(top, top, p.stride_h, p.h_in, p.h_out);
    let line_count = lines.y - lines.x;
    let share = (p.n * line_count + groups.z - 1u) / groups.z;
    let first_line = group.z * share;
    let end_line = min(first_line + share, p.n * line_count);

    // Within a line, the pixels under which some of the taps lie on x, and those under which all do. Taps, blocks and
    // channels that are not there repeat the last one; they are not stored.
    let low = i32(first_kw * p.dilation_w) - i32(p.padding_w);
    let high = i32(min(first_kw + TAPS - 1u, p.k_w - 1u) * p.dilation_w) - i32(p.padding_w);
    let places = range_inside(high, low, p.stride_w, p.w_in, p.w_out);
    let inside = range_inside(low, high, p.stride_w, p.w_in, p.w_out);
    var reach: array<i32, 8>; // iw under the first pixel
    for (var t = 0u; t < TAPS; t += 1u) {
        reach[t] = i32(min(first_kw + t, p.k_w - 1u) * p.dilation_w) - i32(p.padding_w);
    }
    var channel: array<u32, 4>;
    var block: array<u32, 4>;
    for (var k = 0u; k < 4u; k += 1u) {
        channel[k] = min(first_out + k, p.c_out - 1u);
        block[k] = min(first_col + k * LANES, p.c_in - LANES);
    }

    var sum: array<array<array<f32, 4>, 4>, 8>;
    for (var i = first_line; i < end_line; i += 1u) {
        let n = i / line_count;
        let oh = lines.x + i % line_count;
        let ih = u32(i32(oh * p.stride_h) + top);
        let line = (n * p.h_in + ih) * p.w_in;
        let row = (n * p.h_out + oh) * p.w_out;
        for (var ow = places.x; ow < places.y; ow += 1u) {
            var part_y: array<f32, 4>;
            for (var o = 0u; o < OUT; o += 1u) {
                part_y[o] = dy[(row + ow) * p.c_out + channel[o]];
            }
            if ow >= inside.x && ow < inside.y {
                for (var t = 0u; t < TAPS; t += 1u) {
                    let at = (line + u32(i32(ow * p.stride_w) + reach[t])) * p.c_in;
                    for (var c = 0u; c < COLS; c += 1u) {
                        let value = x[at + block[c] + lane];
                        for (var o = 0u; o < OUT; o += 1u) {
                            sum[t][o][c] = fma(value, part_y[o], sum[t][o][c]);
                        }
                    }
                }
            } else {
                // The same where some of the taps lie beside x.
                for (var t = 0u; t < TAPS; t += 1u) {
                    let iw = u32(i32(ow * p.stride_w) + reach[t]);
                    let found = iw < p.w_in;
                    let at = select(0u, (line + iw) * p.c_in, found);
                    for (var c = 0u; c < COLS; c += 1u) {
                        let value = select(0.0, x[at + block[c] + lane], found);
                        for (var o = 0u; o < OUT; o += 1u) {
                            sum[t][o][c] = fma(value, part_y[o], sum[t][o][c]);
                        }
                    }
                }
            }
        }
    }

    for (var t = 0u; t < TAPS; t += 1u) {
        for (var c = 0u; c < COLS; c += 1u) {
            for (var o = 0u; o < OUT; o += 1u) {
                if first_kw + t < p.k_w && first_col + c * LANES < p.c_in && first_out + o < p.c_out {
                    let tap = (group.z * p.k_h + kh) * p.k_w + first_kw + t;
                    dw[(tap * p.c_in + block[c] + lane) * p.c_out + channel[o]] = sum[t][o][c];
                }
            }
        }
    }
}
