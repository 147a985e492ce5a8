// Reductions and scans over the lanes that are on; the others count as the operation's identity.
//
// The order is fixed. Reductions halve: lane l takes in lane l + LANES / 2, then l + LANES / 4, and so on, so that 8
// lanes add up to ((x0 + x4) + (x2 + x6)) + ((x1 + x5) + (x3 + x7)). Scans double: lane l takes in lane l - 1, then
// l - 2, l - 4, and so on. Levels of as many lanes give the same bits.

functions! {
    /// Lane 0 of the halving described above.
    pub fn reduce_f(x: F, m: M, identity: f32, op: impl Fn(F, F) -> F) -> f32 {
        let mut x = select_f(m, x, splat_f(identity));
        let mut apart = LANES / 2;
        while apart > 0 {
            x = op(x, shuffle_f(x, xor_i(iota(), splat_i(apart))));
            apart /= 2;
        }
        lane_f(x, 0)
    }
    /// As [`reduce_f`].
    pub fn reduce_i(x: I, m: M, identity: u32, op: impl Fn(I, I) -> I) -> u32 {
        let mut x = select_i(m, x, splat_i(identity));
        let mut apart = LANES / 2;
        while apart > 0 {
            x = op(x, shuffle_i(x, xor_i(iota(), splat_i(apart))));
            apart /= 2;
        }
        lane_i(x, 0)
    }
    pub fn sum_f(x: F, m: M) -> f32 { reduce_f(x, m, 0.0, |a, b| add_f(a, b)) }
    pub fn product_f(x: F, m: M) -> f32 { reduce_f(x, m, 1.0, |a, b| mul_f(a, b)) }
    pub fn min_over_f(x: F, m: M) -> f32 { reduce_f(x, m, f32::INFINITY, |a, b| min_f(a, b)) }
    pub fn max_over_f(x: F, m: M) -> f32 { reduce_f(x, m, f32::NEG_INFINITY, |a, b| max_f(a, b)) }
    pub fn sum_i(x: I, m: M) -> u32 { reduce_i(x, m, 0, |a, b| add_i(a, b)) }
    pub fn product_i(x: I, m: M) -> u32 { reduce_i(x, m, 1, |a, b| mul_i(a, b)) }
    pub fn min_over_i(x: I, m: M) -> u32 { reduce_i(x, m, i32::MAX.cast_unsigned(), |a, b| min_i(a, b)) }
    pub fn max_over_i(x: I, m: M) -> u32 { reduce_i(x, m, i32::MIN.cast_unsigned(), |a, b| max_i(a, b)) }
    pub fn min_over_u(x: I, m: M) -> u32 { reduce_i(x, m, u32::MAX, |a, b| min_u(a, b)) }
    pub fn max_over_u(x: I, m: M) -> u32 { reduce_i(x, m, 0, |a, b| max_u(a, b)) }
    pub fn and_over_i(x: I, m: M) -> u32 { reduce_i(x, m, u32::MAX, |a, b| and_i(a, b)) }
    pub fn or_over_i(x: I, m: M) -> u32 { reduce_i(x, m, 0, |a, b| or_i(a, b)) }
    pub fn xor_over_i(x: I, m: M) -> u32 { reduce_i(x, m, 0, |a, b| xor_i(a, b)) }
    /// Each lane gets what the lane says that it names.
    pub fn shuffle_m(x: M, lane: I) -> M { ne_i(shuffle_i(i_from_m(x), lane), splat_i(0)) }
    /// The lowest lane that is on; 32 if none is.
    pub fn first_lane(m: M) -> u32 { ballot(m).trailing_zeros() }

    /// Each lane and all before it.
    pub fn scan_f(x: F, m: M, identity: f32, op: impl Fn(F, F) -> F) -> F {
        let mut x = select_f(m, x, splat_f(identity));
        let mut back = 1;
        while back < LANES {
            let before = shuffle_f(x, sub_i(iota(), splat_i(back)));
            x = select_f(ge_u(iota(), splat_i(back)), op(before, x), x);
            back *= 2;
        }
        x
    }
    /// As [`scan_f`].
    pub fn scan_i(x: I, m: M, identity: u32, op: impl Fn(I, I) -> I) -> I {
        let mut x = select_i(m, x, splat_i(identity));
        let mut back = 1;
        while back < LANES {
            let before = shuffle_i(x, sub_i(iota(), splat_i(back)));
            x = select_i(ge_u(iota(), splat_i(back)), op(before, x), x);
            back *= 2;
        }
        x
    }
    /// What the lane before has; `first` in lane 0.
    pub fn later_f(x: F, first: f32) -> F {
        select_f(eq_i(iota(), splat_i(0)), splat_f(first), shuffle_f(x, sub_i(iota(), splat_i(1))))
    }
    /// As [`later_f`].
    pub fn later_i(x: I, first: u32) -> I {
        select_i(eq_i(iota(), splat_i(0)), splat_i(first), shuffle_i(x, sub_i(iota(), splat_i(1))))
    }
    pub fn inclusive_sum_f(x: F, m: M) -> F { scan_f(x, m, 0.0, |a, b| add_f(a, b)) }
    pub fn exclusive_sum_f(x: F, m: M) -> F { later_f(inclusive_sum_f(x, m), 0.0) }
    pub fn inclusive_product_f(x: F, m: M) -> F { scan_f(x, m, 1.0, |a, b| mul_f(a, b)) }
    pub fn exclusive_product_f(x: F, m: M) -> F { later_f(inclusive_product_f(x, m), 1.0) }
    pub fn inclusive_sum_i(x: I, m: M) -> I { scan_i(x, m, 0, |a, b| add_i(a, b)) }
    pub fn exclusive_sum_i(x: I, m: M) -> I { later_i(inclusive_sum_i(x, m), 0) }
    pub fn inclusive_product_i(x: I, m: M) -> I { scan_i(x, m, 1, |a, b| mul_i(a, b)) }
    pub fn exclusive_product_i(x: I, m: M) -> I { later_i(inclusive_product_i(x, m), 1) }
}
