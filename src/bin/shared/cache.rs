//! Where programs keep what was measured on this machine and what its drivers compiled.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// The folder that the variable `SUMI_CACHE` names, or else `sumi` in the user's cache folder. An empty name keeps
/// nothing, and so does a user without a home.
pub fn folder() -> Option<PathBuf> {
    match std::env::var_os("SUMI_CACHE") {
        Some(name) if name.is_empty() => None,
        Some(name) => Some(name.into()),
        None => Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("sumi")),
    }
}
