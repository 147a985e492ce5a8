// gather_rows_backward: gradient of gather_rows (torch.index_select, dim=0, backward).
//
//   dx[i,c] = sum over the m with indices[m] = i of dy[m,c]
//
//   Rows that nobody gathered are zero before and stay so. `order` lists the rows of dy such that those of one row of x
//   stand together, in their own order: their sum needs no atomics and has the same bits every time.
//
//   dy       [rows, columns]  gradient of the forward's output
//   indices  [rows]           of the forward: rows of x
//   order    [rows]           the rows of dy, sorted by indices
//   dx       [.., columns]    gradient of the matrix; each row that was gathered is written once
//
// Threads  a workgroup per place in `order`, its lanes along the columns; the first place of a row of x does the work
// Memory   reads 4 bytes per element of dy and writes 4 per element of each row that was gathered
// Twin     reference::rows::gather_rows_backward
// Used by  gather_rows

struct Params {
    rows: u32, // of dy
    columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let begin = group.y * groups.x + group.x;
    if begin >= params.rows {
        return;
    }
    let row = indices[order[begin]];
    if begin > 0u {
        if indices[order[begin - 1u]] == row {
            return;
        }
    }
    var end = begin + 1u;
    while end < params.rows {
        if indices[order[end]] != row {
            break;
        }
        end += 1u;
    }
    for (var c = lane; c < params.columns; c += WIDTH) {
        var sum = 0.0;
        for (var place = begin; place < end; place += 1u) {
            sum += dy[order[place] * params.columns + c];
        }
        dx[row * params.columns + c] = sum;
    }
}
