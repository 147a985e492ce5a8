// conv2d_backward_input_tiled: gradient of conv2d by its input, phase by phase, as a matrix product from workgroup
// memory. The same kernel is conv_transpose2d (torch.nn.functional.conv_transpose2d), whose input is called dy here.
//
//   dx[n,ih,iw,ci] = sum over kh,kw,co of  dy[n,oh,ow,co] * w[kh,kw,ci,co]
//     with oh = (ih + padding - kh*dilation) / stride where that is a whole number inside of dy,  ow likewise
//
//   Which taps lead to whole numbers depends on the phase of (ih, iw) alone (conv_phase): each phase is a dense
//   convolution of dy with every step-th tap, and nothing is multiplied by a zero that is known beforehand. Rows of the
//   product are the pixels of one phase, columns the channels of dx, terms the triples (kh, kw, co) with the taps of
//   the phase.
//
//   dy, dy4  [N, H_out, W_out, C_out]        gradient of the output, as numbers, and as vec4s for VEC_A (C_out / groups
//   a
//                                            multiple of 4)
//   wt, wt4  [K_h, K_w, C_out, C_in/groups]  weights, the last two extents exchanged by the kernel transpose, as
//   numbers,
//                                            and as vec4s for VEC_B (C_in / groups a multiple of 4)
//   dx       [parts, N, H_in, W_in, C_in]    gradient of the input, every element written once; where the terms are
//                                            shared out among several workgroups, in parts that remain to be added
//   bias     [C_in]   of the epilogue, where a launch has one: see common/epilogue
//   operand  [as dx]  likewise
//
// Threads  a workgroup per TILE_M pixels of a phase by TILE_N channels of a group, z = (part * groups + group) * phases
//          + phase; an invocation per 8 by 8 of the tile, dealt out as in matmul_tiled
// Memory   as conv2d_tiled
//          Floor: 2 flops for each element of dx and tap of its phase and channel at the rate of the FMA probe
// Twin     reference::conv::conv2d_backward_input
// Used by  conv2d input gradient, conv_transpose2d forward, on GPUs

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

override TILE_M: u32 = 64;
override TILE_N: u32 = 64;
override TILE_K: u32 = 16;
override VEC_A: bool = false;
override VEC_B: bool = false;

override ACROSS: u32 = TILE_N / 8; // invocations along a row of the tile
override DOWN: u32 = TILE_M / 8;
override CREW: u32 = ACROSS * DOWN;
override QUADS: u32 = TILE_K / 4; // vec4s of terms
override FETCHED: u32 = CREW / QUADS; // rows of tile_a that are fetched at once
override STRIDE_A: u32 = QUADS + 1; // vec4s from one row of tile_a to the next; see matmul_tiled
override STRIDE_B: u32 = TILE_N / 4;

var<workgroup> tile_a: array<vec4<f32>, TILE_M * STRIDE_A>; // [TILE_M, TILE_K / 4 + 1]
var<workgroup> tile_b: array<vec4<f32>, TILE_K * STRIDE_B>; // [TILE_K, TILE_N / 4]

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

@compute @workgroup_size(ACROSS, DOWN)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let p = params;
    let phases = p.stride_h * p.stride_w;
    let phase = group.z % phases;
    let down = phase_of(phase / p.stride_w, p.h_in, p.k_h, p.stride_h, p.padding_h, p.dilation_h, p.step_h);
    let across = phase_of(phase % p.stride_w, p.w_in, p.k_w, p.stride_w, p.padding_w, p.dilation_w, p.step_w);
    let rise = vec2(p.step_h * p.dilation_h / p.stride_h, p.step_w * p.dilation_w / p.stride_w);

    let pixels = p.n * down.count * across.count;
    let depth = p.c_out / p.groups;
    let width = p.c_in / p.groups;
    let terms = down.taps * across.taps * depth;

    // Which tile, and which terms: whole tiles of them for each part.
    let tile = group.y * groups.x + group.x;
    let tiles_across = (width + TILE_N - 1) / TILE_N;
    let first_pixel = tile / tiles_across * TILE_M;
    let first_col = tile % tiles_across * TILE_N;
    if first_pixel >= pixels {
        return;
    }
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
        image[v] = pixel / (across.count * down.count) * p.h_out;
        // Behind the last pixel, a row that no tap brings back into the picture.
        top[v] = select(-0x40000000, down.start + i32(pixel / across.count % down.count), pixel < pixels);
        left[v] = across.start + i32(pixel % across.count);
    }

    // The place in tile_b that it fetches first, and how many rows further down the next ones are.
    let row = index / STRIDE_B;
    let col = index % STRIDE_B;
    let rows = min(CREW / STRIDE_B, TILE_K);

    // The first terms that it fetches for either tile; a phase without taps has none.
    var term = Term(0u, 0u, 0u);
    var weight = term;
    if terms > 0 {
        term = behind(term, part * share + 4 * quad, across.taps, depth);
        weight = behind(weight, part * share + row, across.taps, depth);
    }

    var sum: array<array<vec4<f32>, 2>, 8>;
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
            tile_a[(fetched + v * FETCHED) * STRIDE_A + quad] = four;
        }
        term = behind(term, TILE_K, across.taps, depth);

        // And of weights [TILE_K, TILE_N], a row for each term.
        for (var v = 0u; v < TILE_K; v += rows) {
            if v + row < TILE_K {
                let kh = down.tap + weight.th * p.step_h;
                let kw = across.tap + weight.tw * p.step_w;
                let at = (kh * p.k_w + kw) * p.c_out + channel_y + weight.co;
                let four = four_of_wt(select(-1, i32(at), weight.th < down.taps), first_col + 4 * col, width);
                tile_b[(v + row) * STRIDE_B + col] = four;
            }
            weight = behind(weight, rows, across.taps, depth);
        }
        workgroupBarrier();

        // Four terms at a time: 8 pixels [8, 4], then for each term two vec4s of channels.
        for (var q = 0u; q < QUADS; q += 1u) {
            var part_a: array<vec4<f32>, 8>;
            for (var r = 0u; r < 8u; r += 1u) {
                part_a[r] = tile_a[(local.y + r * DOWN) * STRIDE_A + q];
            }
            for (var e = 0u; e < 4u; e += 1u) {
                for (var c = 0u; c < 2u; c += 1u) {
                    let part_b = tile_b[(4 * q + e) * STRIDE_B + local.x + c * ACROSS];
                    for (var r = 0u; r < 8u; r += 1u) {
                        sum[r][c] = fma(vec4(part_a[r][e]), part_b, sum[r][c]);
                    }
                }
            }
        }
        // The tiles are overwritten next: everybody must have read them.
        workgroupBarrier();
    }

    for (var r = 0u; r < 8u; r += 1u) {
        let pixel = first_pixel + local.y + r * DOWN;
        let n = pixel / (across.count * down.count);
        let ih = down.first + pixel / across.count % down.count * p.stride_h;
        let iw = across.first + pixel % across.count * p.stride_w;
        let place = ((part * p.n + n) * p.h_in + ih) * p.w_in + iw;
        for (var c = 0u; c < 2u; c += 1u) {
            for (var e = 0u; e < 4u; e += 1u) {
                let ci = first_col + 4 * (local.x + c * ACROSS) + e;
                if pixel < pixels && ci < width {
                    let element = place * p.c_in + channel_x + ci;
                    var value = sum[r][c][e];
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
    }
}
