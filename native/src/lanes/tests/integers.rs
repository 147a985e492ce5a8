// Integers and truth values.

functions! {
    pub fn two_integers(op: impl Fn(I, I) -> I, meaning: impl Fn(u32, u32) -> u32) {
        for a in INTEGERS.into_iter().chain(random(300)) {
            let others: Vec<_> = INTEGERS.into_iter().chain([a]).chain(random(8)).collect();
            for b in rows(&others) {
                assert_eq!(integers(op(splat_i(a), i(b))), b.map(|b| meaning(a, b)), "{a} and {b:?}");
                assert_eq!(integers(op(i(b), splat_i(a))), b.map(|b| meaning(b, a)), "{b:?} and {a}");
            }
        }
    }
    pub fn two_signed(op: impl Fn(I, I) -> I, meaning: impl Fn(i32, i32) -> i32) {
        two_integers(op, |a, b| meaning(a.cast_signed(), b.cast_signed()).cast_unsigned());
    }
    pub fn two_truths(op: impl Fn(M, M) -> M, meaning: impl Fn(bool, bool) -> bool) {
        for pair in random(200).chunks(2) {
            let wanted = std::array::from_fn(|l| meaning(pair[0] >> l & 1 != 0, pair[1] >> l & 1 != 0));
            assert_eq!(truths(op(m(pair[0]), m(pair[1]))), wanted, "{pair:?}");
        }
    }
}

tests! {
    fn integer_arithmetic() {
        two_integers(|a, b| add_i(a, b), u32::wrapping_add);
        two_integers(|a, b| sub_i(a, b), u32::wrapping_sub);
        two_integers(|a, b| mul_i(a, b), u32::wrapping_mul);
        two_integers(|a, _| neg_i(a), |a, _| a.wrapping_neg());
        two_integers(|a, _| not_i(a), |a, _| !a);
        two_signed(|a, _| abs_i(a), |a, _| a.wrapping_abs());
        two_integers(|a, b| and_i(a, b), |a, b| a & b);
        two_integers(|a, b| or_i(a, b), |a, b| a | b);
        two_integers(|a, b| xor_i(a, b), |a, b| a ^ b);
        two_signed(|a, b| min_i(a, b), i32::min);
        two_signed(|a, b| max_i(a, b), i32::max);
        two_integers(|a, b| min_u(a, b), u32::min);
        two_integers(|a, b| max_u(a, b), u32::max);
        two_signed(|a, b| clamp_i(a, b, splat_i(70)), |a, b| a.max(b).min(70));
        two_integers(|a, b| clamp_u(a, b, splat_i(70)), |a, b| a.max(b).min(70));
    }
    fn shifts() {
        two_integers(|a, b| shl_i(a, b), |a, b| a << (b % 32));
        two_integers(|a, b| shr_i(a, b), |a, b| (a.cast_signed() >> (b % 32)).cast_unsigned());
        two_integers(|a, b| shr_u(a, b), |a, b| a >> (b % 32));
    }
    fn divisions() {
        two_signed(|a, b| div_i(a, b), |a, b| if b == 0 { a } else { a.wrapping_div(b) });
        two_signed(|a, b| rem_i(a, b), |a, b| if b == 0 { 0 } else { a.wrapping_rem(b) });
        two_integers(|a, b| div_u(a, b), |a, b| a.checked_div(b).unwrap_or(a));
        two_integers(|a, b| rem_u(a, b), |a, b| a.checked_rem(b).unwrap_or(0));
    }
    fn comparisons_of_integers() {
        let one = |m: M| i_from_m(m);
        two_integers(|a, b| one(eq_i(a, b)), |a, b| (a == b).into());
        two_integers(|a, b| one(ne_i(a, b)), |a, b| (a != b).into());
        two_signed(|a, b| one(lt_i(a, b)), |a, b| (a < b).into());
        two_signed(|a, b| one(le_i(a, b)), |a, b| (a <= b).into());
        two_signed(|a, b| one(gt_i(a, b)), |a, b| (a > b).into());
        two_signed(|a, b| one(ge_i(a, b)), |a, b| (a >= b).into());
        two_integers(|a, b| one(lt_u(a, b)), |a, b| (a < b).into());
        two_integers(|a, b| one(le_u(a, b)), |a, b| (a <= b).into());
        two_integers(|a, b| one(gt_u(a, b)), |a, b| (a > b).into());
        two_integers(|a, b| one(ge_u(a, b)), |a, b| (a >= b).into());
    }
    fn truth_values() {
        two_truths(|a, b| and_m(a, b), |a, b| a && b);
        two_truths(|a, b| or_m(a, b), |a, b| a || b);
        two_truths(|a, b| xor_m(a, b), |a, b| a != b);
        two_truths(|a, b| andnot_m(a, b), |a, b| a && !b);
        two_truths(|a, _| not_m(a), |a, _| !a);
        two_truths(|a, b| select_m(a, b, not_m(a)), |a, b| if a { b } else { !a });
        two_truths(|a, _| select_m(a, splat_m(true), splat_m(false)), |a, _| a);
    }
    fn questions_to_all_lanes() {
        let full = u32::MAX >> (32 - LANES);
        for bits in [0, 1, 1 << (LANES - 1), full, full - 1, full >> 1] {
            assert_eq!(any_m(m(bits)), bits != 0);
            assert_eq!(none_m(m(bits)), bits == 0);
            assert_eq!(all_m(m(bits)), bits == full);
            assert_eq!(ballot(m(bits)), bits);
            assert_eq!(first_lane(m(bits)), bits.trailing_zeros());
        }
        assert!(all_m(splat_m(true)) && none_m(splat_m(false)));
    }
    fn numbered_lanes() {
        assert_eq!(integers(iota()), std::array::from_fn(|l| l as u32));
        let wanted = std::array::from_fn(|l| 0xffff_fff0_u32.wrapping_add(0x2000_0001_u32.wrapping_mul(l as u32)));
        assert_eq!(integers(linear(0xffff_fff0, 0x2000_0001)), wanted);
    }
}
