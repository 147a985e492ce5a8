//! What drawn pictures are compared with.

use std::fmt;

use crate::{
    data::{Labels, Pictures},
    philox::Philox,
    train::{Error, config::Source},
};

/// The stream of a seed that pictures are picked by.
const PICKED: u64 = 1 << 40;

/// The pictures that a run learns from, two equal parts of them picked at random.
pub struct Reference {
    /// What drawn pictures are compared with.
    pub pictures: Pictures,
    /// As many others of them.
    pub others: Pictures,
    /// How many there are in all.
    pub all: usize,
    /// Where they come from.
    pub source: String,
    /// What they were picked by.
    pub seed: u64,
}

impl Reference {
    /// `count` pictures of a set and as many others, or half of them each where there are fewer.
    ///
    /// # Errors
    /// When there is a single one.
    pub fn split(set: &Pictures, count: usize, seed: u64, source: &Source) -> Result<Self, Error> {
        let mut order: Vec<usize> = (0..set.len()).collect();
        Philox::new(seed, PICKED).shuffle(&mut order);
        let count = count.min(set.len() / 2);
        if count == 0 {
            return Err(Error::Config("a run that learns from a single picture has none to compare with".to_owned()));
        }
        let part = |places: &[usize]| {
            let bytes = places.iter().flat_map(|&place| set.picture(place)).copied().collect();
            Pictures::new(set.size(), bytes, Labels::none())
        };
        let folder = source.data.as_ref().map(|folder| folder.display().to_string());
        Ok(Self {
            pictures: part(&order[..count]),
            others: part(&order[count..2 * count]),
            all: set.len(),
            source: folder.unwrap_or_else(|| "drawn portraits".to_owned()),
            seed,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the {} from {}", self.pictures.len(), self.all, self.source)
    }
}
