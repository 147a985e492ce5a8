// fold: the products of every pixel of dy with every tap, added up where they belong (torch.nn.functional.fold).
//
//   dx[n,ih,iw,ci] = sum over kh,kw of  z[n,oh,ow,kh,kw,ci]
//     with oh = (ih + padding - kh*dilation) / stride where that is a whole number inside of dy,  ow likewise
//
//   Which taps those are depends on the phase of (ih, iw) alone: see conv2d_backward_input_panels.
//
//   z  [N, H_out, W_out, K_h, K_w, C_in]  products of dy [N, H_out, W_out, C_out] with w [K_h, K_w, C_in, C_out]
//   dx [N, H_in,  W_in,  C_in          ]  gradient of the input, every element written once
//
// Threads  LANES per workgroup, which owns a line of dx; phase after phase, the lanes lie along its pixels and channels
// Memory   reads each element of z once and writes dx once, both in strides. Where a picture has few channels, three at
//          the end of a generator, this and a product with all taps side by side leave fewer lanes idle than the
//          convolution itself.
// Twin     reference::conv::fold
// Used by  conv2d input gradient and conv_transpose2d forward with few channels of dx, on the native adapter

#import conv_phase
#import conv_shape

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

override LANES: u32 = 16;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let line = group.y * groups.x + group.x;
    let n = line / p.h_in;
    let ih = line % p.h_in;
    if n >= p.n {
        return;
    }
    let phase_h = (ih + p.padding_h) % p.stride_h;
    let down = phase_of(phase_h, p.h_in, p.k_h, p.stride_h, p.padding_h, p.dilation_h, p.step_h);
    let top = down.start + i32((ih - down.first) / p.stride_h); // oh under the first tap
    let rise = p.step_h * p.dilation_h / p.stride_h;
    let shift = p.step_w * p.dilation_w / p.stride_w;
    let pixel = p.k_h * p.k_w * p.c_in; // elements of z

    for (var phase_w = 0u; phase_w < p.stride_w; phase_w += 1u) {
        let across = phase_of(phase_w, p.w_in, p.k_w, p.stride_w, p.padding_w, p.dilation_w, p.step_w);
        let count = across.count * p.c_in;
        for (var first = 0u; first < count; first += LANES) {
            let element = first + lane;
            if element < count {
                let j = element / p.c_in;
                let ci = element % p.c_in;
                let left = across.start + i32(j); // ow under the first tap
                var sum = 0.0;
                for (var s = 0u; s < down.taps; s += 1u) {
                    let oh = u32(top - i32(s * rise));
                    if oh < p.h_out {
                        let row = (n * p.h_out + oh) * p.w_out;
                        for (var t = 0u; t < across.taps; t += 1u) {
                            let ow = u32(left - i32(t * shift));
                            if ow < p.w_out {
                                let tap = (down.tap + s * p.step_h) * p.k_w + across.tap + t * p.step_w;
                                sum += z[(row + ow) * pixel + tap * p.c_in + ci];
                            }
                        }
                    }
                }
                dx[(line * p.w_in + across.first + j * p.stride_w) * p.c_in + ci] = sum;
            }
        }
    }
}
