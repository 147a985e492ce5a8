//! Built-in pictures: portraits drawn by our own code from a seed.
//!
//! A [`Portrait`] is a person: attributes (hair, eyes, clothes, …), the numbers that make the face its own, and a pose.
//! It is rendered twice: as [`Rendering::Anime`], a cel drawing, and as [`Rendering::Photo`], a shaded head. Both stand on
//! the same landmarks, so that pairs of the two are the ground truth of style transfer. Only arithmetic that IEEE 754 fixes
//! is used, so that one seed gives one set of pictures on every machine.
//!
//! In reading order: `attributes` (who), `geometry` (where), `hair` and `wardrobe` (shapes), `path` and `canvas` (how shapes
//! become pixels), `anime` and `photo` (the two artists).

mod anime;
mod attributes;
mod canvas;
mod colour;
mod geometry;
mod hair;
mod light;
mod noise;
mod palette;
mod path;
mod photo;
mod random;
mod relief;
mod strands;
mod wardrobe;

pub use attributes::{
    ATTRIBUTES, Accessory, Background, Bangs, Expression, EyeColour, HairColour, HairStyle, Outfit, Portrait, Skin,
};

/// How a portrait is put on the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// Flat colours, inked lines, large eyes.
    Anime,
    /// Light on curved surfaces, natural proportions, a lens and its grain.
    Photo,
}

impl Portrait {
    /// Draws the portrait as a square picture of `size` pixels a side.
    ///
    /// # Panics
    /// If `size` is not between 16 and 512.
    pub fn draw(&self, rendering: Rendering, size: u32) -> image::RgbImage {
        assert!((16..=512).contains(&size), "Portrait::draw: size {size} is not between 16 and 512");
        match rendering {
            Rendering::Anime => anime::draw(self, size as usize),
            Rendering::Photo => photo::draw(self, size as usize),
        }
    }
}
