// log_one_plus_exp: ln(1 + exp(x)) in a form whose exponential cannot overflow.
//
// With e = exp(-|x|) it is max(x, 0) + ln(1 + e). The sum 1 + e would round a small e away; the series of
// ln(1 + e) = 2 artanh(s), s = e / (2 + e), keeps it. As s is at most 1/3, the first term left out, s¹⁴ / 15, is below
// 2⁻²⁴.
fn log_one_plus_exp(x: vec4<f32>) -> vec4<f32> {
    let e = exp(-abs(x));
    let s = e / (2 + e);
    let q = s * s;
    let series = 1 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 + q * (1.0 / 11 + q * (1.0 / 13))))));
    return max(x, vec4(0.0)) + 2 * s * series;
}
