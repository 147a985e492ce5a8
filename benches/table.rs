//! The table that the benches print: what was measured, and how near it is to the adapter's limits.

use std::{collections::BTreeSet, fmt};

use serde_json::json;
use sumi::gpu::{Gpu, Row, Work, shader};

use super::subjects::Subject;

/// One kernel at one shape.
pub struct Line {
    kernel: &'static str,
    shape: String,
    /// For one run of the subject, in which the kernel may be launched several times.
    pub seconds: f64,
    work: Work,
}

impl Line {
    /// What the device's clock says of a kernel; `None` for one that is not what the subject is about. `row` is of so
    /// many
    /// `runs`.
    pub fn of_kernel(subject: &Subject, runs: u64, (kernel, row): (&'static str, Row)) -> Option<Self> {
        let per_run = 1.0 / runs as f64;
        let work = Work { flops: row.work.flops * per_run, bytes: row.work.bytes * per_run };
        let wanted = subject.kernels.contains(&kernel);
        wanted.then(|| Self { kernel, shape: subject.shape.clone(), seconds: row.seconds * per_run, work })
    }

    /// What the wall clock says of the whole subject; its work is not known then.
    pub fn of_wall_clock(subject: &Subject, seconds: f64) -> Self {
        Self { kernel: subject.kernels[0], shape: subject.shape.clone(), seconds, work: Work::default() }
    }

    fn gflops(&self) -> f64 {
        self.work.flops / self.seconds / 1e9
    }

    fn gigabytes(&self) -> f64 {
        self.work.bytes / self.seconds / 1e9
    }
}

/// All lines, and the adapter they are of.
pub struct Table {
    adapter: String,
    name: String,
    timestamps: bool,
    lines: Vec<Line>,
}

impl Table {
    pub fn new(gpu: &Gpu, timestamps: bool) -> Self {
        let name = gpu.adapter().name.clone();
        Self { adapter: format!("{}, {:?}", gpu.adapter(), gpu.family()), name, timestamps, lines: Vec::new() }
    }

    /// A record for each line, as the bench `plots` reads them.
    pub fn to_json(&self) -> serde_json::Value {
        let record = |line: &Line| {
            json!({
                "kernel": line.kernel,
                "shape": line.shape,
                "seconds": line.seconds,
                "flops": line.work.flops,
                "bytes": line.work.bytes,
            })
        };
        let records: Vec<_> = self.lines.iter().map(record).collect();
        json!({ "bench": "kernels", "adapter": self.name, "device": self.adapter, "records": records })
    }

    pub fn extend(&mut self, lines: Vec<Line>) {
        self.lines.extend(lines);
    }

    /// The most that a probe reached.
    fn peak(&self, probe: &str, rate: impl Fn(&Line) -> f64) -> Option<f64> {
        self.lines.iter().filter(|line| line.kernel == probe).map(rate).reduce(f64::max).filter(|rate| *rate > 0.0)
    }

    /// Kernels that no line is about.
    fn missing(&self) -> Vec<&'static str> {
        let timed: BTreeSet<_> = self.lines.iter().map(|line| line.kernel).collect();
        shader::kernels().map(|source| source.name).filter(|name| !timed.contains(name)).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (flops, bytes) = (self.peak("fma", Line::gflops), self.peak("copy", Line::gigabytes));
        writeln!(f, "\n{}", self.adapter)?;
        if let Some(flops) = flops {
            writeln!(f, "peak {flops:.1} GFLOP/s (fma)")?;
        }
        if let Some(bytes) = bytes {
            writeln!(f, "peak {bytes:.1} GB/s (copy)")?;
        }
        writeln!(f)?;
        if !self.timestamps {
            writeln!(
                f,
                "The adapter has no timestamps: times are of the wall clock, all kernels of a line together.\n"
            )?;
        }
        writeln!(f, "| kernel | shape | ms | GFLOP/s | GB/s | % of peak |\n|---|---|---:|---:|---:|---:|")?;
        for line in &self.lines {
            // The nearer of the two limits is the one that matters.
            let of = |rate: f64, peak: Option<f64>| peak.map(|peak| 100.0 * rate / peak);
            let (by_flops, by_bytes) = (of(line.gflops(), flops), of(line.gigabytes(), bytes));
            let percent = match (by_flops.unwrap_or(0.0), by_bytes.unwrap_or(0.0)) {
                (0.0, 0.0) => String::new(),
                (by_flops, by_bytes) if by_flops >= by_bytes => format!("{by_flops:.0} (flops)"),
                (_, by_bytes) => format!("{by_bytes:.0} (bytes)"),
            };
            let (ms, gflops, gigabytes) = (1e3 * line.seconds, line.gflops(), line.gigabytes());
            writeln!(f, "| {} | {} | {ms:.3} | {gflops:.2} | {gigabytes:.2} | {percent} |", line.kernel, line.shape)?;
        }
        let missing = self.missing();
        if !missing.is_empty() {
            writeln!(f, "\nNot timed in this run: {}.", missing.join(", "))?;
        }
        Ok(())
    }
}
