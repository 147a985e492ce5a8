// matmul_panels: matrix product (torch.matmul) from registers, the right factor packed into panels.
//
//   y[i,j] = sum over p of  a[i,p] * b[p,j]
//
//   a  [m, k]                     left factor
//   b  [panels, k, COLS * LANES]  right factor as pack_panels leaves it, zeros behind its last column
//   y  [m, n]                     product, every element written once
//
// Threads  LANES per workgroup, which owns ROWS rows by one panel of y; a lane owns one column of each of its COLS
//          blocks, in ROWS * COLS registers. Workgroups that follow each other share a panel, which stays in the cache.
// Memory   for each p a lane loads COLS elements of b, which all lanes together read in one piece, and ROWS of a, the
//          same for all lanes: (ROWS + COLS) loads for ROWS * COLS multiply-adds. Neither barriers nor workgroup memory
//          nor subgroups. On a CPU a block is a vector, an element of a is broadcast by the multiply-add that reads it,
//          and nothing else is left in the loop.
// Twin     reference::matmul::matmul
// Used by  matmul, on the native adapter

struct Params {
    m: u32,
    k: u32,
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override LANES: u32 = 16;
override ROWS: u32 = 8; // at most 16
override COLS: u32 = 3; // at most 4

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let width = COLS * LANES;
    let row_tiles = (p.m + ROWS - 1u) / ROWS;
    let tile = group.y * groups.x + group.x;
    let first_row = tile % row_tiles * ROWS;
    let first_col = tile / row_tiles * width;
    if first_col >= p.n {
        return;
    }

    // Rows past the edge repeat the last one; they are not stored.
    var row: array<u32, 16>;
    for (var r = 0u; r < ROWS; r += 1u) {
        row[r] = min(first_row + r, p.m - 1u) * p.k;
    }

    // The loop asks at its end whether there is another turn, because there always is a first.
    var sum: array<array<f32, 4>, 16>;
    var place = first_col * p.k; // row 0 of the panel
    var i = 0u;
    loop {
        var part_b: array<f32, 4>;
        for (var c = 0u; c < COLS; c += 1u) {
            part_b[c] = b[place + c * LANES + lane];
        }
        for (var r = 0u; r < ROWS; r += 1u) {
            let value = a[row[r] + i];
            for (var c = 0u; c < COLS; c += 1u) {
                sum[r][c] = fma(value, part_b[c], sum[r][c]);
            }
        }

        continuing {
            place += width;
            i += 1u;
            break if i >= p.k;
        }
    }

    for (var r = 0u; r < ROWS; r += 1u) {
        if first_row + r < p.m {
            let target_row = (first_row + r) * p.n + first_col;
            for (var c = 0u; c < COLS; c += 1u) {
                if first_col + c * LANES + lane < p.n {
                    y[target_row + c * LANES + lane] = sum[r][c];
                }
            }
        }
    }
}
