//! The measures of drawn pictures.

use super::Reference;
use crate::{
    data::{
        Pictures,
        compare::{Sliced, mean_distance},
    },
    train::Error,
};

/// A value, and what it is the mean of.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The values by the size of details, from the finest on; none where there is no such division.
    pub levels: Vec<f64>,
    /// The value; less is better.
    pub value: f64,
}

/// How far drawn pictures lie from those of a reference, which it was made with.
pub trait Measure {
    /// Its name, as a flag spells it.
    fn name(&self) -> &'static str;

    /// Its name for people.
    fn title(&self) -> &'static str;

    /// What is done to the size of pictures, `[height, width]`, before they are compared.
    fn resize(&self, size: [usize; 2]) -> String;

    /// The value of as many drawn pictures as the reference has.
    ///
    /// # Errors
    /// When the device failed.
    fn of(&mut self, drawn: &Pictures) -> Result<Measured, Error>;
}

/// The sliced Wasserstein distance.
pub struct Swd(Sliced);

impl Swd {
    /// To this reference.
    pub fn new(reference: &Reference) -> Self {
        Self(Sliced::new(&reference.pictures, reference.seed))
    }
}

impl Measure for Swd {
    fn name(&self) -> &'static str {
        "swd"
    }

    fn title(&self) -> &'static str {
        "SWD ×1000"
    }

    fn resize(&self, [height, width]: [usize; 2]) -> String {
        format!("no resize: {width}×{height} pixels, as the run reads them")
    }

    fn of(&mut self, drawn: &Pictures) -> Result<Measured, Error> {
        let levels = self.0.distance(drawn);
        Ok(Measured { value: mean_distance(&levels), levels: levels.iter().map(|level| level.distance).collect() })
    }
}
