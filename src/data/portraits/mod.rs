//! Built-in pictures: portraits drawn by our own code from a seed.
//!
//! A [`Portrait`] is a person: attributes (hair, eyes, clothes, …), the numbers that make the face its own, and a pose.
//! It is rendered twice: as [`Rendering::Anime`], a cel drawing, and as [`Rendering::Photo`], a shaded head. Both stand
//! on the same landmarks, so that pairs of the two are the ground truth of style transfer. Only arithmetic that IEEE
//! 754 fixes is used, so that one seed gives one set of pictures on every machine.
//!
//! In reading order: `attributes` (who), `geometry` (where), `hair` and `wardrobe` (shapes), `path` and `canvas` (how
//! shapes become pixels), `anime` and `photo` (the two artists).

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rendering {
    /// Flat colours, inked lines, large eyes.
    #[default]
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

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    /// FNV-1a over the bytes of a picture.
    fn digest(picture: &RgbImage) -> u64 {
        picture.as_raw().iter().fold(0xcbf2_9ce4_8422_2325, |h, &b| (h ^ b as u64).wrapping_mul(0x0100_0000_01b3))
    }

    /// The part of the pixels whose right neighbour has the very same colour.
    fn flatness(picture: &RgbImage) -> f32 {
        let (w, h) = picture.dimensions();
        let same = |x, y| picture.get_pixel(x, y) == picture.get_pixel(x + 1, y);
        let count = (0..h).flat_map(|y| (0..w - 1).map(move |x| (x, y))).filter(|&(x, y)| same(x, y)).count();
        count as f32 / (h * (w - 1)) as f32
    }

    /// The digests change with every stroke of the artists' brushes, and with nothing else.
    #[test]
    fn one_seed_gives_the_same_bits_on_every_machine() {
        let person = Portrait::new(7, 3);
        let digests = [Rendering::Anime, Rendering::Photo].map(|r| digest(&person.draw(r, 32)));
        assert_eq!(digests, [9_450_401_697_400_689_630, 2_232_617_238_655_210_214]);
    }

    #[test]
    fn people_differ() {
        let mut seen = std::collections::HashSet::new();
        for seed in 0..2 {
            for index in 0..8 {
                assert!(seen.insert(digest(&Portrait::new(seed, index).draw(Rendering::Anime, 16))));
            }
        }
    }

    #[test]
    fn labels_cover_their_classes() {
        let mut counts: Vec<Vec<usize>> = ATTRIBUTES.iter().map(|(_, names)| vec![0; names.len()]).collect();
        const PEOPLE: u64 = 4000;
        for index in 0..PEOPLE {
            for (k, (name, class)) in Portrait::new(1, index).attributes().into_iter().enumerate() {
                assert_eq!(name, ATTRIBUTES[k].0);
                counts[k][class] += 1;
            }
        }
        for ((name, classes), counts) in ATTRIBUTES.iter().zip(counts) {
            for (class, count) in classes.iter().zip(counts) {
                assert!(count as u64 > PEOPLE / 40, "{name} {class}: {count} of {PEOPLE}");
            }
        }
    }

    #[test]
    fn every_size_draws_whatever_the_person() {
        for (index, size) in [16, 17, 31, 32, 48, 64, 127, 128, 512].into_iter().enumerate() {
            for rendering in [Rendering::Anime, Rendering::Photo] {
                let picture = Portrait::new(5, index as u64).draw(rendering, size);
                assert_eq!(picture.dimensions(), (size, size));
                let (low, high) = picture.as_raw().iter().fold((255, 0), |(l, h), &v| (v.min(l), v.max(h)));
                assert!(low < 90 && high > 150, "{rendering:?} at {size}: values from {low} to {high}");
            }
        }
    }

    /// The label tells the truth about the picture: the hair is nearest to the colour of its own class.
    #[test]
    fn drawn_hair_has_the_colour_of_its_label() {
        let mut right = 0;
        for index in 0..40 {
            let person = Portrait { accessory: Accessory::None, tint: 0.0, ..Portrait::new(9, index) };
            let picture = person.draw(Rendering::Anime, 64);
            let distance = |colour: HairColour| -> f32 {
                let ink = palette::hair(&Portrait { hair_colour: colour, ..person.clone() });
                // A patch of the hair above the forehead, below the ring of light.
                let pixels = (12..44).flat_map(|x| (14..18).map(move |y| (x, y)));
                let apart = |(x, y)| -> f32 {
                    let pixel = picture.get_pixel(x, y).0;
                    (0..3).map(|c| (pixel[c] as f32 / 255.0 - ink[c]).abs()).sum()
                };
                pixels.map(apart).sum()
            };
            let nearest = HairColour::ALL.iter().copied().min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
            right += usize::from(nearest == Some(person.hair_colour));
        }
        assert!(right >= 36, "{right} of 40");
    }

    #[test]
    fn drawings_are_flat_and_photographs_are_not() {
        for index in 0..8 {
            let p = Portrait { background: Background::Plain, ..Portrait::new(3, index) };
            let (anime, photo) = (p.draw(Rendering::Anime, 128), p.draw(Rendering::Photo, 128));
            assert!(flatness(&anime) > 0.5, "drawing {index}: {}", flatness(&anime));
            assert!(flatness(&photo) < 0.05, "photograph {index}: {}", flatness(&photo));
        }
    }

    #[test]
    #[should_panic(expected = "size 8 is not between 16 and 512")]
    fn sizes_out_of_range_are_refused() {
        Portrait::new(0, 0).draw(Rendering::Anime, 8);
    }
}
