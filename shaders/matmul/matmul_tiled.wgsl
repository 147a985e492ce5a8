// matmul_tiled: matrix product (torch.matmul) from tiles in workgroup memory.
//
//   y[i,j] = sum over p of  a[i,p] * b[p,j]
//
//   a, a4  [m, k]         left factor, as numbers, and as vec4s for VEC_A (k is a multiple of 4)
//   b, b4  [k, n]         right factor, as numbers, and as vec4s for VEC_B (n is a multiple of 4)
//   y      [parts, m, n]  product, every element written once; where the terms are shared out among several workgroups,
//   in
//                         parts that remain to be added
//
// Threads  a workgroup per TILE_M by TILE_N of y and part (z), an invocation per 8 by 8 of it: 8 rows and 2 vec4s of
//          columns, both dealt out in turn, so that neighbours read and write neighbouring vec4s
// Memory   each element of a is read n / TILE_N times and each of b m / TILE_M times from global memory. From workgroup
//          memory come 16 vec4s for 256 multiply-adds. 64 by 64 by 16 takes 9 KiB and 64 invocations, 128 by 128 by 8
//          10 KiB and 256 invocations. Rows of tile_a are a vec4 longer than they need be: without it
//          the four rows that a group of 32 invocations reads at once would lie in the same banks.
//          Floor: 2 m k n flops at the rate of the FMA probe.
// Twin     reference::matmul::matmul
// Used by  matmul, on GPUs

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

override TILE_M: u32 = 64;
override TILE_N: u32 = 64;
override TILE_K: u32 = 16;
override VEC_A: bool = false;
override VEC_B: bool = false;

override ACROSS: u32 = TILE_N / 8; // invocations along a row of the tile
override DOWN: u32 = TILE_M / 8;
override CREW: u32 = ACROSS * DOWN;
override STRIDE_A: u32 = TILE_K / 4 + 1; // vec4s from one row of tile_a to the next
override STRIDE_B: u32 = TILE_N / 4;

var<workgroup> tile_a: array<vec4<f32>, TILE_M * STRIDE_A>; // [TILE_M, TILE_K / 4 + 1]
var<workgroup> tile_b: array<vec4<f32>, TILE_K * STRIDE_B>; // [TILE_K, TILE_N / 4]

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

@compute @workgroup_size(ACROSS, DOWN)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
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

    var sum: array<array<vec4<f32>, 2>, 8>;
    for (var first = group.z * share; first < end; first += TILE_K) {
        // Fetch a block of a [TILE_M, TILE_K] and of b [TILE_K, TILE_N]; neighbours fetch neighbouring vec4s.
        for (var v = 0u; v < TILE_M * TILE_K / 4; v += CREW) {
            let r = (v + index) / (TILE_K / 4);
            let q = (v + index) % (TILE_K / 4);
            tile_a[r * STRIDE_A + q] = four_of_a(first_row + r, first + 4 * q);
        }
        for (var v = 0u; v < TILE_K * STRIDE_B; v += CREW) {
            if v + index < TILE_K * STRIDE_B {
                let p = first + (v + index) / STRIDE_B;
                tile_b[v + index] = four_of_b(p, first_col + 4 * ((v + index) % STRIDE_B));
            }
        }
        workgroupBarrier();

        // Four values of p at a time: 8 rows of a [8, 4], then for each p two vec4s of b.
        for (var q = 0u; q < TILE_K / 4; q += 1u) {
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
        for (var c = 0u; c < 2u; c += 1u) {
            for (var e = 0u; e < 4u; e += 1u) {
                let i = first_row + local.y + r * DOWN;
                let j = first_col + 4 * (local.x + c * ACROSS) + e;
                if i < params.m && j < params.n {
                    y[(group.z * params.m + i) * params.n + j] = sum[r][c][e];
                }
            }
        }
    }
}
