// total_variation: half of the squared differences of neighbouring pixels, each axis as a mean (AnimeGANv2's).
//
//   y[n,h,w,c] = down / 2 * (x[n,h+1,w,c] - x[n,h,w,c])² + across / 2 * (x[n,h,w+1,c] - x[n,h,w,c])²
//
//   The loss is the sum of them. A pixel at the edge has no next one and no difference; down and across are 1 over the
//   number of differences there are.
//
//   x  [n, h, w, c]  pictures
//   y  [n, h, w, c]  parts of the loss, every element written once
//
// Threads  a workgroup per line of a picture, its lanes along the line
// Memory   reads 4 bytes per element, the next line from the cache; writes 4
// Twin     reference::loss::total_variation
// Used by  total_variation

struct Params {
    lines: u32,  // n * h
    h: u32,
    line: u32,   // w * c, elements of a line
    c: u32,
    down: f32,   // 1 / number of differences between lines, 0 without any
    across: f32, // 1 / number of differences between pixels of a line, likewise
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = group.y * groups.x + group.x;
    if number >= params.lines {
        return;
    }
    let begin = number * params.line;
    let ih = number % params.h;
    let last = ih + 1u == params.h;
    for (var i = lane; i < params.line; i += WIDTH) {
        let here = x[begin + i];
        var part = 0.0;
        if !last {
            let d = x[begin + params.line + i] - here;
            part = 0.5 * params.down * d * d;
        }
        if i + params.c < params.line {
            let d = x[begin + params.c + i] - here;
            part += 0.5 * params.across * d * d;
        }
        y[begin + i] = part;
    }
}
