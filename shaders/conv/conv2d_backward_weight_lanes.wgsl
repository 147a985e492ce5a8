// conv2d_backward_weight_lanes: gradient of conv2d by its weights, as a matrix product from registers, the sum over the
// pixels cut into parts.
//
//   dw[kh,kw,ci,co] = sum over n,oh,ow of  x[n,ih,iw,ci] * dy[n,oh,ow,co]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   Read as a matrix product: the rows are the values of a run of x (see conv2d_lanes), the columns the channels of dy,
//   and the sum runs over the pixels. dw is small and the sum long, so several workgroups share the pixels of one tile
//   and each writes its own part; a sum over the parts follows, always in the same order.
//
//   x  [N, H_in,  W_in,  C_in               ]  input
//   dy [N, H_out, W_out, C_out              ]  gradient of the output
//   dw [splits, K_h, K_w, C_in/groups, C_out]  parts of the gradient of the weights, every element written once
//
// Threads  one subgroup per workgroup, which owns ROWS values of a run by COLS blocks of LANES channels; a lane owns
//          one channel of each block, in ROWS * COLS registers
// Memory   for each pixel a lane loads ROWS / LANES elements of x, which the subgroup shows to all its lanes in turn,
//          and COLS elements of dy, for ROWS * COLS multiply-adds. No barriers, no workgroup memory.
// Twin     reference::conv::conv2d_backward_weight
// Used by  conv2d and conv_transpose2d weight gradients, on software adapters

#import conv_shape

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

override LANES: u32 = 8; // invocations of a subgroup, at most 32
override ROWS: u32 = 32; // a multiple of LANES, at most 64
override COLS: u32 = 4; // at most 8
override STEP: u32 = 4; // pixels to a turn of the loop, at most 8

// The output pixels, along one direction, whose tap falls on x: the first and how many.
fn reached(start: i32, stride: u32, size: u32, count: u32) -> vec2<u32> {
    let before = u32(max(-start, 0));
    let first = min((before + stride - 1u) / stride, count);
    let room = i32(size) - 1 - start;
    let end = select(0u, min(u32(max(room, 0)) / stride + 1u, count), room >= 0);
    return vec2<u32>(first, max(end, first) - first);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let p = params;
    let depth = p.c_in / p.groups;
    let width = p.c_out / p.groups;
    let joined = p.groups == 1u && p.dilation_w == 1u && depth % ROWS != 0u;
    let run = select(depth, depth * p.k_w, joined);
    let runs = select(p.k_h * p.k_w, p.k_h, joined);

    // Which tile of dw: its first value of which run, its first channel, in which part of the channels. Splits lie
    // along z.
    let row_tiles = (run + ROWS - 1u) / ROWS;
    let col_tiles = (width + COLS * LANES - 1u) / (COLS * LANES);
    let tile = group.y * groups.x + group.x;
    let first_row = tile % row_tiles * ROWS;
    let first_col = tile / row_tiles % col_tiles * COLS * LANES;
    let which = tile / (row_tiles * col_tiles);
    let tap = which % runs * select(1u, p.k_w, joined);
    let part = which / runs;
    if part >= p.groups {
        return;
    }

    // The output pixels for which the run lies on x, at least partly, and the share of this split.
    let kh = tap / p.k_w;
    let kw = tap % p.k_w;
    let top = i32(kh * p.dilation_h) - i32(p.padding_h);
    let left = i32(kw * p.dilation_w) - i32(p.padding_w);
    let lines = reached(top, p.stride_h, p.h_in, p.h_out);
    let places = select(reached(left, p.stride_w, p.w_in, p.w_out), vec2<u32>(0u, p.w_out), joined);
    let pixels = p.n * lines.y * places.y;
    let share = (pixels + groups.z - 1u) / groups.z;
    let first = min(group.z * share, pixels);
    let count = min(share, pixels - first);
    let line_count = max(lines.y, 1u);
    let place_count = max(places.y, 1u);
    var ow = first % place_count;
    var oh = first / place_count % line_count;
    var n = first / (place_count * line_count);

    // Values past the end of the run are zeros, channels past the last repeat it; neither is stored.
    var own: array<u32, 16>;
    for (var v = 0u; v < ROWS / LANES; v += 1u) {
        own[v] = first_row + v * LANES + lane;
    }
    var col: array<u32, 8>;
    for (var c = 0u; c < COLS; c += 1u) {
        col[c] = part * width + min(first_col + c * LANES + lane, width - 1u);
    }

    // The loop has at least one turn and asks at its end whether there is another: see conv2d_lanes.
    var sum: array<array<f32, 8>, 64>;
    var done = 0u;
    loop {
        // The values of the run under the next pixels [STEP, ROWS / LANES, LANES], zeros beside x, past the run and
        // past the last pixel; and the channels of dy there [STEP, COLS, LANES].
        var part_x: array<array<f32, 16>, 8>;
        var part_y: array<array<f32, 8>, 8>;
        for (var q = 0u; q < STEP; q += 1u) {
            let picture = min(n, p.n - 1u);
            let y_line = min(lines.x + oh, p.h_out - 1u);
            let y_place = min(places.x + ow, p.w_out - 1u);
            let ih = u32(i32(y_line * p.stride_h) + top);
            let line = (picture * p.h_in + ih) * p.w_in * p.c_in;
            let start = (i32(y_place * p.stride_w) + left) * i32(p.c_in) + i32(part * depth);
            let end = select(0u, p.w_in * p.c_in, done + q < count);
            for (var v = 0u; v < ROWS / LANES; v += 1u) {
                let place = u32(start + i32(own[v]));
                let found = place < end && own[v] < run;
                part_x[q][v] = select(0.0, x[select(0u, line + place, found)], found);
            }
            let row = ((picture * p.h_out + y_line) * p.w_out + y_place) * p.c_out;
            for (var c = 0u; c < COLS; c += 1u) {
                part_y[q][c] = dy[row + col[c]];
            }
            ow += 1u;
            oh = select(oh, oh + 1u, ow == place_count);
            ow = select(ow, 0u, ow == place_count);
            n = select(n, n + 1u, oh == line_count);
            oh = select(oh, 0u, oh == line_count);
        }
        // Their outer products, a value of the run at a time, so that its sums stay in registers meanwhile.
        for (var r = 0u; r < ROWS; r += 1u) {
            for (var q = 0u; q < STEP; q += 1u) {
                let shown = subgroupShuffle(part_x[q][r / LANES], r % LANES);
                for (var c = 0u; c < COLS; c += 1u) {
                    sum[r][c] += shown * part_y[q][c];
                }
            }
        }

        continuing {
            done += STEP;
            break if done >= count;
        }
    }

    for (var r = 0u; r < ROWS; r += 1u) {
        let row = ((group.z * p.k_h * p.k_w + tap) * depth + first_row + r) * p.c_out + part * width;
        for (var c = 0u; c < COLS; c += 1u) {
            let co = first_col + c * LANES + lane;
            if first_row + r < run && co < width {
                dw[row + co] = sum[r][c];
            }
        }
    }
}
