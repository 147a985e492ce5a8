//! Colours: three numbers from 0 to 1, in display values.

/// Red, green and blue.
pub type Colour = [f32; 3];

/// Paper.
pub const WHITE: Colour = [1.0, 1.0, 1.0];

/// The colour written as 0xRRGGBB.
pub const fn hex(rgb: u32) -> Colour {
    [(rgb >> 16 & 255) as f32 / 255.0, (rgb >> 8 & 255) as f32 / 255.0, (rgb & 255) as f32 / 255.0]
}

/// `t` of the way from `a` to `b`.
pub fn mix(a: Colour, b: Colour, t: f32) -> Colour {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

/// Each channel of `a` times that of `b`: light through a filter.
pub fn filter(a: Colour, b: Colour) -> Colour {
    [a[0] * b[0], a[1] * b[1], a[2] * b[2]]
}

/// A colour times a number.
pub fn scale(a: Colour, k: f32) -> Colour {
    [a[0] * k, a[1] * k, a[2] * k]
}

/// The sum of two lights.
pub fn plus(a: Colour, b: Colour) -> Colour {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// Perceived brightness.
pub fn grey(a: Colour) -> f32 {
    0.3 * a[0] + 0.59 * a[1] + 0.11 * a[2]
}

/// `amount` below 1 moves a colour towards its grey, above 1 away from it.
pub fn saturate(a: Colour, amount: f32) -> Colour {
    let g = grey(a);
    mix([g, g, g], a, amount).map(|c| c.clamp(0.0, 1.0))
}

/// The four inks a cel painter mixes for one material.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    /// Where it shines.
    pub light: Colour,
    /// Where light falls on it.
    pub base: Colour,
    /// Where none does.
    pub shade: Colour,
    /// Its outline.
    pub line: Colour,
}

/// Inks around `base`: shadows turn towards violet and lines keep the hue, as cel painters do, never to grey.
pub fn ramp(base: Colour) -> Ramp {
    let shade = mix(scale(saturate(base, 1.15), 0.74), [0.36, 0.22, 0.52], 0.12);
    let line = mix(scale(saturate(base, 1.2), 0.32), [0.14, 0.06, 0.16], 0.35);
    Ramp { light: mix(base, WHITE, 0.55), base, shade, line }
}
