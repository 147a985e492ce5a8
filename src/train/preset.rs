//! Named starting points: values that belong together. Every flag overrides its part.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    anime,
    config::{Networks, Source},
    cut, cyclegan, dcgan, faces,
};
use crate::gpu::AdapterKind;

/// The recipes by their names.
pub const RECIPES: [&str; 5] = ["dcgan", "faces", "anime", "cyclegan", "cut"];

/// A starting point.
#[derive(Debug, Clone)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Where the pictures come from.
    pub source: Source,
    /// Whether pictures are mirrored at random.
    pub flip: bool,
    /// For how long.
    pub length: Length,
    /// Steps from one sheet of samples to the next.
    pub sample_every: u64,
    /// Steps from one checkpoint to the next.
    pub checkpoint_every: u64,
    /// What is computed.
    pub networks: Networks,
}

/// How long a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// So many steps in all.
    Steps(u64),
    /// So many times through the pictures.
    Epochs(u64),
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps(n) => write!(f, "{n} steps"),
            Self::Epochs(n) => write!(f, "{n} epochs"),
        }
    }
}

impl Preset {
    /// The presets of a recipe: the first is the one for GPUs, the last the one for CPUs.
    ///
    /// # Panics
    /// When there is no such recipe.
    pub fn all(recipe: &str) -> Vec<Self> {
        match recipe {
            "dcgan" => dcgan::presets(),
            "faces" => faces::presets(),
            "cyclegan" => cyclegan::presets(),
            "cut" => cut::presets(),
            "anime" => anime::presets(),
            other => panic!("there is no recipe '{other}'"),
        }
    }

    /// The preset of a name, or without one that which suits the adapter; `None` when the recipe has none of that name.
    ///
    /// # Panics
    /// When there is no such recipe.
    pub fn find(recipe: &str, name: Option<&str>, adapter: AdapterKind) -> Option<Self> {
        let mut all = Self::all(recipe);
        match name {
            Some(name) => all.into_iter().find(|preset| preset.name == name),
            None if adapter.is_cpu() => all.pop(),
            None => Some(all.swap_remove(0)),
        }
    }
}
