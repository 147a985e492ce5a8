// conv2d_backward_input_coop: gradient of conv2d by its input, or conv_transpose2d, phase by phase, by cooperative
// matrices, factors rounded to f16, sums in f32.
//
//   dx[n,ih,iw,ci] = sum over kh,kw,co of  f16(dy[n,oh,ow,co]) * f16(w[kh,kw,ci,co])
//     with oh = (ih + padding - kh*dilation) / stride where that is a whole number inside of dy,  ow likewise
//
//   dy, dy4  [N, H_out, W_out, C_out]        gradient of the output, as numbers, and as vec4s for VEC_A (C_out / groups
//                                            a multiple of 4)
//   wt, wt4  [K_h, K_w, C_out, C_in/groups]  weights, the last two extents exchanged by the kernel transpose, as
//                                            numbers, and as vec4s for VEC_B (C_in / groups a multiple of 4)
//   dx       [parts, N, H_in, W_in, C_in]    gradient of the input, every element written once; where the terms are
//                                            shared out among several workgroups, in parts that remain to be added
//   bias     [C_in]   of the epilogue, where a launch has one: see common/epilogue
//   operand  [as dx]  likewise
//
//   The phases, and the rows, columns and terms of their products, are those of conv2d_backward_input_tiled; what
//   multiplies is matmul_coop's.
//
// Threads  a workgroup per TILE_M pixels of a phase by TILE_N channels of a group, z = (part * groups + group) * phases
//          + phase; DOWN by ACROSS subgroups of LANES to it (coop_tile)
// Memory   as conv2d_coop
//          Floor: 2 flops for each element of dx and tap of its phase and channel at the rate of the matrix units
// Twin     reference::conv::conv2d_backward_input of factors rounded to f16
// Used by  conv2d input gradient, conv_transpose2d forward, in mixed precision

#import coop_tile
#import conv_shape
#import epilogue
#import conv_phase

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> dy4: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> wt: array<f32>;
@group(0) @binding(4) var<storage, read> wt4: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> operand: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

override FETCHED: u32 = CREW / QUADS; // rows of tile_a that are fetched at once
override STRIDE_A: u32 = QUADS + 2; // vec4s from one row of tile_a to the next

var<workgroup> tile_a: array<vec4<f16>, TILE_M * STRIDE_A>; // [TILE_M, TILE_K / 4 + 2]

// A place in the sum: the t-th taps of the phase, and a channel of dy.
struct Term {
    th: u32,
    tw: u32,
    co: u32,
}

// The term that lies `by` behind `term`, where the phase has `taps_w` taps across.
fn behind(term: Term, by: u32, taps_w: u32, depth: u32) -> Term {
    var next = term;
    next.co += by;
    while next.co >= depth {
        next.co -= depth;
        next.tw += 1u;
        if next.tw == taps_w {
            next.tw = 0u;
            next.th += 1u;
        }
    }
    return next;
}

// Where the element of dy that a term multiplies lies, or -1 if it lies outside. The first tap of the pixel of dx meets
// row `top` and column `left` of the picture whose first row is `image`; each further tap meets one that is `rise`
// above.
fn met(term: Term, taps_h: u32, image: u32, top: i32, left: i32, rise: vec2<u32>, channel: u32) -> i32 {
    // A negative row or column becomes a large one.
    let oh = u32(top - i32(term.th * rise.x));
    let ow = u32(left - i32(term.tw * rise.y));
    let inside = term.th < taps_h && oh < params.h_out && ow < params.w_out;
    return select(-1, i32(((image + oh) * params.w_out + ow) * params.c_out + channel + term.co), inside);
}

