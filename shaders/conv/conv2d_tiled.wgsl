// conv2d_tiled: cross-correlation of x with w (torch.nn.functional.conv2d), as a matrix product from workgroup memory.
//
//   y[n,oh,ow,co] = sum over kh,kw,ci of  x[n,ih,iw,ci] * w[kh,kw,ci,co]
//     with ih = oh*stride - padding + kh*dilation,  iw likewise;  x is 0 outside its bounds
//
//   Rows of the product are the pixels of y, columns its channels, terms the triples (kh, kw, ci) in the order of w. So
//   w is a matrix as it lies in memory, and the other matrix is gathered from x while its tiles are fetched.
//
//   x, x4  [N, H_in, W_in, C_in]           input, as numbers, and as vec4s for VEC_A (C_in / groups a multiple of 4)
//   w, w4  [K_h, K_w, C_in/groups, C_out]  weights, as numbers, and as vec4s for VEC_B (C_out / groups a multiple of 4)
//   y      [parts, N, H_out, W_out, C_out] output, every element written once; where the terms are shared out among
//                                          several workgroups, in parts that remain to be added
//   bias     [C_out]   of the epilogue, where a launch has one: see common/epilogue
//   operand  [as y]  likewise
//
// Threads  a workgroup per TILE_M pixels by TILE_N channels of a group, z = part * groups + group; an invocation per 8
// by
//          8 of the tile, dealt out as in matmul_tiled
// Memory   as matmul_tiled: each x is read C_out / TILE_N times for every tap, each w N*H_out*W_out / TILE_M times, and
//          16 vec4s come from workgroup memory for 256 multiply-adds. At most 14 KiB.
//          Floor: 2 flops for each output element and term at the rate of the FMA probe; no product is left out where a
//          tap falls on the padding.
// Twin     reference::conv::conv2d
// Used by  conv2d forward, conv_transpose2d input gradient, on GPUs

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

@compute @workgroup_size(ACROSS, DOWN)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
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

    var sum: array<array<vec4<f32>, 2>, 8>;
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
            tile_a[(fetched + v * FETCHED) * STRIDE_A + quad] = four;
        }
        term = behind(term, TILE_K, depth);
        for (var v = 0u; v < TILE_K * STRIDE_B; v += CREW) {
            if v + index < TILE_K * STRIDE_B {
                let p = first + (v + index) / STRIDE_B;
                let j = first_col + 4 * ((v + index) % STRIDE_B);
                tile_b[v + index] = four_of_w(p, j, terms, width, channel_y);
            }
        }
        workgroupBarrier();

        // Four terms at a time: 8 pixels [8, 4], then for each term two vec4s of channels.
        for (var q = 0u; q < QUADS; q += 1u) {
            var part_a: array<vec4<f32>, 8>;
            for (var r = 0u; r < 8u; r += 1u) {
                part_a[r] = tile_a[(local.y + r * DOWN) * STRIDE_A + q];
            }
            for (var p = 0u; p < 4u; p += 1u) {
                for (var c = 0u; c < 2u; c += 1u) {
                    let part_b = tile_b[(4 * q + p) * STRIDE_B + local.x + c * ACROSS];
                    for (var r = 0u; r < 8u; r += 1u) {
                        sum[r][c] = fma(vec4(part_a[r][p]), part_b, sum[r][c]);
                    }
                }
            }
        }
        // The tiles are overwritten next: everybody must have read them.
        workgroupBarrier();
    }

    for (var r = 0u; r < 8u; r += 1u) {
        let pixel = first_pixel + local.y + r * DOWN;
        for (var c = 0u; c < 2u; c += 1u) {
            for (var e = 0u; e < 4u; e += 1u) {
                let co = first_col + 4 * (local.x + c * ACROSS) + e;
                if pixel < pixels && co < width {
                    let element = (part * pixels + pixel) * params.c_out + channel_y + co;
                    var value = sum[r][c][e];
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
    }
}
