// conv2d_backward_input_panels: gradient of conv2d by its input, phase by phase, as a matrix product from registers,
// the weights packed into panels. The same kernel is conv_transpose2d (torch.nn.functional.conv_transpose2d), whose
// input is called dy here.
//
//   dx[n,ih,iw,ci] = sum over kh,kw,co of  dy[n,oh,ow,co] * w[kh,kw,ci,co]
//     with oh = (ih + padding - kh*dilation) / stride where that is a whole number inside of dy,  ow likewise
//
//   Which taps lead to whole numbers depends on the phase of (ih, iw) alone (first_tap): of kh those that are first,
//   first + step, first + 2 step, ..., and the t-th of them leads to an oh that is t * dilation * step / stride above
//   that of the first. So each phase is a dense convolution of dy with a part of the kernel, and nothing is multiplied
//   by a zero that is known beforehand. Rows of the matrix product are the pixels of one phase, columns the channels of
//   dx.
//
//   dy [N, H_out, W_out, C_out]  gradient of the output
//   w  [groups, panels, K_h * K_w * C_out/groups, COLS * LANES]  weights as pack_panels leaves them, ci across
//   dx [N, H_in,  W_in,  C_in ]  gradient of the input, every element written once
//   bias     [C_in]   of the epilogue, where a launch has one: see common/epilogue
//   operand  [as dx]  likewise
//
// Threads  LANES per workgroup, which owns ROWS pixels of one phase by one panel of channels of dx; a lane owns one
//          channel of each of its COLS blocks, in ROWS * COLS registers. Workgroups that follow each other share a
//          place of dy: the phases there where a panel fits a cache of twice NEAR words, and the panels too where all
//          of them fit NEAR. Phase after phase, whole pictures each, took a fifth longer.
// Memory   as conv2d_panels
// Twin     reference::conv::conv2d_backward_input
// Used by  conv2d input gradient, conv_transpose2d forward, with strides above 1, on the native adapter

