// Structures in storage buffers.

struct Params {
    n: u32,
}

struct Record {
    key: u32,
    value: f32,
    place: vec2<i32>,
    more: vec3<f32>,
    last: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Record>;
@group(0) @binding(2) var<storage, read_write> y: array<Record>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var record = x[i];
    record.key += 1u;
    record.more.y = record.value + record.more.x;
    if record.key % 2u == 0u {
        record.place = -record.place.yx;
    }
    y[i] = record;
    y[i].last = x[(i + 1u) % params.n].last;
    y[i].more[params.n % 3u] = 0.5;
}
