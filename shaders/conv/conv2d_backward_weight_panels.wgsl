// conv2d_backward_weight_panels: gradient of conv2d by its weights, as a matrix product from registers, the sum over
// the pixels cut into parts.
//
//   dw[kh,kw,ci,co] = sum over n,oh,ow of  x[n,ih,iw,ci] * dy[n,oh,ow,co]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   Read as a matrix product: the rows are the values of a run of x (see conv2d_panels), the columns the channels of
//   dy, and the sum runs over the pixels, line after line. dw is small and the sum long, so several workgroups share
//   the lines of one tile and each writes its own part; a sum over the parts follows, always in the same order.
//
//   x  [N, H_in,  W_in,  C_in               ]  input
//   dy [groups, panels, N * H_out * W_out, COLS * LANES]  gradient of the output as pack_panels leaves it
//   dw [splits, K_h, K_w, C_in/groups, C_out]  parts of the gradient of the weights, every element written once
//
// Threads  LANES per workgroup, which owns ROWS values of a run by COLS blocks of LANES channels; a lane owns one
//          channel of each block, in ROWS * COLS registers
// Memory   for each pixel a lane loads ROWS neighbours of x, the same for all lanes, and COLS elements of dy, which all
//          lanes together read in one piece, one pixel behind the other, for ROWS * COLS multiply-adds: from dy as it
//          was they came from a line of the cache each, and that took a tenth to a half longer, the more the more
//          channels. Pixels whose run lies inside x are summed in a loop of nothing else; beside a border they are
//          taken one by one. A split is so short that its part of dy stays in the cache from tile to tile.
// Twin     reference::conv::conv2d_backward_weight
// Used by  conv2d and conv_transpose2d weight gradients, on the native adapter

#import conv_shape
#import range_inside

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

override LANES: u32 = 16;
override ROWS: u32 = 14; // at most 16 and at most a run
override COLS: u32 = 2; // at most 4

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let depth = p.c_in / p.groups;
    let width = p.c_out / p.groups;
    let joined = p.groups == 1u && p.dilation_w == 1u;
    let run = select(depth, depth * p.k_w, joined);
    let runs = select(p.k_h * p.k_w, p.k_h, joined);

    // Which tile of dw: its first value of which run, its first channel, in which part of the channels. The last tile
    // of a run is moved back until it ends with it, and stores what no other does. Splits lie along z.
    let panel_width = COLS * LANES;
    let row_tiles = (run + ROWS - 1u) / ROWS;
    let col_tiles = (width + panel_width - 1u) / panel_width;
    let tile = group.y * groups.x + group.x;
    let own_row = tile % row_tiles * ROWS;
    let first_row = min(own_row, run - ROWS);
    let first_col = tile / row_tiles % col_tiles * panel_width;
    let which = tile / (row_tiles * col_tiles);
    let tap = which % runs * select(1u, p.k_w, joined);
    let part = which / runs;
    if part >= p.groups {
        return;
    }
    let panel = part * col_tiles + first_col / panel_width;

    // The lines of dy under which the run lies on x, and the share of this split.
    let kh = tap / p.k_w;
    let kw = tap % p.k_w;
    let top = i32(kh * p.dilation_h) - i32(p.padding_h);
    let lines = range_inside(top, top, p.stride_h, p.h_in, p.h_out);
    let line_count = lines.y - lines.x;
    let share = (p.n * line_count + groups.z - 1u) / groups.z;
    let first_line = group.z * share;
    let end_line = min(first_line + share, p.n * line_count);

    // Within a line, the pixels under which the tile's values touch x, and those under which they lie inside of it.
    let left = (i32(kw * p.dilation_w) - i32(p.padding_w)) * i32(p.c_in) + i32(part * depth + first_row);
    let step = p.stride_w * p.c_in;
    let length = p.w_in * p.c_in;
    let right = left + i32(ROWS) - 1;
    let places = range_inside(right, left, step, length, p.w_out);
    let inside = range_inside(left, right, step, length, p.w_out);

    var sum: array<array<f32, 4>, 16>;
    for (var i = first_line; i < end_line; i += 1u) {
        let n = i / line_count;
        let oh = lines.x + i % line_count;
        let ih = u32(i32(oh * p.stride_h) + top);
        let line = (n * p.h_in + ih) * length;
        var row = (((panel * p.n + n) * p.h_out + oh) * p.w_out + places.x) * panel_width;
        var ow = places.x;
        while ow < places.y {
            if ow >= inside.x && ow < inside.y {
                var at = line + u32(left) + ow * step; // not below line, although left may be below 0
                loop {
                    var part_y: array<f32, 4>;
                    for (var c = 0u; c < COLS; c += 1u) {
                        part_y[c] = dy[row + c * LANES + lane];
                    }
                    for (var r = 0u; r < ROWS; r += 1u) {
                        let value = x[at + r];
                        for (var c = 0u; c < COLS; c += 1u) {
                            sum[r][c] = fma(value, part_y[c], sum[r][c]);
                        }
                    }

                    continuing {
                        at += step;
                        row += panel_width;
                        ow += 1u;
                        break if ow >= inside.y;
                    }
                }
            } else {
                // The same for a pixel under which some of the values lie beside x.
                var part_y: array<f32, 4>;
                for (var c = 0u; c < COLS; c += 1u) {
                    part_y[c] = dy[row + c * LANES + lane];
                }
                for (var r = 0u; r < ROWS; r += 1u) {
                    let place = u32(left + i32(ow * step + r));
                    let found = place < length;
                    let value = select(0.0, x[select(0u, line + place, found)], found);
                    for (var c = 0u; c < COLS; c += 1u) {
                        sum[r][c] = fma(value, part_y[c], sum[r][c]);
                    }
                }
                row += panel_width;
                ow += 1u;
            }
        }
    }

    for (var r = 0u; r < ROWS; r += 1u) {
        if first_row + r >= own_row {
            let value = (group.z * p.k_h * p.k_w + tap) * depth + first_row + r;
            let target_row = value * p.c_out + part * width + first_col;
            for (var c = 0u; c < COLS; c += 1u) {
                if first_col + c * LANES + lane < width {
                    dw[target_row + c * LANES + lane] = sum[r][c];
                }
            }
        }
    }
}
