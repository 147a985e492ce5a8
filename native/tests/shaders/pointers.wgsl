// Functions that change their caller's variables, in branches that only some lanes take.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn raise(value: ptr<function, u32>, by: u32) {
    *value += by;
    if by > 25u {
        *value = 1u;
        return;
    }
    *value += 2u;
}

fn swap(pair: ptr<function, array<u32, 2>>) {
    let first = (*pair)[0];
    (*pair)[0] = (*pair)[1];
    (*pair)[1] = first;
}

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var a = i;
    var pair = array<u32, 2>(i, 7u);
    if x[i] % 2u == 0u {
        raise(&a, x[i]);
        swap(&pair);
    }
    for (var k = 0u; k < x[i] % 4u; k += 1u) {
        raise(&a, k);
        swap(&pair);
    }
    y[i] = (a * 100u + pair[0]) * 100u + pair[1];
}
