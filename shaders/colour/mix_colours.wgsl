// mix_colours: each pixel's three numbers through a matrix, from one space of colours to another.
//
//   y[p,c] = sum over k of m[c][k] * x[p,k] + s[c]
//
//   x  [pixels, 3]  pixels
//   y  [pixels, 3]  output, every element written once
//
// Threads  an invocation per STEPS elements at distance WIDTH, a multiple of 3, so that it sees one channel only. The
//          others of its pixel stand at most two elements before or after it: what it needs of the matrix is one number
//          for each of these places, and neighbouring lanes read neighbours.
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::colour::mix_colours
// Used by  rgb_to_yuv and yuv_to_rgb, and with the matrix transposed their gradients

#import linear_index

struct Params {
    count: u32, // elements, 3 * pixels
    m00: f32,
    m01: f32,
    m02: f32,
    m10: f32,
    m11: f32,
    m12: f32,
    m20: f32,
    m21: f32,
    m22: f32,
    s0: f32,
    s1: f32,
    s2: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 192;
override STEPS: u32 = 8;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let channel = lane % 3u;
    let is_0 = channel == 0u;
    let is_2 = channel == 2u;
    let own = select(select(p.m11, p.m22, is_2), p.m00, is_0);
    let before = select(p.m10, p.m21, is_2); // by the element before, of channels 1 and 2
    let after = select(p.m12, p.m01, is_0); // by the element after, of channels 0 and 1
    let shift = select(select(p.s1, p.s2, is_2), p.s0, is_0);

    let begin = linear_index(group, groups, 0u, STEPS * WIDTH);
    for (var step = 0u; step < STEPS; step += 1u) {
        let start = begin + step * WIDTH;
        let i = start + lane;
        if i < p.count {
            var sum = own * x[i] + shift;
            // At the very beginning there are no places before the first lane's: neighbours cannot be read as such.
            if start == 0u {
                if !is_0 {
                    sum += before * x[max(i, 1u) - 1u];
                }
                if is_2 {
                    sum += p.m20 * x[max(i, 2u) - 2u];
                }
            } else {
                if !is_0 {
                    sum += before * x[start - 1u + lane];
                }
                if is_2 {
                    sum += p.m20 * x[start - 2u + lane];
                }
            }
            if !is_2 {
                sum += after * x[i + 1u];
            }
            if is_0 {
                sum += p.m02 * x[i + 2u];
            }
            y[i] = sum;
        }
    }
}
