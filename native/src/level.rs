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
    /// The levels that this machine can run and this build holds, [`Level::Checked`] left out, best last.
    pub fn available() -> Vec<Self> {
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "only x86-64 has more than the baseline"))]
        let mut levels = vec![Self::Baseline];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            levels.extend(avx2.then_some(Self::Avx2));
            levels.extend((avx2 && avx512).then_some(Self::Avx512));
        }
        levels
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
