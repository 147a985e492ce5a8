// conv2d_panels: cross-correlation of x with w (torch.nn.functional.conv2d), channels last, as a matrix product from
// registers, the weights packed into panels.
//
//   y[n,oh,ow,co] = sum over kh,kw,ci of  x[n,ih,iw,ci] * w[kh,kw,ci,co]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   Read as a matrix product: the rows are the output pixels, the columns the output channels, and the sum runs over
//   (kh, kw, ci). In memory the ci of one pixel are neighbours, and with dilation 1 so are the (kw, ci) of a row of the
//   kernel: such a stretch is called a run.
//
//   x  [N, H_in,  W_in,  C_in ]  input
//   w  [groups, panels, K_h * K_w * C_in/groups, COLS * LANES]  weights as pack_panels leaves them
//   y  [N, H_out, W_out, C_out]  output, every element written once
//   bias     [C_out]   of the epilogue, where a launch has one: see common/epilogue
//   operand  [as y]  likewise
//
// Threads  LANES per workgroup, which owns ROWS pixels by one panel of channels of y; a lane owns one channel of each
//          of its COLS blocks, in ROWS * COLS registers. Workgroups that follow each other share their pixels where all
//          panels fit a cache of NEAR words, and a panel where they do not.
// Memory   as matmul_panels: (ROWS + COLS) loads for ROWS * COLS multiply-adds. Where a run lies inside x for every
//          pixel of the tile, which is nearly everywhere, nothing else is in the loop; pixels under which a tap lies
//          beside x are left out of its sums. All that decides about padding is the same for all lanes.
// Twin     reference::conv::conv2d
// Used by  conv2d forward, conv_transpose2d input gradient; with stride 1 conv2d input gradient and conv_transpose2d
//          forward; on the native adapter

#import conv_shape
#import epilogue
#import range_inside

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> operand: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

override LANES: u32 = 16;
override ROWS: u32 = 8; // at most 16
override COLS: u32 = 3; // at most 4

