// The polynomials, against the f64 functions of the standard library.

/// Every so many floats are tested: a prime, so that all exponents and many fractions come up.
const STRIDE: usize = 2003;

/// How many units in the last place of an f32 lie between `got` and `wanted`; none where both are NaN, or equal as f32.
fn distance(got: f32, wanted: f64) -> f64 {
    if (got.is_nan() && wanted.is_nan()) || f64::from(got) == wanted || got == wanted as f32 {
        return 0.0;
    }
    let exponent = (wanted.abs().to_bits() >> 52).cast_signed() as i32 - 1023;
    let distance = (f64::from(got) - wanted).abs() / 2_f64.powi(exponent.max(-126) - 23);
    if distance.is_nan() { f64::INFINITY } else { distance }
}

/// Floats of the whole range, in rows.
fn all_floats() -> impl Iterator<Item = [f32; N]> {
    let bits = (0..=u32::MAX).step_by(STRIDE * N);
    bits.map(|start| std::array::from_fn(|l| f32::from_bits(start.wrapping_add((l * STRIDE) as u32))))
}

/// As many floats between `low` and `high`, evenly spread.
fn floats_between(low: f32, high: f32) -> impl Iterator<Item = [f32; N]> {
    let count = 500_000;
    let at = move |k: usize| low + (high - low) * (k as f32 / count as f32);
    (0..count).step_by(N).map(move |k| std::array::from_fn(|l| at(k + l)))
}

functions! {
    /// The function is nowhere farther from the true value than `bound` units in the last place, or than `absolute`.
    pub fn near(
        of: impl Iterator<Item = [f32; N]>,
        op: impl Fn(F) -> F,
        truth: impl Fn(f64) -> f64,
        bound: f64,
        absolute: f64
    ) {
        let mut worst = (0.0, 0.0, 0.0, 0.0);
        for x in of {
            let got = floats(op(f(x)));
            for l in 0..N {
                let wanted = truth(x[l].into());
                let (error, apart) = (distance(got[l], wanted), (f64::from(got[l]) - wanted).abs());
                if error > worst.0 && (apart > absolute || apart.is_nan()) {
                    worst = (error, x[l], got[l], wanted);
                }
            }
        }
        let (error, x, got, wanted) = worst;
        assert!(error <= bound, "{error} units off: {x:?} becomes {got:?} instead of {wanted:?}");
    }
}

tests! {
    fn accuracy_of_exp() {
        near(all_floats().chain(floats_between(-105.0, 90.0)), |x| exp_f(x), f64::exp, 2.0, 0.0);
        near(all_floats().chain(floats_between(-151.0, 129.0)), |x| exp2_f(x), f64::exp2, 2.0, 0.0);
    }
    fn accuracy_of_log() {
        near(all_floats().chain(floats_between(0.5, 2.0)), |x| log_f(x), f64::ln, 2.0, 0.0);
        near(all_floats().chain(floats_between(0.5, 2.0)), |x| log2_f(x), f64::log2, 2.0, 0.0);
    }
    fn accuracy_of_tanh() {
        near(all_floats().chain(floats_between(-10.0, 10.0)), |x| tanh_f(x), f64::tanh, 2.0, 0.0);
    }
    fn accuracy_of_waves() {
        for range in [4.0, 100.0, 10_000.0] {
            near(floats_between(-range, range), |x| sin_f(x), f64::sin, 2.0, 1e-7);
            near(floats_between(-range, range), |x| cos_f(x), f64::cos, 2.0, 1e-7);
        }
        near(floats_between(-4.0, 4.0), |x| tan_f(x), f64::tan, 4.0, 2e-7);
        let far = if FUSED { 1e-5 } else { 0.3 };
        near(floats_between(-4194304.0, 4194304.0), |x| sin_f(x), f64::sin, 0.0, far);
        near(floats_between(-4194304.0, 4194304.0), |x| cos_f(x), f64::cos, 0.0, far);
        let small = |x: &[f32; N]| x.iter().all(|x| x.abs() < 4.0);
        near(all_floats().filter(small), |x| sin_f(x), f64::sin, 2.0, 1e-7);
    }
    fn waves_without_end_stay_bounded() {
        for x in all_floats() {
            for (wave, x) in [sin_f(f(x)), cos_f(f(x))].into_iter().flat_map(|wave| floats(wave).into_iter().zip(x)) {
                assert!(if x.is_finite() { wave.abs() <= 1.0 } else { wave.is_nan() }, "{wave} of {x}");
            }
        }
    }
    fn accuracy_of_pow() {
        for exponent in [-30.0, -3.0, -1.0, -0.5, -1e-3, 1e-30, 0.3, 0.5, 1.0, 2.0, 2.2, 7.0, 1000.0, 123456.7] {
            let power = |x: f64| if x < 0.0 { f64::NAN } else { x.powf(f64::from(exponent)) };
            near(all_floats(), |x| pow_f(x, splat_f(exponent)), power, 8.0, 0.0);
        }
        for base in [0.9, 0.999, 0.99999, 1.0001, 3.0, 1e-40, 1e38] {
            let power = |y: f64| f64::from(base).powf(y);
            near(all_floats(), |y| pow_f(splat_f(base), y), power, 8.0, 0.0);
        }
    }
    fn edges_of_pow() {
        let (infinity, nan) = (f32::INFINITY, f32::NAN);
        let cases = [
            (0.0, 2.0, 0.0), (0.0, -2.0, infinity), (0.0, 0.0, 1.0), (infinity, 0.0, 1.0), (infinity, 1.0, infinity),
            (infinity, -1.0, 0.0), (2.0, infinity, infinity), (0.5, infinity, 0.0), (2.0, -infinity, 0.0),
            (0.5, -infinity, infinity), (1.0, infinity, 1.0), (-1.0, 2.0, nan), (nan, 1.0, nan), (2.0, nan, nan),
        ];
        cases.into_iter().for_each(|(x, y, wanted)| same(pow_1(x, y), wanted, &(x, y)));
    }
}
