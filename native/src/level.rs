//! The instruction sets that kernels are compiled for.

use std::fmt;

/// An instruction set, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The baseline with every access checked; only with the feature `checked`.
    Checked,
    /// What every machine of the target has (SSE2 on x86-64, NEON on Arm).
    Baseline,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512: F, BW, DQ and VL.
    Avx512,
}

impl Level {
    /// Whether this machine has its instructions.
    pub fn is_available(self) -> bool {
        match self {
            Self::Checked | Self::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// Whether this build holds its kernels: all but [`Level::Checked`] always.
    pub fn is_built(self) -> bool {
        self != Self::Checked || cfg!(feature = "checked")
    }

    /// The levels that this machine can run, [`Level::Checked`] left out, best last.
    pub fn available() -> Vec<Self> {
        [Self::Baseline, Self::Avx2, Self::Avx512].into_iter().filter(|level| level.is_available()).collect()
    }

    /// The best level of this machine.
    pub fn best() -> Self {
        Self::available().into_iter().max().expect("every machine has the baseline")
    }

    /// How many invocations run side by side in one vector: the size of a subgroup.
    pub fn lanes(self) -> u32 {
        match self {
            Self::Avx512 => 16,
            Self::Checked | Self::Baseline | Self::Avx2 => 8,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Checked => "checked",
            Self::Baseline if cfg!(target_arch = "x86_64") => "SSE2",
            Self::Baseline if cfg!(target_arch = "aarch64") => "NEON",
            Self::Baseline => "baseline",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}
