// conv2d_backward_input_lanes: gradient of conv2d by its input, phase by phase, as a matrix product from registers. The
// same kernel is conv_transpose2d (torch.nn.functional.conv_transpose2d), whose input is called dy here.
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
//   dy [N, H_out, W_out, C_out       ]  gradient of the output
//   wt [K_h, K_w, C_out, C_in/groups ]  weights, the last two extents exchanged by the kernel transpose
//   dx [N, H_in,  W_in,  C_in        ]  gradient of the input, every element written once
//   bias     [C_in]   of the epilogue, where a launch has one: see common/epilogue
//   operand  [as dx]  likewise
//
// Threads  one subgroup per workgroup, which owns ROWS pixels of one phase by COLS blocks of LANES channels of dx; a
//          lane owns one channel of each block, in ROWS * COLS registers
// Memory   as conv2d_lanes
// Twin     reference::conv::conv2d_backward_input
// Used by  conv2d input gradient, conv_transpose2d forward, on software adapters

#import conv_shape
#import epilogue
#import first_tap
#import tap_range

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> wt: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> operand: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

override LANES: u32 = 8; // invocations of a subgroup, at most 32
override ROWS: u32 = 32; // at most 64
override COLS: u32 = 4; // at most 8

// One direction of a phase.
struct Phase {
    first: u32, // its first row or column of dx
    count: u32, // and how many it has
    tap: u32, // its first tap
    taps: u32, // and how many it has, at least 1: where there are none, `hits` is false
    hits: bool,
    start: i32, // row or column of dy under the first tap, for the first pixel
}

