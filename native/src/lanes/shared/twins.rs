// Scalar twins, for values that are the same in all lanes: the bits of a lane.

functions! {
    pub fn exp_1(x: f32) -> f32 { lane_f(exp_f(splat_f(x)), 0) }
    pub fn exp2_1(x: f32) -> f32 { lane_f(exp2_f(splat_f(x)), 0) }
    pub fn log_1(x: f32) -> f32 { lane_f(log_f(splat_f(x)), 0) }
    pub fn log2_1(x: f32) -> f32 { lane_f(log2_f(splat_f(x)), 0) }
    pub fn pow_1(x: f32, y: f32) -> f32 { lane_f(pow_f(splat_f(x), splat_f(y)), 0) }
    pub fn tanh_1(x: f32) -> f32 { lane_f(tanh_f(splat_f(x)), 0) }
    pub fn sin_1(x: f32) -> f32 { lane_f(sin_f(splat_f(x)), 0) }
    pub fn cos_1(x: f32) -> f32 { lane_f(cos_f(splat_f(x)), 0) }
    pub fn tan_1(x: f32) -> f32 { lane_f(tan_f(splat_f(x)), 0) }
    pub fn fma_1(a: f32, b: f32, c: f32) -> f32 { lane_f(fma_f(splat_f(a), splat_f(b), splat_f(c)), 0) }
    pub fn min_1(a: f32, b: f32) -> f32 { lane_f(min_f(splat_f(a), splat_f(b)), 0) }
    pub fn max_1(a: f32, b: f32) -> f32 { lane_f(max_f(splat_f(a), splat_f(b)), 0) }
    pub fn clamp_1(x: f32, low: f32, high: f32) -> f32 { min_1(max_1(x, low), high) }
    pub fn floor_1(x: f32) -> f32 { lane_f(floor_f(splat_f(x)), 0) }
    pub fn ceil_1(x: f32) -> f32 { lane_f(ceil_f(splat_f(x)), 0) }
    pub fn trunc_1(x: f32) -> f32 { lane_f(trunc_f(splat_f(x)), 0) }
    pub fn round_1(x: f32) -> f32 { lane_f(round_f(splat_f(x)), 0) }
    pub fn fract_1(x: f32) -> f32 { lane_f(fract_f(splat_f(x)), 0) }
    pub fn sign_1(x: f32) -> f32 { lane_f(sign_f(splat_f(x)), 0) }
    pub fn half_1(x: f32) -> f32 { lane_f(half_f(splat_f(x)), 0) }
    pub fn inverse_sqrt_1(x: f32) -> f32 { lane_f(inverse_sqrt_f(splat_f(x)), 0) }
}
