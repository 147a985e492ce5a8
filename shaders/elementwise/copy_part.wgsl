// copy_part: copy of neighbouring elements from anywhere in a tensor to anywhere in another (torch.narrow and copy_).
//
//   y[target + i] = x[source + i],  i < count
//
//   x  [..]  source, at least source + count elements
//   y  [..]  target, at least target + count elements, of which count are written once
//
// Threads  one invocation per four elements at distance WIDTH, because neither place need be that of a vec4
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::elementwise::copy_part
// Used by  slice_rows where a view is not possible, pad_rows, concat_rows

#import linear_index

struct Params {
    count: u32,
    source: u32,
    start: u32, // target
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;
override STEPS: u32 = 4;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let begin = linear_index(group, groups, 0u, STEPS * WIDTH);
    for (var step = 0u; step < STEPS; step += 1u) {
        let i = begin + step * WIDTH + lane;
        if i < params.count {
            y[params.start + i] = x[params.source + i];
        }
    }
}
