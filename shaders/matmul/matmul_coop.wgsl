// matmul_coop: matrix product (torch.matmul) by cooperative matrices, factors rounded to f16, sums in f32.
//
//   y[i,j] = sum over p of  f16(a[i,p]) * f16(b[p,j])
//
//   a, a4  [m, k]         left factor, as numbers, and as vec4s for VEC_A (k is a multiple of 4)
//   b, b4  [k, n]         right factor, as numbers, and as vec4s for VEC_B (n is a multiple of 4)
//   y      [parts, m, n]  product, every element written once; where the terms are shared out among several workgroups,
//                         in parts that remain to be added
//
//   What it changes over matmul_tiled: numbers become f16 on their way into workgroup memory, which halves it, and
//   subgroups multiply matrices of 16 by 16 instead of invocations vec4s: a GPU has units for that which do several
//   times as much as the others. The result goes through workgroup memory, for nobody knows which lane holds what.
//
// Threads  a workgroup per TILE_M by TILE_N of y and part (z), DOWN by ACROSS subgroups of LANES to it (coop_tile)
// Memory   each element of a is read n / TILE_N times and each of b m / TILE_M times from global memory. From workgroup
//          memory a subgroup loads ROWS + COLS matrices for ROWS * COLS products. 64 by 64 by 32 takes 18 KiB and 128
//          invocations, 128 by 128 by 32 35 KiB and 256.
//          Floor: 2 m k n flops at the rate of the matrix units
// Twin     reference::matmul::matmul of factors rounded to f16
// Used by  matmul in mixed precision

#import coop_tile

struct Params {
    m: u32,
    k: u32,
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> a4: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> b4: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

override STRIDE_A: u32 = QUADS + 2; // vec4s from one row of tile_a to the next

var<workgroup> tile_a: array<vec4<f16>, TILE_M * STRIDE_A>; // [TILE_M, TILE_K / 4 + 2]

// a[i, p .. p + 4], zero outside the matrix.
fn four_of_a(i: u32, p: u32) -> vec4<f32> {
    let start = i * params.k + p;
    let inside = i < params.m && p < params.k;
    if VEC_A {
        return select(vec4(0.0), a4[select(0u, start / 4u, inside)], inside);
    }
    var four: vec4<f32>;
    for (var e = 0u; e < 4u; e += 1u) {
        let within = inside && p + e < params.k;
        four[e] = select(0.0, a[select(0u, start + e, within)], within);
    }
    return four;
}

// b[p, j .. j + 4], zero outside the matrix.
fn four_of_b(p: u32, j: u32) -> vec4<f32> {
    let start = p * params.n + j;
    let inside = p < params.k && j < params.n;
    if VEC_B {
        return select(vec4(0.0), b4[select(0u, start / 4u, inside)], inside);
    }
    var four: vec4<f32>;
    for (var e = 0u; e < 4u; e += 1u) {
        let within = inside && j + e < params.n;
        four[e] = select(0.0, b[select(0u, start + e, within)], within);
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
    // Which tile, and which terms: whole tiles of them for each part.
    let tile = group.y * groups.x + group.x;
    let tiles_across = (params.n + TILE_N - 1) / TILE_N;
    let first_row = tile / tiles_across * TILE_M;
    let first_col = tile % tiles_across * TILE_N;
    if first_row >= params.m {
        return;
    }
    let share = ((params.k + TILE_K - 1) / TILE_K + groups.z - 1) / groups.z * TILE_K;
    let end = min((group.z + 1) * share, params.k);

    // The part of the tile that this subgroup has.
    let strip = subgroup / ACROSS;
    let left_col = subgroup % ACROSS * COLS * 4;

    var sum: array<array<coop_mat16x16<f32, C>, 4>, 4>;
    for (var first = group.z * share; first < end; first += TILE_K) {
        // Fetch a block of a [TILE_M, TILE_K] and of b [TILE_K, TILE_N]; neighbours fetch neighbouring vec4s.
        for (var v = 0u; v < TILE_M * QUADS; v += CREW) {
            let r = (v + index) / QUADS;
            let q = (v + index) % QUADS;
            tile_a[r * STRIDE_A + q] = vec4<f16>(four_of_a(first_row + r, first + 4 * q));
        }
        for (var v = 0u; v < TILE_K * WIDE; v += CREW) {
            let p = (v + index) / WIDE;
            let q = (v + index) % WIDE;
            tile_b[p * STRIDE_B + q] = vec4<f16>(four_of_b(first + p, first_col + 4 * q));
        }
        workgroupBarrier();

        // Sixteen values of p at a time: ROWS matrices of a, then for each of b as many products.
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
            let i = first_row + (line / 16 * ROWS + r) * 16 + line % 16;
            let four = strips[line * STRIDE_Y + q];
            for (var e = 0u; e < 4u; e += 1u) {
                let j = first_col + 4 * q + e;
                if i < params.m && j < params.n {
                    y[(group.z * params.m + i) * params.n + j] = four[e];
                }
            }
        }
        workgroupBarrier();
    }
}
