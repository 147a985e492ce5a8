// group_norm_merge: fewer and larger sets of pixels from many small ones (torch.nn.functional.group_norm).
//
//   count_of[n,t,ch] = Σ count[n,s,ch]                               over the sets s with s = t (mod into)
//   mean_of[n,t,ch]  = Σ count mean / count_of                       over the same
//   m2_of[n,t,ch]    = Σ m2 + count (mean - mean_of)²                over the same
//
//   This is the merging of Chan, Golub and LeVeque (1983) for any number of sets at once: first where all of them are,
//   then how far each is from there. With into = 1, the last of the merges, means get their origin back.
//
//   x         [N, H * W, c]   input, of which each sample's first pixel is read: the origin of means
//   count     [N, sets, c]    pixels of the small sets, 0 for an empty one
//   mean      [N, sets, c]    their means, as distances from the first pixel
//   m2        [N, sets, c]    their Σ (x - mean)²
//   count_of  [N, into, c]    output, every element written once
//   mean_of   [N, into, c]    output, every element written once
//   m2_of     [N, into, c]    output, every element written once
//
// Threads  one invocation per element of mean_of, workgroups within a sample; neighbours read neighbours
// Memory   reads 20 bytes per small set and writes 12 per large one
// Twin     reference::norm::group_norm_merge
// Used by  group_norm, instance_norm, layer_norm, in as many stages as it takes

struct Params {
    n: u32,
    length: u32, // H * W * c, elements of a sample
    c: u32,
    sets: u32,
    into: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> count: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> m2: array<f32>;
@group(0) @binding(5) var<storage, read_write> count_of: array<f32>;
@group(0) @binding(6) var<storage, read_write> mean_of: array<f32>;
@group(0) @binding(7) var<storage, read_write> m2_of: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let step = params.into * params.c;
    let across = (step + WIDTH - 1) / WIDTH;
    let workgroup = group.y * groups.x + group.x;
    let n = workgroup / across;
    let place = workgroup % across * WIDTH + lane;
    if n >= params.n || place >= step {
        return;
    }
    let first = n * params.sets * params.c + place;
    let end = (n + 1) * params.sets * params.c;

    var pixels = 0.0;
    var sum = 0.0;
    for (var k = 0u; first + k * step < end; k += 1u) {
        let at = first + k * step;
        pixels += count[at];
        sum += count[at] * mean[at];
    }
    let middle = sum / max(pixels, 1.0);
    var spread = 0.0;
    for (var k = 0u; first + k * step < end; k += 1u) {
        let at = first + k * step;
        let d = mean[at] - middle;
        spread += m2[at] + count[at] * d * d;
    }

    var origin = 0.0;
    if params.into == 1 {
        origin = x[n * params.length + place];
    }
    let index = n * step + place;
    count_of[index] = pixels;
    mean_of[index] = origin + middle;
    m2_of[index] = spread;
}
