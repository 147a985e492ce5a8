//! What a generator and a discriminator each minimise, computed from logits so that nothing overflows.
//!
//! D(x) = σ(logit). With softplus(a) = log(1 + eᵃ): −log D = softplus(−logit) and −log(1 − D) = softplus(logit).

use serde::{Deserialize, Serialize};

use crate::{
    autograd::Var,
    ops::{
        activation::{relu, sigmoid, softplus},
        elementwise::{affine, neg, shift, square, sub},
        reduce::{Axis, mean},
    },
};

/// Of a relativistic objective there is no part that is of one kind of picture alone.
const PAIRS: &str = "a relativistic objective compares pairs of logits";

/// The objective of a GAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Goodfellow et al. 2014, the two-player game itself: both play for log D(x) + log(1 − D(G(z))).
    Minimax,
    /// The same, but the generator maximises log D(G(z)), whose gradient does not vanish while it still loses.
    #[default]
    NonSaturating,
    /// Least squares to 1 and 0 (Mao et al. 2017).
    Lsgan,
    /// Margins at ±1 (Lim and Ye 2017).
    Hinge,
    /// The logits themselves (Arjovsky et al. 2017), which takes a discriminator that is held back: by a gradient
    /// penalty or spectral normalisation.
    Wasserstein,
    /// Each real picture against a generated one (Jolicoeur-Martineau 2019; Huang et al. 2024): both play for
    /// log σ(D(x) − D(G(z))).
    Relativistic,
}

impl Objective {
    /// Whether it compares logits of real and of generated pictures, so that its losses are [`Objective::pair`]s
    /// instead of sums of two parts.
    pub fn is_relativistic(self) -> bool {
        self == Self::Relativistic
    }

    /// Refuses what translators cannot play for.
    pub(super) fn check_for_patches(self) -> Result<(), &'static str> {
        match self {
            Self::Wasserstein | Self::Relativistic => Err("take minimax, non-saturating, lsgan or hinge"),
            Self::Minimax | Self::NonSaturating | Self::Lsgan | Self::Hinge => Ok(()),
        }
    }

    /// The loss of whoever wants the first of each pair of logits to be the larger: −E log σ(first − second). The
    /// discriminator wants this of the real ones, the generator of its own.
    ///
    /// # Panics
    /// When there are not as many of each.
    pub fn pair(self, first: &Var, second: &Var) -> Var {
        mean_of(&softplus(&sub(second, first)))
    }

    /// The part of the discriminator's loss that comes from real pictures.
    ///
    /// # Panics
    /// When the objective compares pairs.
    pub fn discriminator_real(self, logits: &Var) -> Var {
        mean_of(&match self {
            // −E log D(x)
            Self::Minimax | Self::NonSaturating => softplus(&neg(logits)),
            // E (D(x) − 1)²
            Self::Lsgan => square(&shift(logits, -1.0)),
            // E max(0, 1 − D(x))
            Self::Hinge => relu(&affine(logits, -1.0, 1.0)),
            // −E D(x)
            Self::Wasserstein => neg(logits),
            Self::Relativistic => panic!("{PAIRS}"),
        })
    }

    /// The part of the discriminator's loss that comes from generated pictures.
    ///
    /// # Panics
    /// When the objective compares pairs.
    pub fn discriminator_fake(self, logits: &Var) -> Var {
        mean_of(&match self {
            // −E log(1 − D(G(z)))
            Self::Minimax | Self::NonSaturating => softplus(logits),
            // E D(G(z))²
            Self::Lsgan => square(logits),
            // E max(0, 1 + D(G(z)))
            Self::Hinge => relu(&shift(logits, 1.0)),
            // E D(G(z))
            Self::Wasserstein => logits.clone(),
            Self::Relativistic => panic!("{PAIRS}"),
        })
    }

    /// The generator's loss.
    ///
    /// # Panics
    /// When the objective compares pairs.
    pub fn generator(self, logits: &Var) -> Var {
        mean_of(&match self {
            // E log(1 − D(G(z)))
            Self::Minimax => neg(&softplus(logits)),
            // −E log D(G(z))
            Self::NonSaturating => softplus(&neg(logits)),
            // E (D(G(z)) − 1)²
            Self::Lsgan => square(&shift(logits, -1.0)),
            // −E D(G(z))
            Self::Hinge | Self::Wasserstein => neg(logits),
            Self::Relativistic => panic!("{PAIRS}"),
        })
    }

    /// What the log shows of the generator's loss. The minimax game is written as one sum for both players, so its
    /// report carries −E log D(x) too, which the generator cannot change.
    pub fn generator_report(self, loss: &Var, discriminator_real: &Var) -> Var {
        match self {
            Self::Minimax => crate::ops::elementwise::add(loss, discriminator_real),
            _ => loss.clone(),
        }
    }

    /// What the log shows as D(·): the mean probability of being real, or the mean output where it is no logit.
    pub fn score(self, logits: &Var) -> Var {
        mean_of(&match self {
            Self::Minimax | Self::NonSaturating => sigmoid(logits),
            Self::Lsgan | Self::Hinge | Self::Wasserstein | Self::Relativistic => logits.clone(),
        })
    }
}

fn mean_of(values: &Var) -> Var {
    mean(values, Axis::All)
}
