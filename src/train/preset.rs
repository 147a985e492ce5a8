//! Named starting points: values that belong together. Every flag overrides its part.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::dcgan::Config;
use crate::gpu::AdapterKind;

/// A starting point, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The paper's networks with one stage less.
    Dcgan32,
    /// The paper's networks, as pytorch/examples builds them.
    Dcgan64,
    /// One stage more, 1024 channels at the widest.
    Dcgan128,
    /// Two stages more, at half the width so that the widest stage stays at 1024 channels.
    Dcgan256,
    /// Networks that a CPU trains in minutes.
    Small,
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
    /// Every preset.
    pub const ALL: [Self; 5] = [Self::Dcgan32, Self::Dcgan64, Self::Dcgan128, Self::Dcgan256, Self::Small];
    /// Their names, in the same order.
    pub const NAMES: [&str; 5] = ["dcgan32", "dcgan64", "dcgan128", "dcgan256", "small"];

    /// What is taken where no preset is asked for: the paper's on a GPU, the small one where shaders run on the CPU.
    pub fn suited_to(adapter: AdapterKind) -> Self {
        if adapter.is_cpu() { Self::Small } else { Self::Dcgan64 }
    }

    /// What is computed.
    pub fn networks(self) -> Config {
        let paper = Config::default();
        match self {
            Self::Dcgan32 => Config { size: 32, ..paper },
            Self::Dcgan64 => paper,
            Self::Dcgan128 => Config { size: 128, batch: 32, ..paper },
            Self::Dcgan256 => Config { size: 256, batch: 16, ngf: 32, ndf: 32, ..paper },
            Self::Small => Config { size: 32, batch: 16, nz: 64, ngf: 32, ndf: 16, lr: 4e-4, ..paper },
        }
    }

    /// For how long.
    pub fn length(self) -> Length {
        match self {
            Self::Small => Length::Steps(4000),
            _ => Length::Epochs(25),
        }
    }

    /// Steps from one sheet of samples to the next.
    pub fn sample_every(self) -> u64 {
        if self == Self::Small { 100 } else { 250 }
    }

    /// Steps from one checkpoint to the next.
    pub fn checkpoint_every(self) -> u64 {
        if self == Self::Small { 200 } else { 500 }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::NAMES[*self as usize])
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|preset| preset.to_string() == name);
        found.ok_or_else(|| format!("there is no preset '{name}', only {}", Self::NAMES.join(", ")))
    }
}
