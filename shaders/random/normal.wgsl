// normal: random numbers from N(0, 1) (torch.randn).
//
//   y[4i .. 4i + 4] = box_muller(u0, u1), box_muller(u2, u3), u = (words >> 8) 2⁻²⁴
//     with words = philox4x32_10(counter = [i, draw, step low, step high], key = seed), i counting blocks of four
//
//   state  [4]        step low, step high, seed low, seed high: what changes from step to step
//   y      [4 count]  output, every element written once
//
// Threads  one invocation per block of four elements
// Memory   writes 4 bytes per element
// Twin     reference::random::normal
// Used by  the noise that generators start from

#import linear_index
#import philox
#import box_muller

struct Params {
    count: u32, // of blocks of four
    draw: u32,  // which draw of its step this is
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = linear_index(group, groups, lane, WIDTH);
    if i >= params.count {
        return;
    }
    let counter = vec4<u32>(i, params.draw, state[0], state[1]);
    let words = philox4x32_10(counter, vec2<u32>(state[2], state[3]));
    let u = to_unit(words);
    y[i] = vec4<f32>(box_muller(u.x, u.y), box_muller(u.z, u.w));
}
