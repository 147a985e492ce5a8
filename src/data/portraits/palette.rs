//! The colour of each class, in display values, as the drawn rendering shows it.

use super::{
    attributes::{EyeColour, HairColour, Portrait, Skin},
    colour::{Colour, WHITE, hex, mix, scale},
};

/// Hues of ribbons, clothes and backgrounds.
const ACCENTS: [Colour; 8] = [
    hex(0xd9394a),
    hex(0xf07a9e),
    hex(0xf2913d),
    hex(0xf5c84c),
    hex(0x63b56b),
    hex(0x3fb0ac),
    hex(0x4a7fd6),
    hex(0x8a63c9),
];

/// The base colour of the hair.
pub fn hair(p: &Portrait) -> Colour {
    let base = match p.hair_colour {
        HairColour::Black => hex(0x3b3a4a),
        HairColour::Brown => hex(0x7d4e38),
        HairColour::Blond => hex(0xf0cb74),
        HairColour::Silver => hex(0xc3cbdb),
        HairColour::Red => hex(0xc23a3f),
        HairColour::Orange => hex(0xe8853f),
        HairColour::Pink => hex(0xf298b4),
        HairColour::Purple => hex(0x8d66c2),
        HairColour::Blue => hex(0x4f7fd8),
        HairColour::Teal => hex(0x45b3b8),
        HairColour::Green => hex(0x5c9e62),
    };
    lightened(base, 0.13 * p.tint)
}

/// The colour of the iris.
pub fn iris(p: &Portrait) -> Colour {
    match p.eye_colour {
        EyeColour::Brown => hex(0x8a4b2a),
        EyeColour::Amber => hex(0xe0a125),
        EyeColour::Green => hex(0x3fa653),
        EyeColour::Teal => hex(0x25a8b0),
        EyeColour::Blue => hex(0x3a78e0),
        EyeColour::Violet => hex(0x8450d0),
        EyeColour::Pink => hex(0xe25a98),
        EyeColour::Red => hex(0xcf2f3c),
    }
}

/// The colour of lit skin.
pub fn skin(p: &Portrait) -> Colour {
    match p.skin {
        Skin::Porcelain => hex(0xfff0e8),
        Skin::Fair => hex(0xffe3d0),
        Skin::Peach => hex(0xfbd2b4),
        Skin::Tan => hex(0xe3aa80),
        Skin::Brown => hex(0xad7450),
    }
}

/// The colour of ribbons and clothes.
pub fn accent(p: &Portrait) -> Colour {
    ACCENTS[p.accent % ACCENTS.len()]
}

/// A second accent, that goes with the first.
pub fn partner(p: &Portrait) -> Colour {
    ACCENTS[(p.accent + 3 + p.detail as usize % 3) % ACCENTS.len()]
}

/// The hue of the background, which lets the head stand out.
pub fn wall(p: &Portrait) -> Colour {
    mix(ACCENTS[(p.accent + 2 + p.detail as usize / 7 % 5) % ACCENTS.len()], WHITE, 0.55)
}

/// `c` moved towards white (positive) or black (negative).
pub fn lightened(c: Colour, by: f32) -> Colour {
    if by > 0.0 { mix(c, WHITE, by) } else { scale(c, 1.0 + by) }
}
