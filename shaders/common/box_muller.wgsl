// box_muller: two normal numbers from two uniform ones in [0, 1) (Box and Muller, 1958).
//
//   r = √(−2 ln(1 − u1)),   z = (r cos 2πu2, r sin 2πu2)
//
// Logarithm, sine and cosine are our own: WGSL allows its built-in ones errors that show in the fourth digit here, and
// drivers use that freedom differently.

// ln x for 0 < x ≤ 1: x = m 2^e with m in [√½, √2), ln x = e ln 2 + 2 artanh(s), s = (m − 1) / (m + 1).
fn natural_log(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    // Moving √½ to the bottom of a binade makes the exponent of the shifted number the e wanted.
    let shifted = bits - 0x3f3504f3u;
    let e = bitcast<i32>(shifted) >> 23u;
    let m = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u);
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let tail = s2 * (0.33333334 + s2 * (0.2 + s2 * (0.14285715 + s2 * (0.11111111 + s2 * 0.09090909))));
    return f32(e) * 0.6931472 + (2.0 * s + 2.0 * s * tail);
}

// (cos 2πu, sin 2πu) for 0 ≤ u < 1: the nearest quarter turn q is exact, the rest is within an eighth of a turn.
fn unit_circle(u: f32) -> vec2<f32> {
    let quarters = u * 4.0;
    let q = floor(quarters + 0.5);
    let a = (quarters - q) * 1.5707964;
    let a2 = a * a;
    let s = a * (1.0 + a2 * (-0.16666667 + a2 * (0.008333334 + a2 * (-0.00019841270 + a2 * 2.7557319e-6))));
    let c = 1.0 + a2 * (-0.5 + a2 * (0.041666668 + a2 * (-0.0013888889 + a2 * (2.4801587e-5 + a2 * -2.7557319e-7))));
    switch u32(q) & 3u {
        case 0u: { return vec2<f32>(c, s); }
        case 1u: { return vec2<f32>(-s, c); }
        case 2u: { return vec2<f32>(-c, -s); }
        default: { return vec2<f32>(s, -c); }
    }
}

fn box_muller(u1: f32, u2: f32) -> vec2<f32> {
    return sqrt(-2.0 * natural_log(1.0 - u1)) * unit_circle(u2);
}
