// conv2d_backward_input_naive: gradient of conv2d by its input, by its formula. The same kernel is conv_transpose2d
// (torch.nn.functional.conv_transpose2d), whose input is called dy here and whose output is called dx.
//
//   conv2d adds x[ih,iw,ci] * w[kh,kw,ci,co] to y[oh,ow,co], so by the chain rule every such product sends
//   dy[oh,ow,co] * w[kh,kw,ci,co] back to dx[ih,iw,ci]:
//
//   dx[n,ih,iw,ci] = sum over kh,kw,co of  dy[n,oh,ow,co] * w[kh,kw,ci,co]
//     with oh = (ih + padding - kh*dilation) / stride where that is a whole number inside of dy,  ow likewise
//
//   dy [N, H_out, W_out, C_out       ]  gradient of the output
//   w  [K_h, K_w, C_in/groups, C_out ]  weights
//   dx [N, H_in,  W_in,  C_in        ]  gradient of the input, every element written once
//
// Threads  one invocation per element of dx
// Memory   every product reads both its factors anew; the taps for which oh is not whole are never visited (first_tap)
// Twin     reference::conv::conv2d_backward_input
// Used by  tests and benches, as the first rung of the ladder

#import conv_shape
#import first_tap
#import linear_index

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let i = linear_index(group, groups, lane, WIDTH);
    if i >= p.n * p.h_in * p.w_in * p.c_in {
        return;
    }

    // Which element of dx, and the channels of dy that it sees: [first, first + depth).
    let c = i % p.c_in;
    let iw = i / p.c_in % p.w_in;
    let ih = i / (p.c_in * p.w_in) % p.h_in;
    let n = i / (p.c_in * p.w_in * p.h_in);
    let width = p.c_in / p.groups;
    let ci = c % width;
    let depth = p.c_out / p.groups;
    let first = c / width * depth;

    let first_kh = first_tap((ih + p.padding_h) % p.stride_h, p.stride_h, p.dilation_h, p.step_h);
    let first_kw = first_tap((iw + p.padding_w) % p.stride_w, p.stride_w, p.dilation_w, p.step_w);

    var sum = 0.0;
    for (var kh = first_kh; kh < p.k_h; kh += p.step_h) {
        // ih + padding - kh*dilation is a multiple of the stride here.
        let oh = (i32(ih + p.padding_h) - i32(kh * p.dilation_h)) / i32(p.stride_h);
        if oh < 0 || oh >= i32(p.h_out) {
            continue;
        }
        for (var kw = first_kw; kw < p.k_w; kw += p.step_w) {
            let ow = (i32(iw + p.padding_w) - i32(kw * p.dilation_w)) / i32(p.stride_w);
            if ow < 0 || ow >= i32(p.w_out) {
                continue;
            }
            let pixel = ((n * p.h_out + u32(oh)) * p.w_out + u32(ow)) * p.c_out + first;
            let tap = ((kh * p.k_w + kw) * width + ci) * p.c_out + first;
            for (var co = 0u; co < depth; co += 1u) {
                sum += dy[pixel + co] * w[tap + co];
            }
        }
    }
    dx[i] = sum;
}
