// conv2d_coop: cross-correlation of x with w (torch.nn.functional.conv2d) by cooperative matrices, factors rounded to
// f16, sums in f32.
//
//   y[n,oh,ow,co] = sum over kh,kw,ci of  f16(x[n,ih,iw,ci]) * f16(w[kh,kw,ci,co])
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   x, x4  [N, H_in, W_in, C_in]            input, as numbers, and as vec4s for VEC_A (C_in / groups a multiple of 4)
//   w, w4  [K_h, K_w, C_in/groups, C_out]   weights, as numbers, and as vec4s for VEC_B (C_out / groups a multiple
//                                           of 4)
//   y      [parts, N, H_out, W_out, C_out]  output, every element written once; where the terms are shared out among
//                                           several workgroups, in parts that remain to be added
//   bias     [C_out]  of the epilogue, where a launch has one: see common/epilogue
//   operand  [as y]   likewise
//
//   The rows, columns and terms of the product are those of conv2d_tiled; what multiplies is matmul_coop's.
//
// Threads  a workgroup per TILE_M pixels by TILE_N channels of a group, z = part * groups + group; DOWN by ACROSS
//          subgroups of LANES to it (coop_tile)
// Memory   as matmul_coop: each x is read C_out / TILE_N times for every tap, each w N*H_out*W_out / TILE_M times
//          Floor: 2 flops for each output element and term at the rate of the matrix units
// Twin     reference::conv::conv2d of factors rounded to f16
// Used by  conv2d forward, conv_transpose2d input gradient, in mixed precision

#import coop_tile
#import conv_shape
#import epilogue

@group(0) @binding(0) var<uniform> params: ConvShape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> x4: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> w: array<f32>;
@group(0) @binding(4) var<storage, read> w4: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> operand: array<f32>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;

override FETCHED: u32 = CREW / QUADS; // rows of tile_a that are fetched at once
override STRIDE_A: u32 = QUADS + 2; // vec4s from one row of tile_a to the next

var<workgroup> tile_a: array<vec4<f16>, TILE_M * STRIDE_A>; // [TILE_M, TILE_K / 4 + 2]

// A place in the sum.
struct Term {
    kh: u32,
    kw: u32,
    ci: u32,
}

// The term that lies `by` behind `term`.
fn behind(term: Term, by: u32, depth: u32) -> Term {
    var next = term;
    next.ci += by;
    while next.ci >= depth {
        next.ci -= depth;
        next.kw += 1u;
        if next.kw == params.k_w {
            next.kw = 0u;
            next.kh += 1u;
        }
    }
    return next;
}

// Where the element of x under a term lies, or -1 if it lies outside. The window of the output pixel starts at row
// `top` and column `left` of the picture whose first row is `image`.
fn under(term: Term, image: u32, top: i32, left: i32, channel: u32) -> i32 {
    // A negative row or column becomes a large one.
    let ih = u32(top + i32(term.kh * params.dilation_h));
    let iw = u32(left + i32(term.kw * params.dilation_w));
    let inside = term.kh < params.k_h && ih < params.h_in && iw < params.w_in;
    return select(-1, i32(((image + ih) * params.w_in + iw) * params.c_in + channel + term.ci), inside);
}

// w[p, j .. j + 4], a row of it for each term, zero outside the columns of the group.
fn four_of_w(p: u32, j: u32, terms: u32, width: u32, channel: u32) -> vec4<f32> {
    let start = p * params.c_out + channel + j;
    let inside = p < terms && j < width;
    if VEC_B {
        return select(vec4(0.0), w4[select(0u, start / 4u, inside)], inside);
    }
    var four: vec4<f32>;
    for (var e = 0u; e < 4u; e += 1u) {
        let within = inside && j + e < width;
        four[e] = select(0.0, w[select(0u, start + e, within)], within);
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
    let terms = params.k_h * params.k_w * depth;

    // Which tile, and which terms: whole tiles of them for each part.
    let tile = group.y * groups.x + group.x;
    let tiles_across = (width + TILE_N - 1) / TILE_N;
    let first_pixel = tile / tiles_across * TILE_M;
    let first_col = tile % tiles_across * TILE_N;
    if first_pixel >= pixels {
        return;
    }
    let part = group.z / params.groups;
    let parts = groups.z / params.groups;
    let share = ((terms + TILE_K - 1) / TILE_K + parts - 1) / parts * TILE_K;
    let end = min((part + 1) * share, terms);
    let channel_x = group.z % params.groups * depth;
    let channel_y = group.z % params.groups * width;

    // The pixels of tile_a that this invocation fetches, and the first of its terms.
    let quad = index % QUADS;
    let fetched = index / QUADS;
    var image: array<u32, 16>;
    var top: array<i32, 16>;
    var left: array<i32, 16>;
    for (var v = 0u; v < TILE_M / FETCHED; v += 1u) {
        let pixel = first_pixel + fetched + v * FETCHED;
        let oh = pixel / params.w_out % params.h_out;
        let ow = pixel % params.w_out;
        image[v] = pixel / (params.w_out * params.h_out) * params.h_in;
        // Behind the last pixel, a row that no tap brings back into the picture.
        top[v] = select(-0x40000000, i32(oh * params.stride_h) - i32(params.padding_h), pixel < pixels);
        left[v] = i32(ow * params.stride_w) - i32(params.padding_w);
    }
    var term = behind(Term(0u, 0u, 0u), part * share + 4 * quad, depth);

    // The part of the tile that this subgroup has.
    let strip = subgroup / ACROSS;
    let left_col = subgroup % ACROSS * COLS * 4;

    var sum: array<array<coop_mat16x16<f32, C>, 4>, 4>;
    for (var first = part * share; first < end; first += TILE_K) {
        // Fetch a block of pixels [TILE_M, TILE_K] and of weights [TILE_K, TILE_N].
        for (var v = 0u; v < TILE_M / FETCHED; v += 1u) {
            var four: vec4<f32>;
            if VEC_A {
                let at = under(term, image[v], top[v], left[v], channel_x);
                four = select(vec4(0.0), x4[max(at, 0) / 4], at >= 0);
            } else {
                var each = term;
                for (var e = 0u; e < 4u; e += 1u) {
                    let at = under(each, image[v], top[v], left[v], channel_x);
                    four[e] = select(0.0, x[max(at, 0)], at >= 0);
                    each = behind(each, 1u, depth);
                }
            }
            tile_a[(fetched + v * FETCHED) * STRIDE_A + quad] = vec4<f16>(four);
        }
        term = behind(term, TILE_K, depth);
        for (var v = 0u; v < TILE_K * WIDE; v += CREW) {
            let p = (v + index) / WIDE;
            let q = (v + index) % WIDE;
            tile_b[p * STRIDE_B + q] = vec4<f16>(four_of_w(first + p, first_col + 4 * q, terms, width, channel_y));
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
            for (var e = 0u; e < 4u; e += 1u) {
                let co = first_col + 4 * q + e;
                if pixel < pixels && co < width {
                    let element = (part * pixels + pixel) * params.c_out + channel_y + co;
                    var value = four[e];
                    if params.has_bias == 1u {
                        value += bias[channel_y + co];
                    }
                    var other = 0.0;
                    if params.operand != 0u {
                        other = operand[element];
                    }
                    y[element] = epilogue(value, other, params.operand, params.slope);
                }
            }
        }
        workgroupBarrier();
    }
}
