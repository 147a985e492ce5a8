// cutout: a rectangle of each picture made 0 (DiffAugment's `cutout`; DeVries and Taylor, 2017).
//
//   y[n,h,w,c] = 0 where 0 <= h - top < side_h and 0 <= w - left < side_w, else x[n,h,w,c]
//     with (top, left) = centres[n] - floor(sides / 2); what of it lies outside is not there
//
//   x        [N, H, W, C]  input
//   centres  [N, 2]        row and column, whole numbers, inside of the picture or not
//   y        [N, H, W, C]  output, every element written once
//
// Threads  a workgroup per line, its lanes along the line
// Memory   reads 4 bytes and writes 4 per element
// Twin     reference::augment::cutout
// Used by  cutout, and, being a mask, its gradient

struct Params {
    lines: u32,   // N * H
    height: u32,  // H
    columns: u32, // W * C, elements of a line
    channels: u32,
    side_h: u32,
    side_w: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> centres: array<f32>;
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
    let h = i32(line % p.height);
    let top = i32(centres[2u * n]) - i32(p.side_h / 2u);
    let left = (i32(centres[2u * n + 1u]) - i32(p.side_w / 2u)) * i32(p.channels);
    let is_beside = h < top || h >= top + i32(p.side_h);
    let right = left + i32(p.side_w * p.channels);
    let start = line * p.columns;
    for (var c = lane; c < p.columns; c += WIDTH) {
        let is_kept = is_beside || i32(c) < left || i32(c) >= right;
        y[start + c] = select(0.0, x[start + c], is_kept);
    }
}
