// conv2d_backward_weight_naive: gradient of conv2d by its weights, by its formula.
//
//   conv2d adds x[ih,iw,ci] * w[kh,kw,ci,co] to y[oh,ow,co], so by the chain rule every such product sends
//   x[ih,iw,ci] * dy[oh,ow,co] back to dw[kh,kw,ci,co]:
//
//   dw[kh,kw,ci,co] = sum over n,oh,ow of  x[n,ih,iw,ci] * dy[n,oh,ow,co]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   x  [N, H_in,  W_in,  C_in        ]  input
//   dy [N, H_out, W_out, C_out       ]  gradient of the output
//   dw [K_h, K_w, C_in/groups, C_out ]  gradient of the weights, every element written once
//
// Threads  one invocation per element of dw
// Memory   every product reads both its factors anew; few invocations with long sums, where dw is small
// Twin     reference::conv::conv2d_backward_weight
// Used by  tests and benches, as the first rung of the ladder

#import conv_shape
#import linear_index

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let i = linear_index(group, groups, lane, WIDTH);
    let depth = p.c_in / p.groups;
    if i >= p.k_h * p.k_w * depth * p.c_out {
        return;
    }

    // Which element of dw, and its channel of x.
    let co = i % p.c_out;
    let ci = i / p.c_out % depth + co / (p.c_out / p.groups) * depth;
    let kw = i / (p.c_out * depth) % p.k_w;
    let kh = i / (p.c_out * depth * p.k_w);

    var sum = 0.0;
    for (var n = 0u; n < p.n; n += 1u) {
        for (var oh = 0u; oh < p.h_out; oh += 1u) {
            let ih = i32(oh * p.stride_h + kh * p.dilation_h) - i32(p.padding_h);
            if ih < 0 || ih >= i32(p.h_in) {
                continue;
            }
            for (var ow = 0u; ow < p.w_out; ow += 1u) {
                let iw = i32(ow * p.stride_w + kw * p.dilation_w) - i32(p.padding_w);
                if iw < 0 || iw >= i32(p.w_in) {
                    continue;
                }
                let x_pixel = (n * p.h_in + u32(ih)) * p.w_in + u32(iw);
                let y_pixel = (n * p.h_out + oh) * p.w_out + ow;
                sum += x[x_pixel * p.c_in + ci] * dy[y_pixel * p.c_out + co];
            }
        }
    }
    dw[i] = sum;
}
