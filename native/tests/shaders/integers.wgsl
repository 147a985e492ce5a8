// Division, remainders, shifts and comparisons, where there is a catch.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let a = x[2u * i];
    let b = x[2u * i + 1u];
    let s = bitcast<i32>(a);
    let t = bitcast<i32>(b);
    let at = i * 16u;
    y[at] = a / b;
    y[at + 1u] = a % b;
    y[at + 2u] = bitcast<u32>(s / t);
    y[at + 3u] = bitcast<u32>(s % t);
    y[at + 4u] = a << (b & 31u);
    y[at + 5u] = a >> (b & 31u);
    y[at + 6u] = bitcast<u32>(s >> (b & 31u));
    y[at + 7u] = u32(a < b) + 2u * u32(s < t) + 4u * u32(a >= b) + 8u * u32(s >= t) + 16u * u32(s == t);
    y[at + 8u] = bitcast<u32>(max(s, t)) + min(a, b);
    y[at + 9u] = bitcast<u32>(abs(s)) ^ (~b);
    y[at + 10u] = bitcast<u32>(-t) * a;
    y[at + 11u] = bitcast<u32>(clamp(s, -5, 9));
    // The same for all lanes.
    let c = x[params.n];
    let d = x[params.n + 1u];
    let u = bitcast<i32>(c);
    let v = bitcast<i32>(d);
    y[at + 12u] = c / d + bitcast<u32>(u % v);
    y[at + 13u] = bitcast<u32>(u >> (d & 31u)) + (c << (d & 31u));
    y[at + 14u] = u32(u < v) + bitcast<u32>(min(u, v)) + bitcast<u32>(u / v) + c % d;
    y[at + 15u] = bitcast<u32>(min(i32(i), 30) - 40);
}
