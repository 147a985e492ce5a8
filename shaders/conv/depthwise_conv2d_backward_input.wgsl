// depthwise_conv2d_backward_input: gradient of depthwise_conv2d by its input.
//
//   dx[n,ih,iw,ch] = sum over kh,kw of  dy[n,oh,ow,ch] * w[kh,kw,0,ch]
//     with oh = (ih + padding - kh*dilation) / stride where that is a whole number inside of dy,  ow likewise
//
//   Which taps those are depends on the phase of (ih, iw) alone, that is on (i + padding) mod stride: neighbours of a
//   phase see neighbours of dy under the same taps (see first_tap). So each phase is a convolution with stride 1.
//
//   dy [N, H_out, W_out, C]  gradient of the output
//   w  [K_h, K_w, 1, C    ]  weights
//   dx [N, H_in,  W_in,  C]  gradient of the input, every element written once
//
// Threads  LANES per workgroup, which lie along the channels; a workgroup owns, of each phase of a line of dx, TILES
//          times PIXELS neighbours, and of their channels every groups.z-th block
// Memory   as depthwise_conv2d: for each tap of a tile a lane loads its weight once and PIXELS elements of dy
// Twin     reference::conv::depthwise_conv2d_backward_input
// Used by  conv2d input gradient and conv_transpose2d forward, where each channel is a group

#import conv_phase
#import conv_shape

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

override LANES: u32 = 64;
override TILES: u32 = 1;
override PIXELS: u32 = 4; // at most 8

// The pixels of a phase from its j-th on in a line of dx, in channel ch; `top` is the row of dy under the first tap.
fn tile(line: u32, top: i32, down: Phase, across: Phase, j: u32, ch: u32) {
    let p = params;
    let n = line / p.h_in;
    let rise = p.step_h * p.dilation_h / p.stride_h;
    let shift = p.step_w * p.dilation_w / p.stride_w;
    var sum: array<f32, 8>;
    for (var s = 0u; s < down.taps; s += 1u) {
        let oh = u32(top - i32(s * rise));
        if oh < p.h_out {
            let row = (n * p.h_out + oh) * p.w_out;
            for (var t = 0u; t < across.taps; t += 1u) {
                let tap = (down.tap + s * p.step_h) * p.k_w + across.tap + t * p.step_w;
                let weight = w[tap * p.c_out + ch];
                let left = across.start + i32(j) - i32(t * shift);
                if left >= 0 && left + i32(PIXELS) <= i32(p.w_out) {
                    var place = (row + u32(left)) * p.c_out + ch;
                    for (var q = 0u; q < PIXELS; q += 1u) {
                        sum[q] = fma(dy[place], weight, sum[q]);
                        place += p.c_out;
                    }
                } else {
                    for (var q = 0u; q < PIXELS; q += 1u) {
                        let ow = u32(left + i32(q));
                        if ow < p.w_out {
                            sum[q] = fma(dy[(row + ow) * p.c_out + ch], weight, sum[q]);
                        }
                    }
                }
            }
        }
    }
    for (var q = 0u; q < PIXELS; q += 1u) {
        if j + q < across.count {
            dx[(line * p.w_in + across.first + (j + q) * p.stride_w) * p.c_in + ch] = sum[q];
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
    let largest = (p.w_in + p.stride_w - 1u) / p.stride_w; // pixels of the largest phase
    let shares = (largest + TILES * PIXELS - 1u) / (TILES * PIXELS); // workgroups to a line
    let number = group.y * groups.x + group.x;
    let line = number / shares;
    let n = line / p.h_in;
    let ih = line % p.h_in;
    if n >= p.n {
        return;
    }
    let phase_h = (ih + p.padding_h) % p.stride_h;
    let down = phase_of(phase_h, p.h_in, p.k_h, p.stride_h, p.padding_h, p.dilation_h, p.step_h);
    let top = down.start + i32((ih - down.first) / p.stride_h);
    let first_j = number % shares * TILES * PIXELS;

    for (var phase_w = 0u; phase_w < p.stride_w; phase_w += 1u) {
        let across = phase_of(phase_w, p.w_in, p.k_w, p.stride_w, p.padding_w, p.dilation_w, p.step_w);
        let end_j = min(first_j + TILES * PIXELS, across.count);
        for (var j = first_j; j < end_j; j += PIXELS) {
            for (var first = group.z * LANES; first < p.c_in; first += groups.z * LANES) {
                if first + LANES <= p.c_in {
                    tile(line, top, down, across, j, first + lane);
                } else if first + lane < p.c_in {
                    tile(line, top, down, across, j, first + lane);
                }
            }
        }
    }
}
