// Numbers of one kind made into another.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let f = bitcast<f32>(x[i]);
    let at = i * 10u;
    y[at] = u32(f);
    y[at + 1u] = bitcast<u32>(i32(f));
    y[at + 2u] = bitcast<u32>(f32(x[i]));
    y[at + 3u] = bitcast<u32>(f32(bitcast<i32>(x[i])));
    y[at + 4u] = u32(bool(x[i])) + 2u * u32(bool(f));
    y[at + 5u] = bitcast<u32>(f32(f > 1.0));
    let g = bitcast<f32>(x[params.n]);
    y[at + 6u] = u32(g);
    y[at + 7u] = bitcast<u32>(i32(g));
    y[at + 8u] = bitcast<u32>(f32(x[params.n]));
    y[at + 9u] = bitcast<u32>(f32(bitcast<i32>(x[params.n])));
}
