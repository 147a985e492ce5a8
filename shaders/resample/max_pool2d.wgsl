// max_pool2d: where each window of x is largest, and what v has there (torch.nn.functional.max_pool2d).
//
//   y[n,oh,ow,c] = v[n,ih,iw,c] at the first (ih, iw) of the window at which x is largest, where the window is
//                  oh * stride - padding + (0 .. kernel), and likewise along the columns, without what lies beside x
//
//   Pooling binds x as v too. Its gradient's gradient binds another v: what has become of the elements that were taken.
//
//   x, v  [N, H_in,  W_in,  C]  inputs: what decides, and what is taken
//   y     [N, H_out, W_out, C]  output, every element written once
//
// Threads  LANES per workgroup, which owns one line of y; they lie along the channels
// Memory   reads each element of x and v once for each window it is in, mostly from a cache, and writes y once
// Twin     reference::resample::max_pool2d
// Used by  max_pool2d forward; its second derivative

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
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let line = group.y * groups.x + group.x;
    if line >= p.n * p.h_out {
        return;
    }
    let n = line / p.h_out;
    let below = line % p.h_out * p.stride_h;
    let first_h = max(below, p.padding_h) - p.padding_h;
    let end_h = min(below + p.k_h - p.padding_h, p.h_in);

    for (var ow = 0u; ow < p.w_out; ow += 1u) {
        let right = ow * p.stride_w;
        let first_w = max(right, p.padding_w) - p.padding_w;
        let end_w = min(right + p.k_w - p.padding_w, p.w_in);
        for (var at = 0u; at < p.c; at += LANES) {
            if at + lane < p.c {
                let first = ((n * p.h_in + first_h) * p.w_in + first_w) * p.c + at + lane;
                var largest = x[first];
                var taken = v[first];
                for (var ih = first_h; ih < end_h; ih += 1u) {
                    for (var iw = first_w; iw < end_w; iw += 1u) {
                        let source = ((n * p.h_in + ih) * p.w_in + iw) * p.c + at + lane;
                        let here = x[source];
                        taken = select(taken, v[source], here > largest);
                        largest = max(largest, here);
                    }
                }
                y[(line * p.w_out + ow) * p.c + at + lane] = taken;
            }
        }
    }
}
