//! The built-in set: drawn portraits with their attributes as labels, for whoever has no folder of pictures at hand.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Attribute, DataError, Labels, Pictures,
    pictures::memory_for,
    portraits::{ATTRIBUTES, Portrait, Rendering},
};

/// The crowd that the built-in portraits show.
const SEED: u64 = 7;

/// Portraits drawn in one go: progress is told after each.
const PORTION: usize = 64;

impl Pictures {
    /// The first `count` people of a fixed crowd, `size` × `size` pixels each, drawn by all cores. The same on every
    /// machine. `progress` is called with the number drawn and the number of all, from (0, all) to (all, all).
    ///
    /// Errors: [`DataError::TooLarge`]. Panics where `size` is not between 16 and 512.
    pub fn portraits(
        count: usize,
        size: usize,
        rendering: Rendering,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, DataError> {
        Self::portraits_of(0..count as u64, size, rendering, progress)
    }

    /// Some people of that crowd, who have no end: the same as [`Pictures::portraits`] from any one of them on.
    ///
    /// Errors: [`DataError::TooLarge`]. Panics where `size` is not between 16 and 512.
    pub fn portraits_of(
        people: Range<u64>,
        size: usize,
        rendering: Rendering,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, DataError> {
        assert!((16..=512).contains(&size), "Pictures::portraits: size {size} is not between 16 and 512");
        let count = usize::try_from(people.end.saturating_sub(people.start)).unwrap_or(usize::MAX);
        let mut bytes = memory_for(count, [size; 2])?;
        let people: Vec<_> = people.map(|index| Portrait::new(SEED, index)).collect();
        for portion in people.chunks(PORTION) {
            progress(bytes.len() / (3 * size * size), count);
            let drawn: Vec<_> = portion.par_iter().map(|person| person.draw(rendering, size as u32)).collect();
            bytes.extend(drawn.into_iter().flat_map(image::RgbImage::into_raw));
        }
        progress(count, count);
        Ok(Self::new([size; 2], bytes, labels(&people)))
    }
}

fn labels(people: &[Portrait]) -> Labels {
    let attribute = |(place, (name, classes)): (usize, &(&str, &[&str]))| Attribute {
        name: (*name).to_owned(),
        classes: classes.iter().map(|&class| class.to_owned()).collect(),
        values: people.iter().map(|person| person.attributes()[place].1 as u32).collect(),
    };
    Labels { attributes: ATTRIBUTES.iter().enumerate().map(attribute).collect() }
}

#[cfg(test)]
mod tests {
    use super::{ATTRIBUTES, DataError, Pictures, Portrait, Rendering, SEED};

    #[test]
    fn more_portraits_than_fit_memory_are_refused() {
        let error = Pictures::portraits(usize::MAX >> 20, 512, Rendering::Anime, &mut |_, _| ());
        assert!(matches!(error, Err(DataError::TooLarge { size: [512, 512], .. })));
    }

    #[test]
    fn each_picture_carries_its_own_labels() {
        let mut seen = Vec::new();
        let set = Pictures::portraits(70, 16, Rendering::Anime, &mut |done, all| seen.push((done, all)))
            .expect("70 small pictures fit memory");
        assert_eq!((set.len(), set.size()), (70, [16, 16]));
        assert_eq!(seen, [(0, 70), (64, 70), (70, 70)]);
        let person = Portrait::new(SEED, 69);
        assert_eq!(set.picture(69), person.draw(Rendering::Anime, 16).as_raw().as_slice());
        for (place, (attribute, (name, class))) in set.labels().attributes.iter().zip(person.attributes()).enumerate() {
            assert_eq!((attribute.name.as_str(), attribute.values[69]), (name, class as u32));
            assert_eq!(attribute.classes, ATTRIBUTES[place].1);
        }
    }
}
