// matmul_lanes: matrix product (torch.matmul) from registers, shared between the lanes of a subgroup.
//
//   y[i,j] = sum over p of  a[i,p] * b[p,j]
//
//   a  [m, k]  left factor
//   b  [k, n]  right factor
//   y  [m, n]  product, every element written once
//
// Threads  one subgroup per workgroup, which owns ROWS rows by COLS blocks of LANES columns of y; a lane owns one
//          column of each block, in ROWS * COLS registers
// Memory   for LANES values of p a lane loads one element of a from each row, and the subgroup shows them to all its
//          lanes in turn; each element of b is loaded once for ROWS multiply-adds. That is
//          (ROWS + COLS * LANES) / (ROWS * COLS * LANES) loads per multiply-add, and neither barriers nor workgroup
//          memory, which a driver that runs on the CPU pays dearly for.
// Twin     reference::matmul::matmul
// Used by  matmul, on software adapters

struct Params {
    m: u32,
    k: u32,
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override LANES: u32 = 8; // invocations of a subgroup, at most 32
override ROWS: u32 = 32; // at most 64
override COLS: u32 = 4; // at most 8

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let first_row = group.y * ROWS;
    let first_col = group.x * COLS * LANES + lane;

    // Rows and columns past the edge repeat the last one; they are not stored.
    var row: array<u32, 64>;
    for (var r = 0u; r < ROWS; r += 1u) {
        row[r] = min(first_row + r, params.m - 1u) * params.k;
    }
    var col: array<u32, 8>;
    for (var c = 0u; c < COLS; c += 1u) {
        col[c] = min(first_col + c * LANES, params.n - 1u);
    }

    // The loop asks at its end whether there is another turn: a driver that masks lanes instead of jumping would spend
    // a whole turn on finding out that there is none.
    var sum: array<array<f32, 8>, 64>;
    var p = 0u;
    loop {
        // Each lane takes one p from every row of a [ROWS, LANES]; past the end of k they are zeros.
        let own = p + lane;
        var part_a: array<f32, 64>;
        for (var r = 0u; r < ROWS; r += 1u) {
            part_a[r] = select(0.0, a[row[r] + min(own, params.k - 1u)], own < params.k);
        }
        // And one column of every block from as many rows of b [LANES, COLS, LANES].
        var part_b: array<array<f32, 8>, 32>;
        for (var q = 0u; q < LANES; q += 1u) {
            let row_b = min(p + q, params.k - 1u) * params.n;
            for (var c = 0u; c < COLS; c += 1u) {
                part_b[q][c] = select(0.0, b[row_b + col[c]], p + q < params.k);
            }
        }
        // Their product, a row at a time, so that its sums stay in registers meanwhile.
        for (var r = 0u; r < ROWS; r += 1u) {
            for (var q = 0u; q < LANES; q += 1u) {
                let shown = subgroupShuffle(part_a[r], q);
                for (var c = 0u; c < COLS; c += 1u) {
                    sum[r][c] += shown * part_b[q][c];
                }
            }
        }

        continuing {
            p += LANES;
            break if p >= params.k;
        }
    }

    for (var r = 0u; r < ROWS; r += 1u) {
        for (var c = 0u; c < COLS; c += 1u) {
            let j = first_col + c * LANES;
            if first_row + r < params.m && j < params.n {
                y[(first_row + r) * params.n + j] = sum[r][c];
            }
        }
    }
}
