// conv2d_backward_weight_coop: gradient of conv2d by its weights by cooperative matrices, factors rounded to f16, sums
// in f32.
//
//   dw[kh,kw,ci,co] = sum over n,oh,ow of  f16(x[n,ih,iw,ci]) * f16(dy[n,oh,ow,co])
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   x, x4    [N, H_in, W_in, C_in]                  input, as numbers, and as vec4s for VEC_A (C_in / groups a multiple
//                                                   of 4)
//   dy, dy4  [N, H_out, W_out, C_out]               gradient of the output, as numbers, and as vec4s for VEC_B (C_out /
//                                                   groups a multiple of 4)
//   dw       [parts, K_h, K_w, C_in/groups, C_out]  gradient of the weights in parts, every element written once
//
//   The rows, columns and terms of the product are those of conv2d_backward_weight_tiled; what multiplies is
//   matmul_coop's. A tile of x lies as it comes from memory, a row for each pixel, and is read by columns.
//
// Threads  a workgroup per TILE_M rows by TILE_N channels of a group and part, z = part * groups + group; DOWN by
//          ACROSS subgroups of LANES to it (coop_tile)
// Memory   as matmul_coop
//          Floor: 2 flops for each element of dw and pixel of dy at the rate of the matrix units
// Twin     reference::conv::conv2d_backward_weight of factors rounded to f16
// Used by  conv2d and conv_transpose2d weight gradients, in mixed precision

#import coop_tile
#import conv_shape

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> x4: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> dy4: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> dw: array<f32>;

override HIGH: u32 = TILE_M / 4; // vec4s of rows
override FETCHED: u32 = CREW / HIGH; // pixels of tile_a that are fetched at once, a whole number
override STRIDE_A: u32 = HIGH + 2; // vec4s from one pixel of tile_a to the next

var<workgroup> tile_a: array<vec4<f16>, TILE_K * STRIDE_A>; // [TILE_K, TILE_M / 4 + 2]

// A row of the product: a tap, as its distance from the start of a window, and a channel of x.
struct Row {
    inside: bool,
    down: i32,
    right: i32,
    ci: u32,
}

fn row_of(row: u32, depth: u32) -> Row {
    let tap = row / depth;
    let down = i32(tap / params.k_w * params.dilation_h) - i32(params.padding_h);
    let right = i32(tap % params.k_w * params.dilation_w) - i32(params.padding_w);
    return Row(tap < params.k_h * params.k_w, down, right, row % depth);
}

// A pixel of dy.
struct Pixel {
    n: u32,
    oh: u32,
    ow: u32,
}

// The pixel that lies `by` behind `pixel`.
fn behind(pixel: Pixel, by: u32) -> Pixel {
    var next = pixel;
    next.ow += by;
    while next.ow >= params.w_out {
        next.ow -= params.w_out;
        next.oh += 1u;
        if next.oh == params.h_out {
            next.oh = 0u;
            next.n += 1u;
        }
    }
    return next;
}

// Where the element of x lies that a row has at a pixel, or -1 if it lies outside.
fn under(row: Row, pixel: Pixel, channel: u32) -> i32 {
    // A negative row or column becomes a large one.
    let ih = u32(i32(pixel.oh * params.stride_h) + row.down);
    let iw = u32(i32(pixel.ow * params.stride_w) + row.right);
    let inside = row.inside && pixel.n < params.n && ih < params.h_in && iw < params.w_in;
    return select(-1, i32(((pixel.n * params.h_in + ih) * params.w_in + iw) * params.c_in + channel + row.ci), inside);
}

// dy[pixel, j .. j + 4], zero outside the columns of the group.
fn four_of_dy(pixel: u32, pixels: u32, j: u32, width: u32, channel: u32) -> vec4<f32> {
    let start = pixel * params.c_out + channel + j;
    let inside = pixel < pixels && j < width;
    if VEC_B {
        return select(vec4(0.0), dy4[select(0u, start / 4u, inside)], inside);
    }
    var four: vec4<f32>;
    for (var e = 0u; e < 4u; e += 1u) {
        let within = inside && j + e < width;
        four[e] = select(0.0, dy[select(0u, start + e, within)], within);
    }
    return four;
}

@compute @workgroup_size(CREW)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(subgroup_id) subgroup: u32,
) {
    let pixels = params.n * params.h_out * params.w_out;
    let depth = params.c_in / params.groups;
    let width = params.c_out / params.groups;
    let rows = params.k_h * params.k_w * depth;

    // Which tile, and which pixels: whole tiles of them for each part.
    let tile = group.y * groups.x + group.x;
    let tiles_across = (width + TILE_N - 1) / TILE_N;
    let first_row = tile / tiles_across * TILE_M;
    let first_col = tile % tiles_across * TILE_N;
    if first_row >= rows {
        return;
    }
    let part = group.z / params.groups;
    let parts = groups.z / params.groups;
    let share = ((pixels + TILE_K - 1) / TILE_K + parts - 1) / parts * TILE_K;
    let end = min((part + 1) * share, pixels);
    let channel_x = group.z % params.groups * depth;
    let channel_y = group.z % params.groups * width;

    // The rows whose x this invocation fetches, a vec4 of them, and the first of its pixels.
    var row: array<Row, 4>;
    for (var e = 0u; e < 4u; e += 1u) {
        row[e] = row_of(first_row + 4 * (index % HIGH) + e, depth);
    }
    let first_pixel = part * share + index / HIGH;
    let picture = params.h_out * params.w_out;
    var pixel = Pixel(first_pixel / picture, first_pixel / params.w_out % params.h_out, first_pixel % params.w_out);

    // The part of the tile that this subgroup has.
    let strip = subgroup / ACROSS;
    let left_col = subgroup % ACROSS * COLS * 4;

    var sum: array<array<coop_mat16x16<f32, C>, 4>, 4>;
    for (var first = part * share; first < end; first += TILE_K) {
        // Fetch for each pixel a row of x [TILE_K, TILE_M] and of dy [TILE_K, TILE_N].
        for (var v = 0u; v < TILE_K; v += FETCHED) {
            var four: vec4<f32>;
            if VEC_A {
                let at = under(row[0], pixel, channel_x);
                four = select(vec4(0.0), x4[max(at, 0) / 4], at >= 0);
            } else {
                for (var e = 0u; e < 4u; e += 1u) {
                    let at = under(row[e], pixel, channel_x);
                    four[e] = select(0.0, x[max(at, 0)], at >= 0);
                }
            }
            tile_a[(v + index / HIGH) * STRIDE_A + index % HIGH] = vec4<f16>(four);
            pixel = behind(pixel, FETCHED);
        }
        for (var v = 0u; v < TILE_K * WIDE; v += CREW) {
            let p = (v + index) / WIDE;
            let q = (v + index) % WIDE;
            tile_b[p * STRIDE_B + q] = vec4<f16>(four_of_dy(first + p, pixels, first_col + 4 * q, width, channel_y));
        }
        workgroupBarrier();

        // Sixteen pixels at a time: ROWS matrices of x, which lie there transposed, then for each of dy as many
        // products.
        for (var k = 0u; k < TILE_K / 16; k += 1u) {
            var part_a: array<coop_mat16x16<f16, A>, 4>;
            for (var r = 0u; r < ROWS; r += 1u) {
                let at = 16 * k * STRIDE_A + (strip * ROWS + r) * 4;
                part_a[r] = coopLoad<coop_mat16x16<f16, A>>(&tile_a[at], STRIDE_A);
            }
            for (var c = 0u; c < COLS; c += 1u) {
                let at = 16 * k * STRIDE_B + left_col + 4 * c;
                let part_b = coopLoadT<coop_mat16x16<f16, B>>(&tile_b[at], STRIDE_B);
                for (var r = 0u; r < ROWS; r += 1u) {
                    sum[r][c] = coopMultiplyAdd(part_a[r], part_b, sum[r][c]);
                }
            }
        }
        // The tiles are overwritten next: everybody must have read them.
        workgroupBarrier();
    }

    // Each subgroup's rows r of matrices make strips of 16 rows, which all invocations write.
    for (var r = 0u; r < ROWS; r += 1u) {
        for (var c = 0u; c < COLS; c += 1u) {
            coopStoreT(sum[r][c], &strips[strip * 16 * STRIDE_Y + left_col + 4 * c], STRIDE_Y);
        }
        workgroupBarrier();
        for (var v = 0u; v < DOWN * 16 * WIDE; v += CREW) {
            let line = (v + index) / WIDE;
            let q = (v + index) % WIDE;
            let four = strips[line * STRIDE_Y + q];
            let i = first_row + (line / 16 * ROWS + r) * 16 + line % 16;
            for (var e = 0u; e < 4u; e += 1u) {
                let co = first_col + 4 * q + e;
                if i < rows && co < width {
                    dw[(part * rows + i) * params.c_out + channel_y + co] = four[e];
                }
            }
        }
        workgroupBarrier();
    }
}
