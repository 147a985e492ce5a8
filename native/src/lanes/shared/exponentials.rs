// Exponentials and logarithms as polynomials, fitted for the least relative error of the result (Lawson's iteration).
// `exp_f`, `log_f` and `tanh_f` are within 2 units in the last place of the true value over the whole range, `exp2_f`
// and `log2_f` too; `pow_f` within 8. Subnormals are taken and given.

/// Added and taken away, it rounds a float of less than 2^22 to an integer, which the last bits of the sum hold.
pub const ROUNDER: f32 = 12582912.0;
/// ln 2 in two parts. The first has 16 bits, so that its product with an exponent is exact.
const LN_2: [f32; 2] = [0.69314575, 1.4286068e-6];

functions! {
    /// c0 + c1 x + c2 x^2 + ...
    pub fn polynomial(x: F, c: &[f32]) -> F {
        let (&last, others) = c.split_last().expect("a polynomial has terms");
        others.iter().rfold(splat_f(last), |sum, &c| fma_f(sum, x, splat_f(c)))
    }

    /// e^r 2^n, where |r| is at most ln(2) / 2 and n is the integer in the last bits of `rounded`.
    pub fn exp_scaled(r: F, rounded: F) -> F {
        let q = polynomial(r, &[0.49999994, 0.16666518, 0.041668423, 0.008369063, 0.001381388]);
        let power = add_f(splat_f(1.0), fma_f(mul_f(r, r), q, r));
        // Half of n at a time: each of the two factors is a normal number where their product is none.
        let n = sub_i(bits_f(rounded), bits_f(splat_f(ROUNDER)));
        let half = shr_i(n, splat_i(1));
        let [first, second] = [half, sub_i(n, half)].map(|n| f_bits(shl_i(add_i(n, splat_i(127)), splat_i(23))));
        mul_f(mul_f(power, first), second)
    }

    /// e^x.
    pub fn exp_f(x: F) -> F {
        // Beyond lie only 0 and infinity.
        let x = clamp_f(x, splat_f(-104.0), splat_f(89.0));
        let rounded = fma_f(x, splat_f(std::f32::consts::LOG2_E), splat_f(ROUNDER));
        let minus_n = sub_f(splat_f(ROUNDER), rounded);
        let r = fma_f(minus_n, splat_f(LN_2[1]), fma_f(minus_n, splat_f(LN_2[0]), x));
        exp_scaled(r, rounded)
    }

    /// 2^x.
    pub fn exp2_f(x: F) -> F {
        let x = clamp_f(x, splat_f(-151.0), splat_f(129.0));
        let rounded = add_f(x, splat_f(ROUNDER));
        let r = sub_f(x, sub_f(rounded, splat_f(ROUNDER)));
        exp_scaled(mul_f(r, splat_f(std::f32::consts::LN_2)), rounded)
    }

    /// The exponent e and m - 1, where x = 2^e m and m lies between the square roots of 1/2 and 2. For x > 0.
    pub fn split(x: F) -> [F; 2] {
        let subnormal = lt_f(x, splat_f(f32::MIN_POSITIVE));
        let x = bits_f(select_f(subnormal, mul_f(x, splat_f(8388608.0)), x));
        let e = shr_i(sub_i(x, bits_f(splat_f(std::f32::consts::FRAC_1_SQRT_2))), splat_i(23));
        let m = f_bits(sub_i(x, shl_i(e, splat_i(23))));
        let e = add_f(f_from_i(e), select_f(subnormal, splat_f(-23.0), splat_f(0.0)));
        [e, sub_f(m, splat_f(1.0))]
    }

    /// (ln(1 + f) - f + f^2 / 2) / f^2.
    pub fn log_tail(f: F) -> F {
        let q = [0.3333333, -0.25000826, 0.20001236, -0.16623144, 0.14201368, -0.13162003, 0.12765427, -0.07634387];
        mul_f(f, polynomial(f, &q))
    }

    /// What a logarithm is of 0, infinity, and of numbers that have none, in place of `y`.
    pub fn log_edges(x: F, y: F) -> F {
        let y = select_f(eq_f(x, splat_f(f32::INFINITY)), x, y);
        let y = select_f(eq_f(x, splat_f(0.0)), splat_f(f32::NEG_INFINITY), y);
        select_f(ge_f(x, splat_f(0.0)), y, splat_f(f32::NAN))
    }

    /// The natural logarithm.
    pub fn log_f(x: F) -> F {
        let [e, f] = split(x);
        let square = mul_f(f, f);
        let tail = fma_f(square, splat_f(-0.5), mul_f(square, log_tail(f)));
        let rest = add_f(f, fma_f(e, splat_f(LN_2[1]), tail));
        log_edges(x, fma_f(e, splat_f(LN_2[0]), rest))
    }

    /// The logarithm to base 2.
    pub fn log2_f(x: F) -> F {
        let [e, f] = split(x);
        let [high, low] = log2_parts(f);
        log_edges(x, add_f(e, add_f(high, low)))
    }

    /// `x` with 12 bits: the product of two such numbers is exact.
    pub fn short(x: F) -> F { f_bits(and_i(bits_f(x), splat_i(0xffff_f000))) }

    /// log2(1 + f) as a sum whose first part has no more than 24 bits and whose second has what is missing, to 28 bits.
    pub fn log2_parts(f: F) -> [F; 2] {
        // 1 / ln 2, in 12 bits and the rest.
        let scale = [1.4428711, -0.00017605286];
        let start = short(f);
        let end = sub_f(f, start);
        let half_square = mul_f(splat_f(0.5), mul_f(start, start));
        let high = sub_f(start, half_square);
        let lost = sub_f(sub_f(start, high), half_square);
        let end = fma_f(mul_f(splat_f(-0.5), add_f(f, start)), end, end);
        let low = add_f(lost, fma_f(mul_f(f, f), log_tail(f), end));
        let start = short(add_f(high, low));
        let end = add_f(sub_f(high, start), low);
        let rest = fma_f(start, splat_f(scale[1]), mul_f(end, splat_f(std::f32::consts::LOG2_E)));
        [mul_f(start, splat_f(scale[0])), rest]
    }

    /// x^y; NaN if x is negative.
    pub fn pow_f(x: F, y: F) -> F {
        let [e, f] = split(x);
        let [high, low] = log2_parts(f);
        let sum = add_f(e, high);
        let low = add_f(add_f(sub_f(e, sum), high), low);
        let log_start = short(add_f(sum, low));
        let log_end = add_f(sub_f(sum, log_start), low);

        let finite = clamp_f(y, splat_f(f32::MIN), splat_f(f32::MAX));
        let start = short(finite);
        let main = mul_f(start, log_start);
        let rest = fma_f(sub_f(finite, start), log_start, mul_f(finite, log_end));
        let whole = add_f(main, rest);
        let rounded = add_f(clamp_f(whole, splat_f(-160.0), splat_f(160.0)), splat_f(ROUNDER));
        let fraction = add_f(sub_f(main, sub_f(rounded, splat_f(ROUNDER))), rest);
        let fraction = select_f(lt_f(abs_f(whole), splat_f(160.0)), fraction, splat_f(0.0));
        let power = exp_scaled(mul_f(fraction, splat_f(std::f32::consts::LN_2)), rounded);

        let (zero, infinity) = (splat_f(0.0), splat_f(f32::INFINITY));
        let to_zero = xor_m(gt_f(y, zero), eq_f(x, infinity));
        let edge = or_m(eq_f(x, zero), eq_f(x, infinity));
        let power = select_f(edge, select_f(to_zero, zero, infinity), power);
        let power = select_f(eq_f(y, zero), splat_f(1.0), power);
        select_f(and_m(ge_f(x, zero), eq_f(y, y)), power, splat_f(f32::NAN))
    }

    /// The hyperbolic tangent: a polynomial near 0, then 1 - 2 / (e^2x + 1).
    pub fn tanh_f(x: F) -> F {
        let size = abs_f(x);
        let square = mul_f(size, size);
        let q = polynomial(square, &[-0.3333328, 0.13331442, -0.053739715, 0.020639086, -0.005704987]);
        let near = fma_f(mul_f(square, size), q, size);
        let far = div_f(splat_f(2.0), add_f(exp_f(add_f(size, size)), splat_f(1.0)));
        let result = select_f(lt_f(size, splat_f(0.625)), near, sub_f(splat_f(1.0), far));
        f_bits(or_i(bits_f(result), and_i(bits_f(x), splat_i(0x8000_0000))))
    }
}
