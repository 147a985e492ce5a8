// fma: many multiply-adds on few numbers, to measure how fast the device can calculate.
//
//   y[i] = x[i] after (v = scale * v + shift) has been done 16 * rounds times
//
//   x  [4 count]  input
//   y  [4 count]  output, every element written once
//
// Threads  one invocation per four vec4s, count / 4 apart: 16 chains that do not wait for each other, so that one
//          multiply-add can begin while others are under way
// Memory   reads 4 bytes and writes 4 per element, for 32 * rounds flops
// Twin     reference::probe::fma
// Used by  benches, as the peak that others are a percentage of

#import linear_index

struct Params {
    count: u32, // of vec4s
    rounds: u32,
    scale: f32,
    shift: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

override WIDTH: u32 = 64;
const CHAINS: u32 = 4; // few enough for the registers of a CPU

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let apart = (params.count + CHAINS - 1) / CHAINS;
    let i = linear_index(group, groups, lane, WIDTH);
    if i >= apart {
        return;
    }
    let scale = vec4(params.scale);
    let shift = vec4(params.shift);

    var chain: array<vec4<f32>, CHAINS>;
    for (var c = 0u; c < CHAINS; c += 1u) {
        chain[c] = x[min(i + c * apart, params.count - 1)];
    }
    for (var round = 0u; round < params.rounds; round += 1u) {
        for (var step = 0u; step < 16u; step += 1u) {
            for (var c = 0u; c < CHAINS; c += 1u) {
                chain[c] = fma(scale, chain[c], shift);
            }
        }
    }
    for (var c = 0u; c < CHAINS; c += 1u) {
        if i + c * apart < params.count {
            y[i + c * apart] = chain[c];
        }
    }
}
