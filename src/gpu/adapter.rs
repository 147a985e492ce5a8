//! What is known of an adapter before and after it is opened, and how one is chosen.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Error;

/// The sort of machine behind an adapter, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A graphics card with memory of its own.
    Discrete,
    /// A GPU that shares the CPU's memory.
    Integrated,
    /// A GPU handed to a virtual machine, or one the driver does not describe.
    Virtual,
    /// Our own kernels, compiled for the CPU.
    Native,
    /// A driver that runs shaders on the CPU.
    Software,
}

impl AdapterKind {
    /// Whether shaders run on the CPU.
    pub fn is_cpu(self) -> bool {
        matches!(self, Self::Native | Self::Software)
    }
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Discrete => "discrete GPU",
            Self::Integrated => "integrated GPU",
            Self::Virtual => "virtual GPU",
            Self::Native => "CPU",
            Self::Software => "software",
        })
    }
}

/// The limits that decide what fits, in bytes or counts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest tensor that a kernel can bind.
    pub binding_bytes: u64,
    /// Workgroup memory of one workgroup.
    pub workgroup_bytes: u32,
    /// Invocations in one workgroup.
    pub invocations: u32,
    /// Workgroups along one dimension of a dispatch.
    pub workgroups: u32,
    /// Offset granularity of a tensor that is a view into a larger buffer.
    pub offset_alignment: u64,
}

/// Widest subgroup that the kernels of [`Family::Lanes`] are written for.
pub(super) const MOST_LANES: u32 = 32;

/// One adapter of this machine.
#[derive(Debug, Clone)]
pub struct AdapterInfo {
    /// Place in the list that `--list-adapters` prints; `--adapter INDEX` takes it.
    pub index: usize,
    /// The name its driver gives it, or `native: <cores> cores, <instruction set>`.
    pub name: String,
    /// What sort of machine it is.
    pub kind: AdapterKind,
    /// The interface it is reached through (`vulkan`, `metal`, `dx12`, or `native`).
    pub interface: String,
    /// Driver name and version.
    pub driver: String,
    /// Its limits.
    pub limits: Limits,
    /// The optional features that we use and it has.
    pub features: Vec<String>,
    /// Invocations of a subgroup, where that number is fixed and subgroup operations exist.
    pub lanes: Option<u32>,
    /// Whether subgroups multiply matrices of 16 by 16 f16 and add them up in f32: before a device is opened, whether
    /// the adapter can; of a device, whether it was asked for. The native adapter emulates it.
    pub cooperative: bool,
}

impl AdapterInfo {
    /// Which family of kernels suits the adapter where one form cannot serve both.
    pub fn family(&self) -> Family {
        match (self.kind, self.lanes) {
            (AdapterKind::Native, _) => self.family_of(FamilyKind::Panels),
            (AdapterKind::Software, Some(lanes)) if lanes <= MOST_LANES => self.family_of(FamilyKind::Lanes),
            _ => self.family_of(FamilyKind::Tiled),
        }
    }

    /// Whether the adapter compiles shaders when they are first asked for, and so takes any `override` constants. One
    /// that does not has the variants that `shaders/variants.toml` calls native.
    pub fn compiles(&self) -> bool {
        self.kind != AdapterKind::Native
    }

    /// What decides the last bits of results, as far as it is the adapter: its name, and of the CPU the instruction
    /// set, however many cores there are.
    pub fn arithmetic(&self) -> String {
        match (self.kind, self.name.rsplit_once(", ")) {
            (AdapterKind::Native, Some((_, level))) => format!("native, {level}"),
            _ => self.name.clone(),
        }
    }

    /// The family of a kind as this adapter would run it. [`Family::Lanes`] needs subgroups of a fixed size: where
    /// there are none the device refuses its kernels. The others run everywhere.
    pub fn family_of(&self, kind: FamilyKind) -> Family {
        match kind {
            FamilyKind::Tiled => Family::Tiled,
            FamilyKind::Lanes => Family::Lanes { lanes: self.lanes.unwrap_or(MOST_LANES) },
            FamilyKind::Panels => {
                Family::Panels { lanes: if self.lanes.is_some_and(|lanes| lanes <= 8) { 8 } else { 16 } }
            }
        }
    }
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {} ({}, {}, {})", self.index, self.name, self.kind, self.interface, self.driver)
    }
}

/// The families of the kernels that reuse data: one shares it through workgroup memory, one through subgroups, one in
/// vectors of a CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Tiles in workgroup memory, for GPUs.
    Tiled,
    /// No barriers and no workgroup memory: register tiles, values spread over `lanes` by subgroup broadcast.
    Lanes {
        /// Invocations of a subgroup.
        lanes: u32,
    },
    /// Register tiles without barriers, workgroup memory or subgroup operations: one factor is packed into panels that
    /// `lanes` invocations read side by side, the other is the same for all of them. For our own compiler's vectors.
    Panels {
        /// Invocations of a workgroup, 8 or 16: the floats of a vector.
        lanes: u32,
    },
}