#import conv_phase
#import conv_shape
#import epilogue
#import range_inside

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> operand: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

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
    let panel_width = COLS * LANES;

    // Which tile of dx: its phase, its first pixel there, its first channel, and in which part of the channels.
    let most_pixels = p.n * ((p.h_in + p.stride_h - 1u) / p.stride_h) * ((p.w_in + p.stride_w - 1u) / p.stride_w);
    let row_tiles = (most_pixels + ROWS - 1u) / ROWS;
    let col_tiles = (depth + panel_width - 1u) / panel_width;
    let panels = col_tiles * p.groups;
    let phases = p.stride_h * p.stride_w;
    let size = p.k_h * p.k_w * width * panel_width; // of a panel
    let near = panels * size <= NEAR;
    let tile = group.y * groups.x + group.x;
    let place = select(tile % (row_tiles * phases), tile / panels, near);
    let panel = select(tile / (row_tiles * phases), tile % panels, near); // counted through the parts
    let one_panel = size <= 2u * NEAR;
    let first = select(place % row_tiles, place / phases, one_panel) * ROWS;
    let phase = select(place / row_tiles, place % phases, one_panel);
    let first_col = panel % col_tiles * panel_width;
    let part = panel / col_tiles;
    let down = phase_of(phase / p.stride_w, p.h_in, p.k_h, p.stride_h, p.padding_h, p.dilation_h, p.step_h);
    let across = phase_of(phase % p.stride_w, p.w_in, p.k_w, p.stride_w, p.padding_w, p.dilation_w, p.step_w);
    let pixels = p.n * down.count * across.count;
    if part >= p.groups || phase >= phases || first >= pixels {
        return;
    }

    // The pixels of the tile, counted through blocks of ROWS pictures as in conv2d_panels. Pixels past the last repeat
    // it; they are not stored.
    var first_n = 0u;
    var block_n = 1u;
    var within = first;
    if p.n > 1u {
        first_n = first / (ROWS * down.count * across.count) * ROWS;
        block_n = min(ROWS, p.n - first_n);
        within = first - first_n * down.count * across.count;
    }
    let last = min(within + ROWS, block_n * down.count * across.count) - 1u;
    let first_i = within / (block_n * across.count);
    let first_j = within / block_n - first_i * across.count;
    var top: array<i32, 16>; // oh and ow under the first tap
    var left: array<i32, 16>;
    var corner: array<u32, 16>; // element of dy there, modulo 2^32
    var target_row: array<u32, 16>; // element of dx where the tile begins
    var n = within - (first_i * across.count + first_j) * block_n;
    var i = first_i;
    var j = first_j;
    for (var r = 0u; r < ROWS; r += 1u) {
        top[r] = down.start + i32(i);
        left[r] = across.start + i32(j);
        let line = i32((first_n + n) * p.h_out) + top[r];
        corner[r] = u32((line * i32(p.w_out) + left[r]) * i32(p.c_out)) + part * width;
        let ih = down.first + i * p.stride_h;
        let iw = across.first + j * p.stride_w;
        target_row[r] = (((first_n + n) * p.h_in + ih) * p.w_in + iw) * p.c_in + part * depth + first_col;
        n += select(0u, 1u, within + r < last);
        j = select(j, j + 1u, n == block_n);
        n = select(n, 0u, n == block_n);
        i = select(i, i + 1u, j == across.count);
        j = select(j, 0u, j == across.count);
    }

    // The taps of the phase that touch dy for some pixel of the tile, and those that lie inside for all of them. Later
    // taps lie above earlier ones, so they are counted from the bottom and from the right. The loop has ended at the
    // last pixel.
    let rise = p.step_h * p.dilation_h / p.stride_h;
    let shift = p.step_w * p.dilation_w / p.stride_w;
    let one_line = first_i == i;
    let bottom = i32(p.h_out) - 1 - down.start;
    let right = i32(p.w_out) - 1 - across.start;
    let low_i = bottom - i32(i);
    let high_i = bottom - i32(first_i);
    let low_j = right - i32(select(across.count - 1u, j, one_line));
    let high_j = right - i32(select(0u, first_j, one_line));
    let vertical = range_inside(high_i, low_i, rise, p.h_out, down.taps);
    let vertical_inside = range_inside(low_i, high_i, rise, p.h_out, down.taps);
    let horizontal = range_inside(high_j, low_j, shift, p.w_out, across.taps);
    let horizontal_inside = range_inside(low_j, high_j, shift, p.w_out, across.taps);

    var sum: array<array<f32, 4>, 16>;
    for (var s = vertical.x; s < vertical.y; s += 1u) {
        let line_inside = s >= vertical_inside.x && s < vertical_inside.y;
        for (var t = horizontal.x; t < horizontal.y; t += 1u) {
            let inside = line_inside && t >= horizontal_inside.x && t < horizontal_inside.y;
            let back = (s * rise * p.w_out + t * shift) * p.c_out; // from the first tap
            let tap = (down.tap + s * p.step_h) * p.k_w + across.tap + t * p.step_w;
            var place = (panel * p.k_h * p.k_w + tap) * width * panel_width;
            var found: array<bool, 16>;
            var start: array<u32, 16>;
            for (var r = 0u; r < ROWS; r += 1u) {
                let oh = u32(top[r] - i32(s * rise));
                let ow = u32(left[r] - i32(t * shift));
                found[r] = oh < p.h_out && ow < p.w_out;
                start[r] = corner[r] - back;
            }
            var co = 0u;
            if inside {
                loop {
                    var part_w: array<f32, 4>;
                    for (var c = 0u; c < COLS; c += 1u) {
                        part_w[c] = w[place + c * LANES + lane];
                    }
                    for (var r = 0u; r < ROWS; r += 1u) {
                        let value = dy[start[r] + co];
                        for (var c = 0u; c < COLS; c += 1u) {
                            sum[r][c] = fma(value, part_w[c], sum[r][c]);
                        }
                    }

                    continuing {
                        place += panel_width;
                        co += 1u;
                        break if co >= width;
                    }
                }
            } else {
                // The same for a tap that leads beside dy from some of the pixels.
                loop {
                    var part_w: array<f32, 4>;
                    for (var c = 0u; c < COLS; c += 1u) {
                        part_w[c] = w[place + c * LANES + lane];
                    }
                    for (var r = 0u; r < ROWS; r += 1u) {
                        if found[r] {
                            let value = dy[start[r] + co];
                            for (var c = 0u; c < COLS; c += 1u) {
                                sum[r][c] = fma(value, part_w[c], sum[r][c]);
                            }
                        }
                    }

                    continuing {
                        place += panel_width;
                        co += 1u;
                        break if co >= width;
                    }
                }
            }
        }
    }

    var part_bias: array<f32, 4>;
    if p.has_bias == 1u {
        for (var c = 0u; c < COLS; c += 1u) {
            if first_col + c * LANES + lane < depth {
                part_bias[c] = bias[part * depth + first_col + c * LANES + lane];
            }
        }
    }
    for (var r = 0u; r < ROWS; r += 1u) {
        if first + r < pixels {
            for (var c = 0u; c < COLS; c += 1u) {
                if first_col + c * LANES + lane < depth {
                    let place = target_row[r] + c * LANES + lane;
                    var other = 0.0;
                    if p.operand != 0u {
                        other = operand[place];
                    }
                    dx[place] = epilogue(sum[r][c] + part_bias[c], other, p.operand, p.slope);
                }
            }
        }
    }
}
