//! Pictures changed before the discriminator sees them, real and generated alike, so that it cannot learn a small set
//! by heart; and how often that is done.
//!
//! The generator learns through the change. Without it, what is done to real pictures would be drawn too.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::parallel::{all_rows, own_rows};
use crate::{
    autograd::{Tape, Var},
    gpu::Gpu,
    ops::{
        augment::{Ranges, adapt_probability, adjust_colour, cutout, draw_changes, translate},
        elementwise::{full, scale},
        random::Random,
    },
    parallel::World,
    tensor::Tensor,
};

/// Streams of [`Random::stream`], so that each batch that a discriminator sees in a step is changed in its own way.
pub mod streams {
    /// Real pictures, which the discriminator learns from.
    pub const REAL: u32 = 1;
    /// Generated ones, which it learns from.
    pub const FAKE: u32 = 2;
    /// Generated ones, which the generator learns from.
    pub const GENERATOR: u32 = 3;
}

/// One kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Brightness ± 0.5, saturation times 0 … 2, contrast times 0.5 … 1.5.
    Colour,
    /// Up to an eighth of the picture in every direction, zeros moving in.
    Translation,
    /// Half the height by half the width, anywhere, made 0.
    Cutout,
}

const NAMES: [(Change, &str); 3] =
    [(Change::Colour, "color"), (Change::Translation, "translation"), (Change::Cutout, "cutout")];

/// DiffAugment (Zhao, Liu, Lin, Zhu and Han, 2020): changes one after the other, each by numbers that are drawn for
/// each picture. Its text is the published one's policy, `color,translation,cutout`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DiffAugment {
    changes: Vec<Change>,
}

impl DiffAugment {
    /// The changes, in the order in which they are made.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Pictures `x [N, H, W, 3]` changed, each kind of change with the probability that `probability` begins with:
    /// [`always`], or [`Ada::probability`]. The numbers are the next of `random`. Of several processes each calls it
    /// alike with its own pictures: numbers are drawn for all of them, and each takes its part.
    ///
    /// # Panics
    /// When `x` is not `[N, H, W, 3]`.
    pub fn apply(&self, x: &Var, random: &Random, probability: &Tensor, world: &World) -> Var {
        self.changes.iter().fold(x.clone(), |x, change| change.apply(&x, random, probability, world))
    }
}

impl Change {
    fn apply(self, x: &Var, random: &Random, probability: &Tensor, world: &World) -> Var {
        let [n, h, w, _] = x.shape().nhwc("DiffAugment");
        let uniform = |columns| {
            let all = x.tape().constant(random.uniform([n * world.size(), columns]));
            own_rows(world, &all).value().clone()
        };
        match self {
            Self::Colour => adjust_colour(x, &draw_changes(&uniform(4), probability, &COLOUR)),
            Self::Translation => translate(x, &draw_changes(&uniform(3), probability, &shifts([h, w]))),
            Self::Cutout => {
                let sides = [part(h, 0.5), part(w, 0.5)];
                cutout(x, &draw_changes(&uniform(3), probability, &centres([h, w], sides)), sides)
            }
        }
    }

    fn name(self) -> &'static str {
        NAMES[self as usize].1
    }
}

const COLOUR: Ranges<3> =
    Ranges { low: [-0.5, 0.0, 0.5], span: [1.0, 2.0, 1.0], idle: [0.0, 1.0, 1.0], is_whole: false };

/// Whole pixels from minus an eighth of the extent to an eighth of it.
fn shifts(extents: [usize; 2]) -> Ranges<2> {
    let most = extents.map(|extent| part(extent, 0.125) as f32);
    Ranges { low: most.map(|most| -most), span: most.map(|most| 2.0 * most + 1.0), idle: [0.0; 2], is_whole: true }
}

