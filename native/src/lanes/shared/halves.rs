// Numbers of 16 bits (IEEE 754 binary16), each kept as the f32 of the same value.

/// Bits of the least f32 that is a normal number as an f16, 2^-14.
const LEAST_NORMAL: u32 = 0x3880_0000;
/// Bits of the least f32 above all f16, 2^16.
const TOO_LARGE: u32 = 0x4780_0000;
/// Bits of infinity.
const INFINITE: u32 = 0x7f80_0000;

functions! {
    /// The nearest f16, ties to the even one: subnormal numbers are kept, what is too large becomes infinite.
    pub fn half_f(x: F) -> F {
        let bits = bits_f(x);
        let sign = and_i(bits, splat_i(1 << 31));
        let size = xor_i(bits, sign);
        // The last 13 bits go; a carry goes into the exponent, where it belongs.
        let odd = and_i(shr_u(size, splat_i(13)), splat_i(1));
        let normal = and_i(add_i(size, add_i(splat_i(0xfff), odd)), splat_i(!0x1fff));
        // The f32 next to 1/2 lie 2^-24 apart, as subnormal f16 do.
        let half = splat_f(0.5);
        let subnormal = bits_f(sub_f(add_f(f_bits(size), half), half));
        let rounded = select_i(lt_u(size, splat_i(LEAST_NORMAL)), subnormal, normal);
        let bounded = select_i(lt_u(rounded, splat_i(TOO_LARGE)), rounded, splat_i(INFINITE));
        let known = select_i(gt_u(size, splat_i(INFINITE)), size, bounded);
        f_bits(or_i(known, sign))
    }
}
