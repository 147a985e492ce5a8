// total_variation_backward: gradient of total_variation.
//
//   dx[n,h,w,c] = (down * (2 x[n,h,w,c] - x[n,h-1,w,c] - x[n,h+1,w,c])
//                  + across * (2 x[n,h,w,c] - x[n,h,w-1,c] - x[n,h,w+1,c])) * dy
//
//   A neighbour that does not exist counts as equal: a pixel is pulled towards those it has.
//
//   x   [n, h, w, c]  pictures
//   dy  [1]           gradient of the loss
//   dx  [n, h, w, c]  gradient of the pictures, every element written once
//
// Threads  a workgroup per line of a picture, its lanes along the line
// Memory   reads 4 bytes per element, the lines beside it from the cache; writes 4
// Twin     reference::loss::total_variation_backward
// Used by  total_variation, and its second derivative

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
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
    let top = ih == 0u;
    let last = ih + 1u == params.h;
    let slope = dy[0];
    for (var step = 0u; step < params.line; step += WIDTH) {
        let i = step + lane;
        if i < params.line {
            let here = x[begin + i];
            var vertical = 0.0;
            if !top {
                vertical += here - x[begin - params.line + i];
            }
            if !last {
                vertical += here - x[begin + params.line + i];
            }
            var horizontal = 0.0;
            if i >= params.c {
                // At the very beginning there are no places before the first lane's: neighbours cannot be read as such.
                if begin + step >= params.c {
                    horizontal += here - x[begin + step - params.c + lane];
                } else {
                    horizontal += here - x[begin + max(i, params.c) - params.c];
                }
            }
            if i + params.c < params.line {
                horizontal += here - x[begin + params.c + i];
            }
            dx[begin + i] = (params.down * vertical + params.across * horizontal) * slope;
        }
    }
}