/// Centres of what is cut out: 0 … extent for an even side. Where nothing is to be cut out they are so far outside that
/// it covers nothing.
fn centres(extents: [usize; 2], sides: [usize; 2]) -> Ranges<2> {
    let count = [0, 1].map(|axis| (extents[axis] + 1 - sides[axis] % 2) as f32);
    Ranges { low: [0.0; 2], span: count, idle: sides.map(|side| -(side as f32)), is_whole: true }
}

/// A share of an extent, rounded.
fn part(extent: usize, share: f64) -> usize {
    (extent as f64 * share + 0.5) as usize
}

/// The probability 1.
pub fn always(gpu: &Gpu) -> Tensor {
    full(gpu, [1], 1.0)
}

impl FromStr for DiffAugment {
    type Err = String;

    fn from_str(policy: &str) -> Result<Self, String> {
        let mut changes = Vec::new();
        for word in policy.split(',').map(str::trim) {
            // Both spellings.
            let name = if word == "colour" { "color" } else { word };
            let Some((change, _)) = NAMES.iter().find(|(_, known)| *known == name) else {
                return Err(format!(
                    "{word:?} is no change of pictures: name one or more of color, translation and cutout, with \
                     commas between them"
                ));
            };
            if changes.contains(change) {
                return Err(format!("{policy:?} names {name} twice: name each change once"));
            }
            changes.push(*change);
        }
        Ok(Self { changes })
    }
}

impl fmt::Display for DiffAugment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.changes.iter().map(|change| change.name()).collect::<Vec<_>>().join(","))
    }
}

impl TryFrom<String> for DiffAugment {
    type Error = String;

    fn try_from(policy: String) -> Result<Self, String> {
        policy.parse()
    }
}

impl From<DiffAugment> for String {
    fn from(augment: DiffAugment) -> Self {
        augment.to_string()
    }
}

/// Settings of [`Ada`], with the values of the paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaConfig {
    /// The mean sign of the logits of real pictures that is aimed for.
    pub target: f32,
    /// Calls from one adjustment to the next.
    pub interval: u32,
    /// Real pictures after which the probability could have gone from 0 to 1.
    pub speed: f32,
}

impl Default for AdaConfig {
    fn default() -> Self {
        Self { target: 0.6, interval: 4, speed: 500_000.0 }
    }
}

/// Adaptive discriminator augmentation's controller (Karras et al., 2020): a discriminator that is sure of nearly all
/// real pictures knows them by heart, and is shown changed ones more often; one that is not, less often. All of it is
/// on the device, in a tensor that belongs to the state of a run.
pub struct Ada {
    state: Tensor,
    config: AdaConfig,
}

impl Ada {
    /// The state's name in a checkpoint.
    pub const NAME: &'static str = "augment";

    /// A controller that begins with the probability 0.
    pub fn new(gpu: &Gpu, config: AdaConfig) -> Self {
        Self { state: full(gpu, [4], 0.0), config }
    }

    /// The state, whose first element is the probability.
    pub fn probability(&self) -> &Tensor {
        &self.state
    }

    /// The probability as it now is, for the log: `[]`.
    pub fn figure(&self, tape: &Tape) -> Var {
        let first = self.state.part(0, []).expect("memory can be bound from its start");
        scale(&tape.constant(first), 1.0)
    }

    /// Learns the logits of a batch of `pictures` real pictures, which have the pictures as their first extent; to be
    /// called once a step. Several processes bring their logits together, and all come to the same probability.
    pub fn observe(&self, logits: &Tensor, pictures: usize, world: &World) {
        let AdaConfig { target, interval, speed } = self.config;
        let amount = (pictures * world.size()) as f32 * interval as f32 / speed;
        adapt_probability(&all_rows(world, logits), &self.state, interval, target, amount);
    }

    /// The state by name, for a checkpoint: `[probability, sum of signs, their number, calls]`.
    pub fn tensor(&self) -> (String, Tensor) {
        (Self::NAME.to_owned(), self.state.clone())
    }
}
