// Sine, cosine and tangent. Up to |x| = 10000 sine and cosine are within 2 units in the last place or 1e-7 of the true
// value, whichever is more. From there the error grows with |x|, to 1e-5 at 4194304, or to 0.3 without fused
// multiply-add; what is beyond counts as 0. `tan_f` is within 4 units or 2e-7 up to |x| = 4.

use super::exponentials::ROUNDER;

/// Half of pi in parts (Cody and Waite). The first three have 11 bits, so that a multiple of up to 13 bits is exact.
const HALF_PI: [f32; 4] = [1.5703125, 0.0004837513, 7.5495336e-8, 2.563344e-12];

functions! {
    /// The quarter turn nearest to x, and the sine and the cosine of what is left.
    pub fn turn(x: F) -> (I, F, F) {
        let known = le_f(abs_f(x), splat_f(4194304.0));
        // 0, but NaN for what has no sine.
        let x = select_f(known, x, sub_f(x, x));
        let rounded = fma_f(x, splat_f(std::f32::consts::FRAC_2_PI), splat_f(ROUNDER));
        let minus_n = sub_f(splat_f(ROUNDER), rounded);
        let r = HALF_PI.iter().fold(x, |r, &part| fma_f(minus_n, splat_f(part), r));
        let square = mul_f(r, r);
        let s = polynomial(square, &[-0.16666655, 0.008332156, -0.00019514632]);
        let c = polynomial(square, &[0.041666646, -0.001388731, 2.4432413e-5]);
        let sine = fma_f(mul_f(square, r), s, r);
        let cosine = fma_f(mul_f(square, square), c, fma_f(square, splat_f(-0.5), splat_f(1.0)));
        (bits_f(rounded), sine, cosine)
    }

    /// The sine after so many quarter turns more.
    pub fn after_quarters(quarters: I, sine: F, cosine: F) -> F {
        let odd = ne_i(and_i(quarters, splat_i(1)), splat_i(0));
        let sign = shl_i(and_i(quarters, splat_i(2)), splat_i(30));
        f_bits(xor_i(bits_f(select_f(odd, cosine, sine)), sign))
    }

    pub fn sin_f(x: F) -> F {
        let (quarters, sine, cosine) = turn(x);
        after_quarters(quarters, sine, cosine)
    }

    pub fn cos_f(x: F) -> F {
        let (quarters, sine, cosine) = turn(x);
        after_quarters(add_i(quarters, splat_i(1)), sine, cosine)
    }

    pub fn tan_f(x: F) -> F {
        let (quarters, sine, cosine) = turn(x);
        let odd = ne_i(and_i(quarters, splat_i(1)), splat_i(0));
        let over = select_f(odd, neg_f(cosine), sine);
        div_f(over, select_f(odd, sine, cosine))
    }
}
