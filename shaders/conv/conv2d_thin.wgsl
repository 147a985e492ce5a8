// conv2d_thin: cross-correlation of x with w (torch.nn.functional.conv2d) to a few channels, channels last.
//
//   y[n,oh,ow,co] = sum over kh,kw,ci of  x[n,ih,iw,ci] * w[kh,kw,co,ci]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   Where conv2d_panels lays its lanes along the channels of y, most of them would be idle here. They lie along the
//   channels of x instead, of which there are many: a lane sums up every LANES-th, and at the end the sums of all lanes
//   are added, always in the same order. With FLIP the taps of w are taken last to first: that is the input gradient of
//   a convolution of stride 1 from a few channels, whose weights lie as they are wanted.
//
//   x  [N, H_in,  W_in,  C_in ]  input, C_in a multiple of LANES
//   w  [K_h, K_w, C_out, C_in ]  weights
//   y  [N, H_out, W_out, C_out]  output, every element written once
//
// Threads  LANES per workgroup, which owns ROWS pixels with OUT channels of y; there are no more than OUT
// Memory   for LANES channels a lane loads an element of x for each pixel and one of w for each channel of y, all of
//          them pieces that the lanes read together, for ROWS * OUT multiply-adds. From 64 channels to 3 with 7 by 7
//          taps it takes a third of the time of conv2d_panels, from 512 to 1 with 4 by 4 an eighth.
// Twin     reference::conv::conv2d
// Used by  conv2d forward to a few channels, conv2d input gradient and conv_transpose2d likewise, on the native adapter

#import conv_shape

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override LANES: u32 = 16;
override ROWS: u32 = 8; // at most 8
override OUT: u32 = 3; // at most 4
override FLIP: u32 = 0;

var<workgroup> sums: array<f32, ROWS * OUT * LANES>;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let pixels = p.n * p.h_out * p.w_out;
    let first = (group.y * groups.x + group.x) * ROWS;
    if first >= pixels {
        return;
    }

    // The pixels, line after line; those past the last repeat it and are not stored.
    var top: array<i32, 8>; // ih and iw under tap 0
    var left: array<i32, 8>;
    var corner: array<u32, 8>; // element of x there, modulo 2^32
    var ow = first % p.w_out;
    var oh = first / p.w_out % p.h_out;
    var n = first / p.w_out / p.h_out;
    for (var r = 0u; r < ROWS; r += 1u) {
        top[r] = i32(oh * p.stride_h) - i32(p.padding_h);
        left[r] = i32(ow * p.stride_w) - i32(p.padding_w);
        corner[r] = u32(((i32(n * p.h_in) + top[r]) * i32(p.w_in) + left[r]) * i32(p.c_in));
        ow += select(0u, 1u, first + r + 1u < pixels);
        oh = select(oh, oh + 1u, ow == p.w_out);
        ow = select(ow, 0u, ow == p.w_out);
        n = select(n, n + 1u, oh == p.h_out);
        oh = select(oh, 0u, oh == p.h_out);
    }

    var sum: array<array<f32, 4>, 8>;
    for (var kh = 0u; kh < p.k_h; kh += 1u) {
        for (var kw = 0u; kw < p.k_w; kw += 1u) {
            let shift = (kh * p.dilation_h * p.w_in + kw * p.dilation_w) * p.c_in; // from tap 0
            var found: array<bool, 8>;
            var start: array<u32, 8>;
            var inside = true;
            for (var r = 0u; r < ROWS; r += 1u) {
                let ih = u32(top[r] + i32(kh * p.dilation_h));
                let iw = u32(left[r] + i32(kw * p.dilation_w));
                found[r] = ih < p.h_in && iw < p.w_in;
                start[r] = select(0u, corner[r] + shift, found[r]);
                inside = inside && found[r];
            }
            let tap = kh * p.k_w + kw;
            let row = select(tap, p.k_h * p.k_w - 1u - tap, FLIP == 1u) * p.c_out;
            var place: array<u32, 4>; // channels that are not there repeat the last one
            for (var o = 0u; o < OUT; o += 1u) {
                place[o] = (row + min(o, p.c_out - 1u)) * p.c_in;
            }
            var ci = 0u;
            if inside {
                loop {
                    var part_w: array<f32, 4>;
                    for (var o = 0u; o < OUT; o += 1u) {
                        part_w[o] = w[place[o] + ci + lane];
                    }
                    for (var r = 0u; r < ROWS; r += 1u) {
                        let value = x[start[r] + ci + lane];
                        for (var o = 0u; o < OUT; o += 1u) {
                            sum[r][o] = fma(value, part_w[o], sum[r][o]);
                        }
                    }

                    continuing {
                        ci += LANES;
                        break if ci >= p.c_in;
                    }
                }
            } else {
                // The same for a tap that lies beside x under some of the pixels.
                loop {
                    var part_w: array<f32, 4>;
                    for (var o = 0u; o < OUT; o += 1u) {
                        part_w[o] = w[place[o] + ci + lane];
                    }
                    for (var r = 0u; r < ROWS; r += 1u) {
                        let value = select(0.0, x[start[r] + ci + lane], found[r]);
                        for (var o = 0u; o < OUT; o += 1u) {
                            sum[r][o] = fma(value, part_w[o], sum[r][o]);
                        }
                    }

                    continuing {
                        ci += LANES;
                        break if ci >= p.c_in;
                    }
                }
            }
        }
    }

    // Each lane adds up what all of them have of some of the results.
    for (var r = 0u; r < ROWS; r += 1u) {
        for (var o = 0u; o < OUT; o += 1u) {
            sums[(r * OUT + o) * LANES + lane] = sum[r][o];
        }
    }
    workgroupBarrier();
    for (var q = lane; q < ROWS * OUT; q += LANES) {
        var total = sums[q * LANES];
        for (var k = 1u; k < LANES; k += 1u) {
            total += sums[q * LANES + k];
        }
        if first + q / OUT < pixels && q % OUT < p.c_out {
            y[(first + q / OUT) * p.c_out + q % OUT] = total;
        }
    }
}
