// logistic: 1 / (1 + exp(-x)) in a form whose exponential cannot overflow.
//
// With e = exp(-|x|), at most 1, it is 1 / (1 + e) for x >= 0 and e / (1 + e) below.
fn logistic(x: vec4<f32>) -> vec4<f32> {
    let e = exp(-abs(x));
    return select(e, vec4(1.0), x >= vec4(0.0)) / (1 + e);
}
