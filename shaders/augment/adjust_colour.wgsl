// adjust_colour: brightness, saturation and contrast of pictures, by factors of each (DiffAugment's `color`).
//
//   With b, s, c = factors[n], m the mean of a pixel's channels, M that of the picture's numbers, both of x:
//   brightness  x + b            moves both means by b
//   saturation  s (x - m) + m    leaves both means
//   contrast    c (x - M) + M
//   Together    y = c (s (x - m) + m - M) + M + b
//   The slope is a symmetric matrix, because both means are projections: the gradient is the same map of dy without b.
//
//   x        [N, pixels, 3]  input
//   factors  [N, 3]          brightness to add, saturation, contrast
//   sums     [N]             of each picture's numbers
//   y        [N, pixels, 3]  output, every element written once
//
// Threads  one invocation per pixel
// Memory   reads 4 bytes and writes 4 per element; factors and sums stay in the cache
// Twin     reference::augment::adjust_colour
// Used by  adjust_colour, forward and backward

#import linear_index

struct Params {
    count: u32,  // pixels of all pictures
    pixels: u32, // of a picture
    share: f32,  // 1 / (3 pixels)
    bright: f32, // 1, or 0 where brightness is left out
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> factors: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let pixel = linear_index(group, groups, lane, WIDTH);
    if pixel >= p.count {
        return;
    }
    let n = pixel / p.pixels;
    let brightness = p.bright * factors[3u * n];
    let saturation = factors[3u * n + 1u];
    let contrast = factors[3u * n + 2u];
    let whole = p.share * sums[n];

    let at = 3u * pixel;
    let colour = vec3<f32>(x[at], x[at + 1u], x[at + 2u]);
    let grey = (colour.x + colour.y + colour.z) / 3.0;
    let vivid = saturation * (colour - vec3<f32>(grey)) + vec3<f32>(grey - whole);
    let result = contrast * vivid + vec3<f32>(whole + brightness);
    y[at] = result.x;
    y[at + 1u] = result.y;
    y[at + 2u] = result.z;
}