const NEAR: u32 = 131072;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let depth = p.c_in / p.groups;
    let width = p.c_out / p.groups;
    let pixels = p.n * p.h_out * p.w_out;
    let panel_width = COLS * LANES;

    // Which tile of y: its first pixel, its first channel, and in which part of the channels (of `groups`).
    let row_tiles = (pixels + ROWS - 1u) / ROWS;
    let col_tiles = (width + panel_width - 1u) / panel_width;
    let panels = col_tiles * p.groups;
    let near = panels * p.k_h * p.k_w * depth * panel_width <= NEAR;
    let tile = group.y * groups.x + group.x;
    let first = select(tile % row_tiles, tile / panels, near) * ROWS;
    let panel = select(tile / row_tiles, tile % panels, near); // counted through the parts
    let first_col = panel % col_tiles * panel_width;
    let part = panel / col_tiles;
    if part >= p.groups || first >= pixels {
        return;
    }

    // The pixels of the tile. They are counted through ROWS pictures, a block, before the next block begins, and there
    // with n fastest: a tile holds one place of all of them, so that its taps fall on the padding together, and the
    // next tile finds in the cache what this one has read. Pixels past the last repeat it; they are not stored.
    var first_n = 0u;
    var block_n = 1u;
    var within = first;
    if p.n > 1u {
        first_n = first / (ROWS * p.h_out * p.w_out) * ROWS;
        block_n = min(ROWS, p.n - first_n);
        within = first - first_n * p.h_out * p.w_out;
    }
    let last = min(within + ROWS, block_n * p.h_out * p.w_out) - 1u;
    let first_oh = within / (block_n * p.w_out);
    let first_ow = within / block_n - first_oh * p.w_out;
    var top: array<i32, 16>; // ih and iw under tap 0
    var left: array<i32, 16>;
    var corner: array<u32, 16>; // element of x there, modulo 2^32
    var target_row: array<u32, 16>; // element of y where the tile begins
    var n = within - (first_oh * p.w_out + first_ow) * block_n;
    var oh = first_oh;
    var ow = first_ow;
    let one_line = p.n == 1u && first_ow + last - within < p.w_out;
    if one_line {
        let line = i32(oh * p.stride_h) - i32(p.padding_h);
        for (var r = 0u; r < ROWS; r += 1u) {
            ow = first_ow + min(r, last - within);
            top[r] = line;
            left[r] = i32(ow * p.stride_w) - i32(p.padding_w);
            corner[r] = u32((line * i32(p.w_in) + left[r]) * i32(p.c_in)) + part * depth;
            target_row[r] = (oh * p.w_out + ow) * p.c_out + part * width + first_col;
        }
    } else {
        for (var r = 0u; r < ROWS; r += 1u) {
            top[r] = i32(oh * p.stride_h) - i32(p.padding_h);
            left[r] = i32(ow * p.stride_w) - i32(p.padding_w);
            let line = i32((first_n + n) * p.h_in) + top[r];
            corner[r] = u32((line * i32(p.w_in) + left[r]) * i32(p.c_in)) + part * depth;
            target_row[r] = (((first_n + n) * p.h_out + oh) * p.w_out + ow) * p.c_out + part * width + first_col;
            n += select(0u, 1u, within + r < last);
            ow = select(ow, ow + 1u, n == block_n);
            n = select(n, 0u, n == block_n);
            oh = select(oh, oh + 1u, ow == p.w_out);
            ow = select(ow, 0u, ow == p.w_out);
        }
    }

    // The taps that touch x under some pixel of the tile, and those that lie inside under all of them. The loops have
    // ended at the last pixel.
    let low_top = i32(first_oh * p.stride_h) - i32(p.padding_h);
    let high_top = i32(oh * p.stride_h) - i32(p.padding_h);
    let low_left = i32(select(0u, first_ow, first_oh == oh) * p.stride_w) - i32(p.padding_w);
    let high_left = i32(select(p.w_out - 1u, ow, first_oh == oh) * p.stride_w) - i32(p.padding_w);
    let down = range_inside(high_top, low_top, p.dilation_h, p.h_in, p.k_h);
    let down_inside = range_inside(low_top, high_top, p.dilation_h, p.h_in, p.k_h);
    let across = range_inside(high_left, low_left, p.dilation_w, p.w_in, p.k_w);
    let across_inside = range_inside(low_left, high_left, p.dilation_w, p.w_in, p.k_w);
    let joined = p.groups == 1u && p.dilation_w == 1u;

    var sum: array<array<f32, 4>, 16>;
    for (var kh = down.x; kh < down.y; kh += 1u) {
        let line_inside = kh >= down_inside.x && kh < down_inside.y;
        var kw = across.x;
        while kw < across.y {
            let inside = line_inside && kw >= across_inside.x && kw < across_inside.y;
            let taps = select(1u, across_inside.y - kw, inside && joined);
            let shift = (kh * p.dilation_h * p.w_in + kw * p.dilation_w) * p.c_in; // from tap 0
            var place = (panel * p.k_h * p.k_w + kh * p.k_w + kw) * depth * panel_width;
            if inside {
                var source: array<u32, 16>;
                for (var r = 0u; r < ROWS; r += 1u) {
                    source[r] = corner[r] + shift;
                }
                var at = 0u;
                loop {
                    var part_w: array<f32, 4>;
                    for (var c = 0u; c < COLS; c += 1u) {
                        part_w[c] = w[place + c * LANES + lane];
                    }
                    for (var r = 0u; r < ROWS; r += 1u) {
                        let value = x[source[r] + at];
                        for (var c = 0u; c < COLS; c += 1u) {
                            sum[r][c] = fma(value, part_w[c], sum[r][c]);
                        }
                    }

                    continuing {
                        place += panel_width;
                        at += 1u;
                        break if at >= taps * depth;
                    }
                }
            } else {
                // The same for a tap that lies beside x under some of the pixels.
                var found: array<bool, 16>;
                var start: array<u32, 16>;
                for (var r = 0u; r < ROWS; r += 1u) {
                    let ih = u32(top[r] + i32(kh * p.dilation_h));
                    let iw = u32(left[r] + i32(kw * p.dilation_w));
                    found[r] = ih < p.h_in && iw < p.w_in;
                    start[r] = corner[r] + shift;
                }
                var ci = 0u;
                loop {
                    var part_w: array<f32, 4>;
                    for (var c = 0u; c < COLS; c += 1u) {
                        part_w[c] = w[place + c * LANES + lane];
                    }
                    for (var r = 0u; r < ROWS; r += 1u) {
                        if found[r] {
                            let value = x[start[r] + ci];
                            for (var c = 0u; c < COLS; c += 1u) {
                                sum[r][c] = fma(value, part_w[c], sum[r][c]);
                            }
                        }
                    }

                    continuing {
                        place += panel_width;
                        ci += 1u;
                        break if ci >= depth;
                    }
                }
            }
            kw += taps;
        }
    }

    var part_bias: array<f32, 4>;
    if p.has_bias == 1u {
        for (var c = 0u; c < COLS; c += 1u) {
            if first_col + c * LANES + lane < width {
                part_bias[c] = bias[part * width + first_col + c * LANES + lane];
            }
        }
    }
    for (var r = 0u; r < ROWS; r += 1u) {
        if first + r < pixels {
            for (var c = 0u; c < COLS; c += 1u) {
                if first_col + c * LANES + lane < width {
                    let place = target_row[r] + c * LANES + lane;
                    var other = 0.0;
                    if p.operand != 0u {
                        other = operand[place];
                    }
                    y[place] = epilogue(sum[r][c] + part_bias[c], other, p.operand, p.slope);
                }
            }
        }
    }
}
