// A loop with barriers whose length memory tells, with a way out in its middle.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

var<workgroup> words: array<u32, 20>;
var<workgroup> flag: u32;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var sum = 0u;
    var mine = x[id.x];
    let turns = params.n % 8u + 1u;
    if params.n == 12345u {
        return;
    }
    for (var turn = 0u; turn < turns; turn += 1u) {
        words[local] = mine;
        if local == 7u {
            flag = turn;
        }
        workgroupBarrier();
        if turn == 6u {
            break;
        }
        for (var k = 0u; k < 20u; k += 1u) {
            if words[(local + k) % 20u] % 4u == 3u {
                sum += k;
                break;
            }
        }
        let left = words[(local + 19u) % 20u];
        if flag % 2u == 0u {
            workgroupBarrier();
            mine = left + 1u;
        } else {
            mine += left;
            workgroupBarrier();
        }
    }
    y[id.x] = sum * 10000u + mine % 10000u;
}
