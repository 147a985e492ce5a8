//! Colours as layers.

use super::{Layer, Module};
use crate::{
    autograd::Var,
    ops::colour::{Mixing, mix_colours},
};

/// Red and blue change places: for networks that were trained on pictures with blue first.
pub struct SwapColours;

impl Module for SwapColours {
    fn forward(&self, x: &Var) -> Var {
        let matrix = [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]];
        mix_colours(x, Mixing { matrix, shift: [0.0; 3] })
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Pointwise(self)])
    }
}
