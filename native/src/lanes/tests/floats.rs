// Arithmetic, comparisons and conversions of floats.

functions! {
    pub fn one_float(op: impl Fn(F) -> F, meaning: impl Fn(f32) -> f32) {
        for x in rows(&FLOATS) {
            let got = floats(op(f(x)));
            (0..N).for_each(|l| same(got[l], meaning(x[l]), &x[l]));
        }
    }
    pub fn two_floats(op: impl Fn(F, F) -> F, meaning: impl Fn(f32, f32) -> f32) {
        for a in FLOATS {
            for b in rows(&FLOATS) {
                let got = floats(op(splat_f(a), f(b)));
                (0..N).for_each(|l| same(got[l], meaning(a, b[l]), &(a, b[l])));
            }
        }
    }
    pub fn comparison(op: impl Fn(F, F) -> M, meaning: impl Fn(f32, f32) -> bool) {
        for a in FLOATS {
            for b in rows(&FLOATS) {
                assert_eq!(truths(op(splat_f(a), f(b))), b.map(|b| meaning(a, b)), "{a} and {b:?}");
            }
        }
    }
}

tests! {
    fn floats_alone() {
        one_float(|x| neg_f(x), |x| -x);
        one_float(|x| abs_f(x), f32::abs);
        one_float(|x| floor_f(x), f32::floor);
        one_float(|x| ceil_f(x), f32::ceil);
        one_float(|x| trunc_f(x), f32::trunc);
        one_float(|x| round_f(x), f32::round_ties_even);
        one_float(|x| fract_f(x), |x| x - x.floor());
        one_float(|x| sqrt_f(x), f32::sqrt);
        one_float(|x| inverse_sqrt_f(x), |x| 1.0 / x.sqrt());
        one_float(|x| sign_f(x), |x| if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x });
        one_float(|x| f_bits(bits_f(x)), |x| x);
    }
    fn floats_in_pairs() {
        two_floats(|a, b| add_f(a, b), |a, b| a + b);
        two_floats(|a, b| sub_f(a, b), |a, b| a - b);
        two_floats(|a, b| mul_f(a, b), |a, b| a * b);
        two_floats(|a, b| div_f(a, b), |a, b| a / b);
        two_floats(|a, b| min_f(a, b), |a, b| if b < a { b } else { a });
        two_floats(|a, b| max_f(a, b), |a, b| if a < b { b } else { a });
        two_floats(|a, b| clamp_f(b, a, splat_f(2.0)), |a, b| {
            let raised = if b < a { a } else { b };
            if raised > 2.0 { 2.0 } else { raised }
        });
    }
    fn multiply_and_add() {
        let fma = |a: f32, b: f32, c: f32| if FUSED { a.mul_add(b, c) } else { a * b + c };
        for c in FLOATS {
            two_floats(|a, b| fma_f(a, b, splat_f(c)), |a, b| fma(a, b, c));
        }
    }
    fn comparisons_of_floats() {
        comparison(|a, b| eq_f(a, b), |a, b| a == b);
        comparison(|a, b| ne_f(a, b), |a, b| a != b);
        comparison(|a, b| lt_f(a, b), |a, b| a < b);
        comparison(|a, b| le_f(a, b), |a, b| a <= b);
        comparison(|a, b| gt_f(a, b), |a, b| a > b);
        comparison(|a, b| ge_f(a, b), |a, b| a >= b);
    }
    fn selection_of_floats() {
        for bits in random(50) {
            let got = floats(select_f(m(bits), splat_f(f32::NAN), splat_f(-0.0)));
            (0..N).for_each(|l| same(got[l], if bits >> l & 1 != 0 { f32::NAN } else { -0.0 }, &l));
        }
    }
    fn integers_from_floats() {
        for x in rows(&FLOATS) {
            assert_eq!(integers(i_from_f(f(x))), x.map(|x| (x as i32).cast_unsigned()), "{x:?}");
            assert_eq!(integers(u_from_f(f(x))), x.map(|x| x as u32), "{x:?}");
            assert_eq!(integers(bits_f(f_bits(bits_f(f(x))))), x.map(f32::to_bits), "{x:?}");
        }
    }
    fn floats_from_integers() {
        let values: Vec<_> = INTEGERS.into_iter().chain(random(10_000)).collect();
        for x in rows(&values) {
            assert_eq!(floats(f_from_i(i(x))), x.map(|x| x.cast_signed() as f32));
            assert_eq!(floats(f_from_u(i(x))), x.map(|x| x as f32));
        }
    }
    fn scalar_twins() {
        for a in FLOATS {
            same(floor_1(a), a.floor(), &a);
            same(ceil_1(a), a.ceil(), &a);
            same(trunc_1(a), a.trunc(), &a);
            same(round_1(a), a.round_ties_even(), &a);
            same(fract_1(a), a - a.floor(), &a);
            same(sign_1(a), lane_f(sign_f(splat_f(a)), 1), &a);
            same(inverse_sqrt_1(a), 1.0 / a.sqrt(), &a);
            same(exp_1(a), lane_f(exp_f(splat_f(a)), 1), &a);
            same(exp2_1(a), lane_f(exp2_f(splat_f(a)), 1), &a);
            same(log_1(a), lane_f(log_f(splat_f(a)), 1), &a);
            same(log2_1(a), lane_f(log2_f(splat_f(a)), 1), &a);
            same(tanh_1(a), lane_f(tanh_f(splat_f(a)), 1), &a);
            same(sin_1(a), lane_f(sin_f(splat_f(a)), 1), &a);
            same(cos_1(a), lane_f(cos_f(splat_f(a)), 1), &a);
            same(tan_1(a), lane_f(tan_f(splat_f(a)), 1), &a);
            for b in FLOATS {
                same(min_1(a, b), lane_f(min_f(splat_f(a), splat_f(b)), 1), &(a, b));
                same(max_1(a, b), lane_f(max_f(splat_f(a), splat_f(b)), 1), &(a, b));
                same(clamp_1(a, b, 2.0), lane_f(clamp_f(splat_f(a), splat_f(b), splat_f(2.0)), 1), &(a, b));
                same(fma_1(a, b, 0.1), lane_f(fma_f(splat_f(a), splat_f(b), splat_f(0.1)), 1), &(a, b));
                same(pow_1(a, b), lane_f(pow_f(splat_f(a), splat_f(b)), 1), &(a, b));
            }
        }
    }
}
