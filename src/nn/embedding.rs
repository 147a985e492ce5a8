//! A learnt vector for each of several classes.

use super::{Parameter, init::Init};
use crate::{
    autograd::{Tape, Var},
    ops::rows::{Indices, gather_rows},
};

/// `torch.nn.Embedding`. The weights are `[classes, features]`.
pub struct Embedding {
    weight: Parameter,
}

impl Embedding {
    /// Vectors with numbers from N(0, `std`²).
    pub fn new(tape: &Tape, init: &mut Init, classes: usize, features: usize, std: f32) -> Self {
        Self { weight: Parameter::new(tape, [classes, features], &init.normal(classes * features, 0.0, std)) }
    }

    /// The vectors of these classes, `[labels, features]`.
    ///
    /// # Panics
    /// When the labels are for another number of classes.
    pub fn rows(&self, labels: &Indices) -> Var {
        gather_rows(&self.weight.var(), labels)
    }

    /// The weights, by their name.
    pub fn parameters(&self) -> Vec<(String, Parameter)> {
        vec![("weight".to_owned(), self.weight.clone())]
    }
}