fn phase_of(phase: u32, size: u32, k: u32, stride: u32, padding: u32, dilation: u32, step: u32) -> Phase {
    var found: Phase;
    found.first = (phase + stride - padding % stride) % stride;
    found.count = (size + stride - 1u - found.first) / stride;
    let tap = first_tap(phase, stride, dilation, step);
    found.hits = tap < k;
    found.tap = select(0u, tap, found.hits);
    found.taps = select(1u, (k - found.tap + step - 1u) / step, found.hits);
    found.start = (i32(found.first + padding) - i32(found.tap * dilation)) / i32(stride);
    return found;
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

    // Which tile of dx: its phase, its first pixel there, its first channel, and in which part of the channels.
    let most_pixels = p.n * ((p.h_in + p.stride_h - 1u) / p.stride_h) * ((p.w_in + p.stride_w - 1u) / p.stride_w);
    let row_tiles = (most_pixels + ROWS - 1u) / ROWS;
    let col_tiles = (depth + COLS * LANES - 1u) / (COLS * LANES);
    let tile = group.y * groups.x + group.x;
    let first = tile % row_tiles * ROWS;
    let first_col = tile / row_tiles % col_tiles * COLS * LANES;
    let phase = tile / (row_tiles * col_tiles) % (p.stride_h * p.stride_w);
    let part = tile / (row_tiles * col_tiles * p.stride_h * p.stride_w);
    let down = phase_of(phase / p.stride_w, p.h_in, p.k_h, p.stride_h, p.padding_h, p.dilation_h, p.step_h);
    let across = phase_of(phase % p.stride_w, p.w_in, p.k_w, p.stride_w, p.padding_w, p.dilation_w, p.step_w);
    let pixels = p.n * down.count * across.count;
    if part >= p.groups || first >= pixels {
        return;
    }

    // The pixels of the tile, counted with n fastest, so that a tile of small pictures holds few different places and
    // most taps that lead beside dy do so for all of it. Pixels past the last lie where no tap finds anything.
    let last = min(first + ROWS, pixels) - 1u;
    let first_i = first / (p.n * across.count);
    let last_i = last / (p.n * across.count);
    let first_j = first / p.n % across.count;
    let last_j = last / p.n % across.count;
    var image: array<u32, 64>; // pixel of dy where the pixel's picture begins
    var top: array<i32, 64>; // oh and ow under the first tap
    var left: array<i32, 64>;
    var target_row: array<u32, 64>; // element of dx where the pixel's part begins
    var n = first % p.n;
    var i = first_i;
    var j = first_j;
    for (var r = 0u; r < ROWS; r += 1u) {
        image[r] = n * p.h_out * p.w_out;
        top[r] = select(-0x40000000, down.start + i32(i), down.hits && across.hits && first + r < pixels);
        left[r] = across.start + i32(j);
        let ih = down.first + i * p.stride_h;
        let iw = across.first + j * p.stride_w;
        target_row[r] = ((n * p.h_in + ih) * p.w_in + iw) * p.c_in + part * depth;
        n += 1u;
        j = select(j, j + 1u, n == p.n);
        n = select(n, 0u, n == p.n);
        i = select(i, i + 1u, j == across.count);
        j = select(j, 0u, j == across.count);
    }

    // Channels past the last repeat it; they are not stored.
    var col: array<u32, 8>;
    for (var c = 0u; c < COLS; c += 1u) {
        col[c] = min(first_col + c * LANES + lane, depth - 1u);
    }

    // The taps of the phase that find dy for at least one pixel of the tile. Later taps lie above earlier ones, so
    // they are counted from the bottom and from the right.
    let rise = p.step_h * p.dilation_h / p.stride_h;
    let shift = p.step_w * p.dilation_w / p.stride_w;
    let one_line = first_i == last_i;
    let low_j = select(0u, first_j, one_line);
    let high_j = select(across.count - 1u, last_j, one_line);
    let bottom = i32(p.h_out) - 1 - down.start;
    let right = i32(p.w_out) - 1 - across.start;
    let vertical = tap_range(bottom - i32(last_i), bottom - i32(first_i), rise, p.h_out, down.taps);
    let horizontal = tap_range(right - i32(high_j), right - i32(low_j), shift, p.w_out, across.taps);

    // Every loop below has at least one turn and asks at its end whether there is another: see conv2d_lanes.
    var sum: array<array<f32, 8>, 64>;
    var s = vertical.x;
    loop {
        var t = horizontal.x;
        loop {
            // Where each pixel finds its channels of dy, and how many there are: none beside dy.
            var start: array<u32, 64>;
            var count: array<u32, 64>;
            for (var r = 0u; r < ROWS; r += 1u) {
                let oh = top[r] - i32(s * rise);
                let ow = left[r] - i32(t * shift);
                start[r] = (image[r] + u32(oh) * p.w_out + u32(ow)) * p.c_out + part * width;
                count[r] = select(0u, width, u32(oh) < p.h_out && u32(ow) < p.w_out);
            }
            let tap = (down.tap + s * p.step_h) * p.k_w + across.tap + t * p.step_w;
            let first_row = tap * p.c_out + part * width;
            var co = 0u;
            loop {
                // Each lane takes one channel of every pixel [ROWS, LANES]; beside dy and past the last channel, zeros.
                let own = co + lane;
                var part_y: array<f32, 64>;
                for (var r = 0u; r < ROWS; r += 1u) {
                    let found = own < count[r];
                    part_y[r] = select(0.0, dy[select(0u, start[r] + own, found)], found);
                }
                // And one channel of as many rows of wt, the rows' blocks side by side [LANES, COLS, LANES].
                var part_w: array<array<f32, 8>, 32>;
                for (var k = 0u; k < LANES; k += 1u) {
                    let row = (first_row + min(co + k, width - 1u)) * depth;
                    for (var c = 0u; c < COLS; c += 1u) {
                        part_w[k][c] = wt[row + col[c]];
                    }
                }
                // Their product, a pixel at a time, so that its sums stay in registers meanwhile.
                for (var r = 0u; r < ROWS; r += 1u) {
                    for (var k = 0u; k < LANES; k += 1u) {
                        let shown = subgroupShuffle(part_y[r], k);
                        for (var c = 0u; c < COLS; c += 1u) {
                            sum[r][c] += shown * part_w[k][c];
                        }
                    }
                }

                continuing {
                    co += LANES;
                    break if co >= width;
                }
            }

            continuing {
                t += 1u;
                break if t > horizontal.y;
            }
        }

        continuing {
            s += 1u;
            break if s > vertical.y;
        }
    }

    for (var c = 0u; c < COLS; c += 1u) {
        let ci = first_col + c * LANES + lane;
        var part_bias = 0.0;
        if p.has_bias == 1u && ci < depth {
            part_bias = bias[part * depth + ci];
        }
        for (var r = 0u; r < ROWS; r += 1u) {
            if first + r < pixels && ci < depth {
                let place = target_row[r] + ci;
                var other = 0.0;
                if p.operand != 0u {
                    other = operand[place];
                }
                dx[place] = epilogue(sum[r][c] + part_bias, other, p.operand, p.slope);
            }
        }
    }
}
