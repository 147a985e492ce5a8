// expand: repeats values along a new middle axis (torch.Tensor.expand); the adjoint of sum.
//
//   y[o,r,i] = x[o,i]
//
//   x  [outer, inner]          input
//   y  [outer, reduce, inner]  output, every element written once
//
// Threads  one invocation per four neighbours of y, so that each store moves 16 bytes
// Memory   writes 4 bytes per element of y; what it reads is small and stays in the cache
// Twin     reference::reduce::expand
// Used by  expand; the gradients of sum and mean; statistics spread over their pixels in batch_norm under create_graph

#import linear_index

struct Params {
    count: u32, // of vec4s in y
    size: u32,  // outer * inner, elements of x
    row: u32,   // reduce * inner, elements of y for one o
    inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = linear_index(group, groups, lane, WIDTH);
    if index >= params.count {
        return;
    }
    let place = 4 * index + vec4<u32>(0, 1, 2, 3);
    // The last vec4 may reach past the end of y, where there is no source.
    let source = min(place / params.row * params.inner + place % params.inner, vec4(params.size - 1));
    y[index] = vec4(x[source.x], x[source.y], x[source.z], x[source.w]);
}
