// Functions and main that some lanes return from early.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn inner(v: u32) -> u32 {
    if v % 2u == 0u {
        return v / 2u;
    }
    if v % 3u == 0u {
        return inner_most(v) + 1u;
    }
    return v + 1000u;
}

fn inner_most(v: u32) -> u32 {
    var w = v;
    if v > 30u {
        w = 1u;
        if v > 40u {
            return w + 5u;
        }
        w += 1u;
    } else {
        return 3u;
    }
    return w;
}

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let v = x[i];
    var a = inner(v);
    y[i] = a;
    if v % 7u == 0u {
        return;
    }
    a += inner(v + 1u);
    if v % 7u == 1u {
        y[i] = a + 1u;
        return;
    }
    y[i] = a * 2u;
}
