// conv2d_lanes: cross-correlation of x with w (torch.nn.functional.conv2d), channels last, as a matrix product from
// registers, shared between the lanes of a subgroup.
//
//   y[n,oh,ow,co] = sum over kh,kw,ci of  x[n,ih,iw,ci] * w[kh,kw,ci,co]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   Read as a matrix product: the rows are the output pixels, the columns the output channels, and the sum runs over
//   (kh, kw, ci). In memory the ci of one pixel are neighbours, and with dilation 1 so are the (kw, ci) of a whole row
//   of the kernel: such a stretch is called a run. Runs are cut into blocks of LANES values.
//
//   x  [N, H_in,  W_in,  C_in        ]  input
//   w  [K_h, K_w, C_in/groups, C_out ]  weights
//   y  [N, H_out, W_out, C_out       ]  output, every element written once
//   bias     [C_out]   of the epilogue, where a launch has one: see common/epilogue
//   operand  [as y]  likewise
//
// Threads  one subgroup per workgroup, which owns ROWS pixels by COLS blocks of LANES channels of y; a lane owns one
//          channel of each block, in ROWS * COLS registers
// Memory   for LANES values of a run a lane loads one element of x for each pixel, and the subgroup shows them to all
//          its lanes in turn; each element of w is loaded once for ROWS multiply-adds. No barriers, no workgroup
//          memory.
// Twin     reference::conv::conv2d
// Used by  conv2d forward, conv_transpose2d input gradient, on software adapters

#import conv_shape
#import epilogue
#import tap_range

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> operand: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

