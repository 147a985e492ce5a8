// Arithmetic on vec4s of floats, loaded and stored as such.

struct Params {
    n: u32,
    factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let v = x[i];
    var w = v.zwxy * params.factor + vec4(1.0);
    if dot(v, vec4(1.0)) > 0.0 {
        w = max(w, -v) / 2.0;
        y[i] = select(w, floor(v), v < vec4(0.5));
        return;
    }
    w.y = length(v.xy);
    w.z = sqrt(abs(v.x)) - trunc(v.y) * ceil(v.z) + sign(v.w) + fract(v.x);
    y[i] = clamp(w, vec4(-3.0), vec4(f32(params.n)));
}
