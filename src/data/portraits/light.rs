//! Light on skin, hair and cloth, in linear values: a key light, the sky above and the floor below.

use super::colour::{Colour, filter, mix, plus, scale};

/// A direction or normal: x right, y down, z towards the viewer.
pub type Vector = [f32; 3];

/// The scalar product.
pub fn dot(a: Vector, b: Vector) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// `a` at length 1.
pub fn unit(a: Vector) -> Vector {
    let k = 1.0 / dot(a, a).sqrt().max(1e-9);
    [a[0] * k, a[1] * k, a[2] * k]
}

/// A display value as light: the square stands for the display's power law, as the root does on the way back.
pub fn linear(c: Colour) -> Colour {
    c.map(|v| v * v)
}

/// The lamps of the studio.
pub struct Light {
    /// Towards the key light.
    pub key: Vector,
    /// Half way between key light and viewer.
    half: Vector,
    key_colour: Colour,
    sky: Colour,
    floor: Colour,
    rim: Colour,
}

impl Light {
    /// A warm key light from the side `from` (-1 or 1), above; fill light in the hue of the background.
    pub fn new(from: f32, wall: Colour) -> Light {
        let key = unit([0.62 * from, -0.5, 0.68]);
        Light {
            key,
            half: unit([key[0], key[1], key[2] + 1.0]),
            key_colour: [1.06, 0.98, 0.88],
            sky: mix([0.34, 0.35, 0.38], scale(wall, 0.35), 0.45),
            floor: [0.24, 0.2, 0.18],
            rim: mix([0.5, 0.5, 0.55], wall, 0.5),
        }
    }

    fn ambient(&self, n: Vector) -> Colour {
        mix(self.floor, self.sky, 0.5 - 0.5 * n[1])
    }

    /// Light that the surface of normal `n` sends to the viewer: Lambert, with a broad and soft gloss. `shade` is the
    /// part of the key light that arrives, `open` the part of the surroundings that is not hidden.
    pub fn matte(&self, albedo: Colour, n: Vector, shade: f32, open: f32, gloss: f32) -> Colour {
        let facing = dot(n, self.key).max(0.0) * shade;
        let lit = plus(scale(self.key_colour, facing), scale(self.ambient(n), open));
        let mirror = dot(n, self.half).max(0.0);
        let tight = sixteenth(sixteenth(mirror));
        plus(filter(albedo, lit), scale(self.key_colour, gloss * shade * tight))
    }

    /// Skin: as `matte`, but light that has passed under the surface, redder the further it went, softens the edge of
    /// the shadow, and a thin film shines.
    pub fn skin(&self, albedo: Colour, n: Vector, shade: f32, open: f32) -> Colour {
        let facing = dot(n, self.key);
        let wrapped = |w: f32| {
            let v = ((facing + w) / (1.0 + w)).max(0.0);
            v * (0.4 + 0.6 * v)
        };
        let under = [wrapped(0.5), wrapped(0.36), wrapped(0.3)];
        let key = filter(filter(self.key_colour, under), [shade * 0.75 + 0.25 * shade.sqrt(), shade, shade]);
        let lit = plus(key, scale(self.ambient(n), open));
        let mirror = dot(n, self.half).max(0.0);
        let broad = sixteenth(mirror);
        let film = (0.05 * broad + 0.1 * broad * broad * broad) * shade;
        let graze = 1.0 - n[2].clamp(0.0, 1.0);
        let rim = graze * graze * graze * graze * 0.22 * open;
        plus(filter(albedo, lit), plus(scale(self.key_colour, film), scale(self.rim, rim)))
    }

    /// A strand of hair along `t` on a surface of normal `n` (Kajiya and Kay): it reflects a cone of light, so that its
    /// gloss lies where the strand is square to the half vector. `jitter` moves that gloss along the strand.
    pub fn strand(&self, albedo: Colour, t: Vector, n: Vector, shade: f32, jitter: f32) -> Colour {
        let across = |v: Vector| {
            let along = dot(t, v) + jitter;
            (1.0 - along * along).max(0.0).sqrt()
        };
        let facing = (dot(n, self.key) * 0.6 + 0.4).max(0.0);
        let lit = plus(scale(self.key_colour, across(self.key) * facing * shade * 0.9), scale(self.ambient(n), 1.0));
        let cone = sixteenth(across(self.half));
        let tight = cone * cone * cone * cone;
        let front = facing * shade;
        let gloss = plus(scale(self.key_colour, 0.1 * tight * front), scale(albedo, 0.9 * cone * front));
        let graze = 1.0 - n[2].clamp(0.0, 1.0);
        plus(plus(filter(albedo, lit), gloss), scale(self.rim, 0.12 * graze * graze * graze))
    }
}

/// x to the 16th power.
fn sixteenth(x: f32) -> f32 {
    let a = x * x;
    let b = a * a;
    let c = b * b;
    c * c
}
