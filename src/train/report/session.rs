//! `sessions.jsonl`: where and when a run was trained, a line for its start and for each resume.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
    time::SystemTime,
};

use humantime::format_rfc3339_seconds;

use crate::{gpu::Gpu, train::checkpoint::family};

/// Names and values, as a person reads them.
pub type Facts = Vec<(String, String)>;

/// Notes that the training goes on after `step`, on this device; `surroundings` is what the program knows besides.
///
/// # Errors
/// When the file cannot be written.
pub fn note(path: &Path, gpu: &Gpu, step: u64, surroundings: Facts) -> io::Result<()> {
    let of = |name: &str, value: String| (name.to_owned(), value);
    let mut facts = vec![
        of("start", now()),
        of("after step", step.to_string()),
        of("adapter", gpu.adapter().to_string()),
        of("kernels", family(gpu)),
        of("version", format!("sumi {}", env!("CARGO_PKG_VERSION"))),
    ];
    facts.extend(surroundings);
    let line = serde_json::to_string(&facts).map_err(io::Error::other)?;
    writeln!(OpenOptions::new().create(true).append(true).open(path)?, "{line}")
}

/// The sessions of a run, the newest first; lines that are not understood are left out.
pub fn read(path: &Path) -> Vec<Facts> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut sessions: Vec<Facts> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    sessions.reverse();
    sessions
}

/// The time, as `2026-05-14T09:30:00Z`.
pub fn now() -> String {
    format_rfc3339_seconds(SystemTime::now()).to_string()
}
