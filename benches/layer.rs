//! A convolution of a network as `shapes.json` lists it, for our benches and for the programs of peers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One convolution `[n, h, w, c_in]` to `[n, h', w', c_out]` of a network. A transposed one is described by the
/// convolution that it is the input gradient of; where the network pads by reflection, zeros stand for it.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Layer {
    pub network: String,
    pub name: String,
    pub n: usize,
    pub h: usize,
    pub w: usize,
    pub c_in: usize,
    pub c_out: usize,
    pub k: usize,
    pub stride: usize,
    pub padding: usize,
    pub groups: usize,
    /// How many layers of the network are of this shape.
    pub count: usize,
    /// How many of them are transposed.
    pub transposed: usize,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n, h, w, c_in, c_out, k, stride, .. } = self;
        write!(f, "{n}×{h}×{w}, {c_in} to {c_out}, {k}×{k}")?;
        if *stride > 1 {
            write!(f, " by {stride}")?;
        }
        if self.groups > 1 { write!(f, ", {} groups", self.groups) } else { Ok(()) }
    }
}

/// What is computed of a convolution's three tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    Forward,
    InputGradient,
    WeightGradient,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forward => "forward",
            Self::InputGradient => "input gradient",
            Self::WeightGradient => "weight gradient",
        })
    }
}
