// unpack_bytes: pictures from bytes to numbers in [-1, 1] (torchvision's ToTensor and Normalize(0.5, 0.5)).
//
//   y[4i + k] = byte k of x[i] · 2/255 - 1,  k = 0 the lowest
//
//   x  [count]    bytes packed four to a word, little-endian: the picture file's order of channels
//   y  [4 count]  output, every element written once
//
// Threads  one invocation per word
// Memory   reads 1 byte and writes 4 per element
// Twin     reference::elementwise::unpack_bytes
// Used by  every batch of pictures on its way to a discriminator

#import linear_index

struct Params {
    count: u32, // of words
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
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
    let bytes = (vec4<u32>(x[i]) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(0xffu);
    y[i] = vec4<f32>(bytes) * (2.0 / 255.0) - 1.0;
}