/// How matrix products and convolutions are computed; all other kernels, and all tensors, are f32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// In f32.
    #[default]
    F32,
    /// By cooperative matrices where the shapes suit: factors rounded to f16, sums in f32.
    Mixed,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::F32 => "f32",
            Self::Mixed => "mixed",
        })
    }
}

/// A [`Family`] without its numbers, which the adapter fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyKind {
    /// [`Family::Tiled`].
    Tiled,
    /// [`Family::Lanes`].
    Lanes,
    /// [`Family::Panels`].
    Panels,
}

/// Picks from `adapters` by index or by a part of the name, or the best one when nothing is asked for.
///
/// # Errors
/// [`Error::NoAdapter`] when the list is empty, [`Error::UnknownAdapter`] when nothing matches.
pub fn choose<'a>(adapters: &'a [AdapterInfo], wanted: Option<&str>) -> Result<&'a AdapterInfo, Error> {
    let Some(wanted) = wanted else {
        // min_by_key takes the first of equals, so that the driver's own order decides between two cards.
        return adapters.iter().min_by_key(|a| a.kind).ok_or(Error::NoAdapter);
    };
    let by_index = wanted.parse::<usize>().ok().and_then(|i| adapters.iter().find(|a| a.index == i));
    let by_name = || adapters.iter().find(|a| a.name.to_lowercase().contains(&wanted.to_lowercase()));
    by_index.or_else(by_name).ok_or_else(|| match adapters {
        [] => Error::NoAdapter,
        _ => Error::UnknownAdapter {
            wanted: wanted.to_owned(),
            known: adapters.iter().map(|a| format!("  {a}")).collect::<Vec<_>>().join("\n"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{AdapterInfo, AdapterKind, choose};
    use crate::gpu::device::fake::adapter;

    /// A machine with these adapters, listed in this order.
    fn machine(adapters: &[(&str, AdapterKind)]) -> Vec<AdapterInfo> {
        let info = |(index, (name, kind)): (usize, &(&str, AdapterKind))| AdapterInfo {
            index,
            name: (*name).to_owned(),
            kind: *kind,
            ..adapter()
        };
        adapters.iter().enumerate().map(info).collect()
    }

    #[test]
    fn the_best_kind_is_chosen_and_the_first_of_equals() {
        use AdapterKind::{Discrete, Integrated, Native, Software, Virtual};
        let best = |kinds: &[AdapterKind]| {
            let adapters = machine(&kinds.iter().map(|kind| ("any", *kind)).collect::<Vec<_>>());
            choose(&adapters, None).expect("there is one").index
        };
        assert_eq!(best(&[Integrated, Discrete, Software, Native]), 1);
        assert_eq!(best(&[Software, Integrated, Native]), 1);
        assert_eq!(best(&[Software, Virtual, Native]), 1);
        assert_eq!(best(&[Software, Native, Native]), 1);
        assert_eq!(best(&[Discrete, Discrete, Native]), 0);
        assert_eq!(best(&[Software]), 0);
        assert!(choose(&[], None).is_err());
    }

    #[test]
    fn the_number_of_cores_decides_no_bits() {
        let cpu = |name| machine(&[(name, AdapterKind::Native)])[0].arithmetic();
        assert_eq!(cpu("native: 2 cores, AVX2"), cpu("native: 1 core, AVX2"));
        assert_ne!(cpu("native: 2 cores, AVX2"), cpu("native: 2 cores, AVX-512"));
        assert_eq!(machine(&[("card, the second", AdapterKind::Discrete)])[0].arithmetic(), "card, the second");
    }

    #[test]
    fn an_adapter_is_named_by_index_or_a_part_of_its_name() {
        use AdapterKind::{Native, Software};
        let adapters = machine(&[
            ("llvmpipe (LLVM 19, 256 bits)", Software),
            ("native: 2 cores, AVX-512", Native),
            ("native: 2 cores, AVX2", Native),
            ("native: 2 cores, SSE2", Native),
        ]);
        for (wanted, index) in [("0", 0), ("2", 2), ("LLVMpipe", 0), ("native", 1), ("avx2", 2), ("sse", 3)] {
            assert_eq!(choose(&adapters, Some(wanted)).expect("it is there").index, index, "{wanted}");
        }
        let unknown = choose(&adapters, Some("99")).expect_err("there are four").to_string();
        assert!(unknown.contains("'99'") && unknown.contains("[3] native: 2 cores, SSE2 (CPU"), "{unknown}");
    }
}
