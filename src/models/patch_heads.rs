//! The heads through which CUT (Park et al., 2020) compares patches: a small network for each layer of features.

use crate::{
    autograd::{Tape, Var},
    nn::{Linear, Module, Parameter, Relu, Sequential, init::Init},
    ops::rows::normalize,
};

/// Two linear layers for each layer of features (`PatchSampleF`). Parameters are named `mlp_0.0.weight`,
/// `mlp_0.2.weight`, `mlp_1.0.weight`, …
pub struct PatchHeads {
    heads: Vec<Sequential>,
}

impl PatchHeads {
    /// Heads from features of so many `channels` each to vectors of length `width`.
    pub fn new(tape: &Tape, init: &mut Init, channels: &[usize], width: usize) -> Self {
        let head = |(place, c): (usize, &usize)| {
            Sequential::named(&format!("mlp_{place}"))
                .with(Linear::normal(tape, init, *c, width, 0.02))
                .with(Relu)
                .with(Linear::normal(tape, init, width, width, 0.02))
        };
        Self { heads: channels.iter().enumerate().map(head).collect() }
    }

    /// The patches `x [rows, c]` of the features at `place` as vectors of length 1, `[rows, width]`.
    ///
    /// # Panics
    /// When there is no head at `place`.
    pub fn project(&self, place: usize, x: &Var) -> Var {
        normalize(&self.heads[place].forward(x), 1e-7)
    }

    /// The parameters of all heads, each with its name.
    pub fn parameters(&self) -> Vec<(String, Parameter)> {
        self.heads.iter().flat_map(Module::parameters).collect()
    }
}