// wt[tap, co, j .. j + 4], zero outside the channels of the group. `row` is tap * C_out + co, or negative outside.
fn four_of_wt(row: i32, j: u32, width: u32) -> vec4<f32> {
    let start = u32(max(row, 0)) * width + j;
    let inside = row >= 0 && j < width;
    if VEC_B {
        return select(vec4(0.0), wt4[select(0u, start / 4u, inside)], inside);
    }
    var four: vec4<f32>;
    for (var e = 0u; e < 4u; e += 1u) {
        let within = inside && j + e < width;
        four[e] = select(0.0, wt[select(0u, start + e, within)], within);
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
    let p = params;
    let phases = p.stride_h * p.stride_w;
    let phase = group.z % phases;
    let down = phase_of(phase / p.stride_w, p.h_in, p.k_h, p.stride_h, p.padding_h, p.dilation_h, p.step_h);
    let across = phase_of(phase % p.stride_w, p.w_in, p.k_w, p.stride_w, p.padding_w, p.dilation_w, p.step_w);
    let rise = vec2(p.step_h * p.dilation_h / p.stride_h, p.step_w * p.dilation_w / p.stride_w);

    let pixels = p.n * down.count * across.count;
    // What divides is not 0, even where the phase has no pixels.
    let high = max(down.count, 1u);
    let wide = max(across.count, 1u);
    let depth = p.c_out / p.groups;
    let width = p.c_in / p.groups;

    // Which tile, and which terms: whole tiles of them for each part.
    let tile = group.y * groups.x + group.x;
    let tiles_across = (width + TILE_N - 1) / TILE_N;
    let first_pixel = tile / tiles_across * TILE_M;
    let first_col = tile % tiles_across * TILE_N;
    // A workgroup that its phase does not need has no terms, and no pixel to write. It goes on all the same: a return
    // that naga does not know all invocations to take would forbid what they do together.
    let terms = select(0u, down.taps * across.taps * depth, first_pixel < pixels);
    let part = group.z / phases / p.groups;
    let parts = groups.z / phases / p.groups;
    let share = ((terms + TILE_K - 1) / TILE_K + parts - 1) / parts * TILE_K;
    let end = min((part + 1) * share, terms);
    let channel_y = group.z / phases % p.groups * depth;
    let channel_x = group.z / phases % p.groups * width;

    // The pixels of tile_a that this invocation fetches, and the first of its terms.
    let quad = index % QUADS;
    let fetched = index / QUADS;
    var image: array<u32, 16>;
    var top: array<i32, 16>;
    var left: array<i32, 16>;
    for (var v = 0u; v < TILE_M / FETCHED; v += 1u) {
        let pixel = first_pixel + fetched + v * FETCHED;
        image[v] = pixel / (wide * high) * p.h_out;
        // Behind the last pixel, a row that no tap brings back into the picture.
        top[v] = select(-0x40000000, down.start + i32(pixel / wide % high), pixel < pixels);
        left[v] = across.start + i32(pixel % wide);
    }

    // The place in tile_b that it fetches first, and how many rows further down the next ones are.
    let row = index / WIDE;
    let col = index % WIDE;
    let rows = min(CREW / WIDE, TILE_K);

    // The first terms that it fetches for either tile; a phase without taps has none.
    var term = Term(0u, 0u, 0u);
    var weight = term;
    if terms > 0 {
        term = behind(term, part * share + 4 * quad, across.taps, depth);
        weight = behind(weight, part * share + row, across.taps, depth);
    }

    // The part of the tile that this subgroup has.
    let strip = subgroup / ACROSS;
    let left_col = subgroup % ACROSS * COLS * 4;

    var sum: array<array<coop_mat16x16<f32, C>, 4>, 4>;
    for (var first = part * share; first < end; first += TILE_K) {
        // Fetch a block of pixels [TILE_M, TILE_K].
        for (var v = 0u; v < TILE_M / FETCHED; v += 1u) {
            var four: vec4<f32>;
            if VEC_A {
                let at = met(term, down.taps, image[v], top[v], left[v], rise, channel_y);
                four = select(vec4(0.0), dy4[max(at, 0) / 4], at >= 0);
            } else {
                var each = term;
                for (var e = 0u; e < 4u; e += 1u) {
                    let at = met(each, down.taps, image[v], top[v], left[v], rise, channel_y);
                    four[e] = select(0.0, dy[max(at, 0)], at >= 0);
                    each = behind(each, 1u, across.taps, depth);
                }
            }
            tile_a[(fetched + v * FETCHED) * STRIDE_A + quad] = vec4<f16>(four);
        }
        term = behind(term, TILE_K, across.taps, depth);

        // And of weights [TILE_K, TILE_N], a row for each term.
        for (var v = 0u; v < TILE_K; v += rows) {
            if v + row < TILE_K {
                let kh = down.tap + weight.th * p.step_h;
                let kw = across.tap + weight.tw * p.step_w;
                let at = (kh * p.k_w + kw) * p.c_out + channel_y + weight.co;
                let four = four_of_wt(select(-1, i32(at), weight.th < down.taps), first_col + 4 * col, width);
                tile_b[(v + row) * STRIDE_B + col] = vec4<f16>(four);
            }
            weight = behind(weight, rows, across.taps, depth);
        }
        workgroupBarrier();

        // Sixteen terms at a time: ROWS matrices of pixels, then for each of weights as many products.
        for (var k = 0u; k < TILE_K / 16; k += 1u) {
            var part_a: array<coop_mat16x16<f16, A>, 4>;
            for (var r = 0u; r < ROWS; r += 1u) {
                let at = (strip * ROWS + r) * 16 * STRIDE_A + 4 * k;
                part_a[r] = coopLoadT<coop_mat16x16<f16, A>>(&tile_a[at], STRIDE_A);
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
            let pixel = first_pixel + (line / 16 * ROWS + r) * 16 + line % 16;
            let n = pixel / (wide * high);
            let ih = down.first + pixel / wide % high * p.stride_h;
            let iw = across.first + pixel % wide * p.stride_w;
            let place = ((part * p.n + n) * p.h_in + ih) * p.w_in + iw;
            for (var e = 0u; e < 4u; e += 1u) {
                let ci = first_col + 4 * q + e;
                if pixel < pixels && ci < width {
                    let element = place * p.c_in + channel_x + ci;
                    var value = four[e];
                    if p.has_bias == 1u {
                        value += bias[channel_x + ci];
                    }
                    var other = 0.0;
                    if p.operand != 0u {
                        other = operand[element];
                    }
                    dx[element] = epilogue(value, other, p.operand, p.slope);
                }
            }
        }
        workgroupBarrier();
    }
}
