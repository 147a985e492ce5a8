// max_pool2d_backward: gradient of max_pool2d.
//
//   dx[n,ih,iw,c] = sum of dy[n,oh,ow,c] over the windows (oh, ow) that are largest first at (ih, iw): above all that
//                   come before it in the window, row by row, and not below any that comes after
//
//   x   [N, H_in,  W_in,  C]  input of the pooling
//   dy  [N, H_out, W_out, C]  gradient of its output
//   dx  [N, H_in,  W_in,  C]  gradient of its input, every element written once
//
// Threads  LANES per workgroup, which owns one line of dx; they lie along the channels
// Memory   reads dy once for each element of its window, and all of the window of x for each of them, mostly from a
//          cache; writes dx once. No sum is shared, so that its order is fixed.
// Twin     reference::resample::max_pool2d_backward
// Used by  max_pool2d backward

struct Params {
    n: u32,
    h_in: u32,
    w_in: u32,
    h_out: u32,
    w_out: u32,
    c: u32,
    k_h: u32,
    k_w: u32,
    stride_h: u32,
    stride_w: u32,
    padding_h: u32, // below k_h, so that no window is empty
    padding_w: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

override LANES: u32 = 64;

// The windows that reach a pixel, as [first, end).
fn windows(at: u32, k: u32, stride: u32, count: u32) -> vec2<u32> {
    var first = 0u;
    if at >= k {
        first = (at - k) / stride + 1u;
    }
    return vec2<u32>(first, min(at / stride + 1u, count));
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let line = group.y * groups.x + group.x;
    if line >= p.n * p.h_in {
        return;
    }
    let n = line / p.h_in;
    let ih = line % p.h_in;
    let down = windows(ih + p.padding_h, p.k_h, p.stride_h, p.h_out);

    for (var iw = 0u; iw < p.w_in; iw += 1u) {
        let across = windows(iw + p.padding_w, p.k_w, p.stride_w, p.w_out);
        let place = ih * p.w_in + iw;
        for (var at = 0u; at < p.c; at += LANES) {
            if at + lane < p.c {
                let own = (n * p.h_in * p.w_in + place) * p.c + at + lane;
                let here = x[own];
                var sum = 0.0;
                for (var oh = down.x; oh < down.y; oh += 1u) {
                    let first_h = max(oh * p.stride_h, p.padding_h) - p.padding_h;
                    let end_h = min(oh * p.stride_h + p.k_h - p.padding_h, p.h_in);
                    for (var ow = across.x; ow < across.y; ow += 1u) {
                        let first_w = max(ow * p.stride_w, p.padding_w) - p.padding_w;
                        let end_w = min(ow * p.stride_w + p.k_w - p.padding_w, p.w_in);
                        // 1 until something in the window is above what is here, or as large before it.
                        var won = 1.0;
                        for (var h = first_h; h < end_h; h += 1u) {
                            for (var w = first_w; w < end_w; w += 1u) {
                                let other = x[((n * p.h_in + h) * p.w_in + w) * p.c + at + lane];
                                if h * p.w_in + w < place {
                                    won = select(0.0, won, other < here);
                                } else {
                                    won = select(0.0, won, other <= here);
                                }
                            }
                        }
                        sum = fma(won, dy[((n * p.h_out + oh) * p.w_out + ow) * p.c + at + lane], sum);
                    }
                }
                dx[own] = sum;
            }
        }
    }
}
