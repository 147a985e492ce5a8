// translate: each picture moved by whole pixels of its own, zeros moving in (DiffAugment's `translation`).
//
//   y[n,h,w,c] = x[n, h - down, w - right, c] inside of x, else 0,   (down, right) = direction * shifts[n]
//
//   x       [N, H, W, C]  input
//   shifts  [N, 2]        whole numbers of pixels
//   y       [N, H, W, C]  output, every element written once
//
// Threads  a workgroup per line of y, its lanes along the line: what moves a line is the same for all of them
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::augment::translate
// Used by  translate, and with the other direction its gradient

struct Params {
    lines: u32,   // N * H
    height: u32,  // H
    columns: u32, // W * C, elements of a line
    channels: u32,
    direction: f32, // 1 or -1
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> shifts: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let line = group.y * groups.x + group.x;
    if line >= p.lines {
        return;
    }
    let n = line / p.height;
    let from_line = i32(line % p.height) - i32(p.direction * shifts[2u * n]);
    let moved = i32(p.direction * shifts[2u * n + 1u]) * i32(p.channels);
    let is_inside = from_line >= 0 && from_line < i32(p.height);
    // What lies between low and high comes from x, the rest is 0.
    let columns = i32(p.columns);
    let low = u32(select(columns, clamp(moved, 0, columns), is_inside));
    let high = u32(select(columns, clamp(columns + moved, 0, columns), is_inside));

    let start = line * p.columns;
    let source = (n * p.height + u32(max(from_line, 0))) * p.columns + u32(max(-moved, 0));
    for (var c = lane; c < low; c += WIDTH) {
        y[start + c] = 0.0;
    }
    for (var c = lane; c < high - low; c += WIDTH) {
        y[start + low + c] = x[source + c];
    }
    for (var c = lane; c < p.columns - high; c += WIDTH) {
        y[start + high + c] = 0.0;
    }
}
