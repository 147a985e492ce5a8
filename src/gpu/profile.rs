//! Time per kernel, as the device's own clock saw it.

use std::{collections::BTreeMap, fmt};

use super::Work;

/// One timed launch.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The kernel's name.
    pub kernel: &'static str,
    /// Seconds between its first and last instruction.
    pub seconds: f64,
    /// The work it declared.
    pub work: Work,
}

/// Timings summed by kernel; prints as a table.
#[derive(Debug, Default, Clone)]
pub struct Profile {
    rows: BTreeMap<&'static str, Row>,
}

/// What one kernel took in all.
#[derive(Debug, Default, Clone, Copy)]
pub struct Row {
    /// Launches.
    pub calls: u64,
    /// Seconds in all.
    pub seconds: f64,
    /// Work in all.
    pub work: Work,
}

impl Profile {
    /// Adds timings.
    pub fn extend(&mut self, timings: impl IntoIterator<Item = Timing>) {
        for t in timings {
            let row = self.rows.entry(t.kernel).or_default();
            row.calls += 1;
            row.seconds += t.seconds;
            row.work.flops += t.work.flops;
            row.work.bytes += t.work.bytes;
        }
    }

    /// Kernels with what they took, the longest first.
    pub fn rows(&self) -> Vec<(&'static str, Row)> {
        let mut rows: Vec<_> = self.rows.iter().map(|(name, row)| (*name, *row)).collect();
        rows.sort_by(|a, b| b.1.seconds.total_cmp(&a.1.seconds));
        rows
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: f64 = self.rows.values().map(|r| r.seconds).sum();
        writeln!(f, "{:<36}{:>8}{:>12}{:>8}{:>11}{:>9}", "kernel", "calls", "ms", "share", "GFLOP/s", "GB/s")?;
        for (name, row) in self.rows() {
            let per_second = |amount: f64| amount / row.seconds.max(1e-12) / 1e9;
            writeln!(
                f,
                "{name:<36}{:>8}{:>12.3}{:>7.1}%{:>11.2}{:>9.2}",
                row.calls,
                row.seconds * 1e3,
                100.0 * row.seconds / total.max(1e-12),
                per_second(row.work.flops),
                per_second(row.work.bytes),
            )?;
        }
        writeln!(f, "{:<36}{:>8}{:>12.3}", "all", self.rows.values().map(|r| r.calls).sum::<u64>(), total * 1e3)
    }
}
