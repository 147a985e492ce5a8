//! The CPU as adapters, one for each instruction set that it has, and opening a device on one.

use std::sync::Arc;

use sumi_native::Level;

use super::device::NativeDevice;
use crate::gpu::{AdapterInfo, AdapterKind, Error, Limits};

/// The largest tensor in bytes where there is memory for it: every place in it is a byte offset of 32 bits.
const MOST_BYTES: u64 = (1 << 32) - 4;

/// The levels of this machine as adapters, best first, the first of them at `index` of the list.
pub(in crate::gpu) fn adapters(index: usize) -> Vec<AdapterInfo> {
    let levels = Level::available().into_iter().rev().enumerate();
    levels.map(|(place, level)| describe(index + place, level)).collect()
}

fn describe(index: usize, level: Level) -> AdapterInfo {
    let cores = rayon::current_num_threads();
    AdapterInfo {
        index,
        name: format!("native: {cores} core{}, {level}", if cores == 1 { "" } else { "s" }),
        kind: AdapterKind::Native,
        interface: "native".to_owned(),
        driver: concat!("sumi ", env!("CARGO_PKG_VERSION")).to_owned(),
        limits: Limits {
            binding_bytes: sumi_native::machine_memory().total.min(MOST_BYTES),
            // Neither is a limit of a CPU: enough for every kernel, and so much still lies in a cache near the core.
            workgroup_bytes: 256 << 10,
            invocations: 1024,
            // As on GPUs, so that a launch has the same grid here and there.
            workgroups: 65_535,
            // A cache line. A kernel may write up to the end of the last vec4 of a tensor: in a larger buffer that
            // must not be where the next one begins.
            offset_alignment: 64,
        },
        features: ["subgroups", "timestamps", "cooperative matrices (emulated)"].map(str::to_owned).to_vec(),
        lanes: Some(level.lanes()),
        cooperative: true,
    }
}

/// Opens a device with the kernels of the adapter's level, or with the checked ones, which know one level only.
pub(in crate::gpu) fn open(info: &AdapterInfo, checked: bool) -> Result<Arc<NativeDevice>, Error> {
    let level = Level::available().into_iter().find(|level| describe(info.index, *level).name == info.name);
    let level = level.ok_or(Error::NoAdapter)?;
    if !checked {
        return Ok(Arc::new(NativeDevice::new(info.clone(), level, false, sumi_native::find)));
    }
    if !Level::Checked.is_built() {
        return Err(Error::NothingChecked { adapter: info.name.clone() });
    }
    let info = describe(info.index, Level::Checked);
    Ok(Arc::new(NativeDevice::new(info, Level::Checked, true, sumi_native::find)))
}

#[cfg(test)]
mod tests {
    use super::{adapters, open};
    use crate::gpu::{AdapterKind, Family, device::Device};

    #[test]
    fn every_level_is_an_adapter_and_the_best_comes_first() {
        let adapters = adapters(3);
        assert!(!adapters.is_empty(), "every machine has the baseline");
        for (place, info) in adapters.iter().enumerate() {
            assert_eq!((info.index, info.kind), (3 + place, AdapterKind::Native));
            assert!(info.name.starts_with("native: ") && info.name.contains(" core"), "{}", info.name);
            assert!(info.to_string().ends_with(", native, sumi 0.1.0)"), "{info}");
            let lanes = info.lanes.expect("vectors have a size");
            assert_eq!(info.family(), Family::Panels { lanes });
            assert!(info.limits.binding_bytes > 1 << 20);
            assert_eq!(open(info, false).expect("it opens").info().name, info.name);
            assert_eq!(open(info, true).expect("tests have checked kernels").info().lanes, Some(8));
        }
        assert!(adapters.is_sorted_by_key(|info| std::cmp::Reverse(info.lanes)));
    }
}