override LANES: u32 = 8; // invocations of a subgroup, at most 32
override ROWS: u32 = 32; // at most 64
override COLS: u32 = 4; // at most 8

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let p = params;
    let depth = p.c_in / p.groups;
    let width = p.c_out / p.groups;
    let pixels = p.n * p.h_out * p.w_out;

    // Which tile of y: its first pixel, its first channel, and in which part of the channels (of `groups`).
    let row_tiles = (pixels + ROWS - 1u) / ROWS;
    let col_tiles = (width + COLS * LANES - 1u) / (COLS * LANES);
    let tile = group.y * groups.x + group.x;
    let first = tile % row_tiles * ROWS;
    let first_col = tile / row_tiles % col_tiles * COLS * LANES;
    let part = tile / (row_tiles * col_tiles);
    if part >= p.groups {
        return;
    }

    // The pixels of the tile, counted with n fastest, so that a tile of small pictures holds few different places and
    // most taps that fall on the padding do so for all of it. Pixels past the last lie where no tap finds anything.
    let last = min(first + ROWS, pixels) - 1u;
    let first_oh = first / (p.n * p.w_out);
    let last_oh = last / (p.n * p.w_out);
    let first_ow = first / p.n % p.w_out;
    let last_ow = last / p.n % p.w_out;
    var image: array<u32, 64>; // element of x where the pixel's picture and part begin
    var top: array<i32, 64>; // ih and iw under tap 0
    var left: array<i32, 64>;
    var target_row: array<u32, 64>; // element of y where the pixel's part begins
    var n = first % p.n;
    var oh = first_oh;
    var ow = first_ow;
    for (var r = 0u; r < ROWS; r += 1u) {
        image[r] = n * p.h_in * p.w_in * p.c_in;
        top[r] = select(-0x40000000, i32(oh * p.stride_h) - i32(p.padding_h), first + r < pixels);
        left[r] = i32(ow * p.stride_w) - i32(p.padding_w);
        target_row[r] = ((n * p.h_out + oh) * p.w_out + ow) * p.c_out + part * width;
        n += 1u;
        ow = select(ow, ow + 1u, n == p.n);
        n = select(n, 0u, n == p.n);
        oh = select(oh, oh + 1u, ow == p.w_out);
        ow = select(ow, 0u, ow == p.w_out);
    }

    // Channels past the last repeat it; they are not stored.
    var col: array<u32, 8>;
    for (var c = 0u; c < COLS; c += 1u) {
        col[c] = part * width + min(first_col + c * LANES + lane, width - 1u);
    }

    // A run spans a row of the kernel where that leaves fewer blocks unfilled, else a tap.
    let joined = p.groups == 1u && p.dilation_w == 1u && depth % LANES != 0u;
    let run = select(depth, depth * p.k_w, joined);

    // The taps that find x for at least one pixel of the tile.
    let one_line = first_oh == last_oh;
    let low_ow = select(0u, first_ow, one_line);
    let high_ow = select(p.w_out - 1u, last_ow, one_line);
    let down = tap_range(
        i32(first_oh * p.stride_h) - i32(p.padding_h),
        i32(last_oh * p.stride_h) - i32(p.padding_h),
        p.dilation_h, p.h_in, p.k_h,
    );
    var across = tap_range(
        i32(low_ow * p.stride_w) - i32(p.padding_w),
        i32(high_ow * p.stride_w) - i32(p.padding_w),
        p.dilation_w, p.w_in, p.k_w,
    );
    across = select(across, vec2<u32>(0u, 0u), joined);

    // Every loop below has at least one turn and asks at its end whether there is another: a driver that masks lanes
    // instead of jumping would spend a whole turn on finding out that there is none.
    var sum: array<array<f32, 8>, 64>;
    var kh = down.x;
    loop {
        var kw = across.x;
        loop {
            // Where the run begins for each pixel, counted within its line of x, and where that line ends.
            var line: array<u32, 64>;
            var start: array<i32, 64>;
            var end: array<u32, 64>;
            for (var r = 0u; r < ROWS; r += 1u) {
                let ih = top[r] + i32(kh * p.dilation_h);
                line[r] = image[r] + u32(ih) * p.w_in * p.c_in;
                start[r] = (left[r] + i32(kw * p.dilation_w)) * i32(p.c_in) + i32(part * depth);
                end[r] = select(0u, p.w_in * p.c_in, u32(ih) < p.h_in);
            }
            let tap = (kh * p.k_w + kw) * depth;
            var j = 0u;
            loop {
                // Each lane takes one value of the run for every pixel [ROWS, LANES]; beside x and past the run, zeros.
                let own = j + lane;
                var part_x: array<f32, 64>;
                for (var r = 0u; r < ROWS; r += 1u) {
                    let place = u32(start[r] + i32(own));
                    let found = place < end[r] && own < run;
                    part_x[r] = select(0.0, x[select(0u, line[r] + place, found)], found);
                }
                // And one channel of as many rows of w, the rows' blocks side by side [LANES, COLS, LANES].
                var part_w: array<array<f32, 8>, 32>;
                for (var k = 0u; k < LANES; k += 1u) {
                    let row = (tap + min(j + k, run - 1u)) * p.c_out;
                    for (var c = 0u; c < COLS; c += 1u) {
                        part_w[k][c] = w[row + col[c]];
                    }
                }
                // Their product, a pixel at a time, so that its sums stay in registers meanwhile.
                for (var r = 0u; r < ROWS; r += 1u) {
                    for (var k = 0u; k < LANES; k += 1u) {
                        let shown = subgroupShuffle(part_x[r], k);
                        for (var c = 0u; c < COLS; c += 1u) {
                            sum[r][c] += shown * part_w[k][c];
                        }
                    }
                }

                continuing {
                    j += LANES;
                    break if j >= run;
                }
            }

            continuing {
                kw += 1u;
                break if kw > across.y;
            }
        }

        continuing {
            kh += 1u;
            break if kh > down.y;
        }
    }

    for (var c = 0u; c < COLS; c += 1u) {
        let co = first_col + c * LANES + lane;
        var part_bias = 0.0;
        if p.has_bias == 1u && co < width {
            part_bias = bias[part * width + co];
        }
        for (var r = 0u; r < ROWS; r += 1u) {
            if first + r < pixels && co < width {
                let place = target_row[r] + co;
                var other = 0.0;
                if p.operand != 0u {
                    other = operand[place];
                }
                y[place] = epilogue(sum[r][c] + part_bias, other, p.operand, p.slope);
            }
        }
    }
}
