// The end of a turn reads what the turn computed, though some lanes continued.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var k = 0u;
    var sum = 0u;
    loop {
        let step = x[i] % 3u + 1u;
        if k % 4u == 1u {
            continue;
        }
        if x[i] % 5u == k % 5u {
            continue;
        }
        sum += k;
        continuing {
            k += step;
            sum += 100u * step;
            break if k >= params.n;
        }
    }
    var turns = 0u;
    var m = 0u;
    loop {
        let next = m + 2u;
        if turns == 3u {
            continue;
        }
        sum += 1u;
        continuing {
            m = next;
            turns += 1u;
            break if m >= params.n;
        }
    }
    y[i] = sum;
}
