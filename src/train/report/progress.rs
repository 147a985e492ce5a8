//! `progress.csv`: how fast a run goes and what memory it takes, by the clock. Nothing that a step depends on.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

use super::rows::Rows;
use crate::gpu::Gpu;

/// Time from one row to the next.
const EVERY: Duration = Duration::from_secs(2);

/// The columns: seconds of training so far, those before a resume included; the part of the time since the row before
/// that steps waited for pictures, in percent; memory in MiB.
const HEAD: &str = "step,seconds,images_per_second,waited_percent,device_mib,process_mib";

/// The speed and the memory of a run, row by row.
pub struct Progress {
    rows: Rows,
    /// Seconds that were trained before this process began.
    before: f64,
    /// When this process began to train, and of the last row: when, after which step, and how long it had waited.
    begun: Option<(Instant, Row)>,
    system: System,
    pid: Option<Pid>,
}

#[derive(Clone, Copy)]
struct Row {
    at: Instant,
    step: u64,
    waited: Duration,
}

/// The figures of a row, for other reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Images a second since the row before.
    pub images_per_second: f64,
    /// Device memory in MiB.
    pub device_mib: f64,
    /// Memory of this process in MiB, that of the native device included.
    pub process_mib: f64,
}

impl Progress {
    /// Begins the table, or goes on with it after `step`.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, step: u64) -> io::Result<Self> {
        let rows = Rows::open(path, HEAD, step)?;
        let text = fs::read_to_string(path)?;
        let last = text.lines().skip(1).last().and_then(|row| row.split(',').nth(1)?.parse().ok());
        Ok(Self { rows, before: last.unwrap_or(0.0), begun: None, system: System::new(), pid: get_current_pid().ok() })
    }

    /// Notes that so many steps are done; a row where it is time for one, and always with `now`.
    ///
    /// # Errors
    /// When the row cannot be written: told once, while every call tries again.
    pub fn step(
        &mut self,
        gpu: &Gpu,
        step: u64,
        waited: Duration,
        batch: usize,
        now: bool,
    ) -> io::Result<Option<Pace>> {
        let row = Row { at: Instant::now(), step, waited };
        let Some((begun, last)) = self.begun else {
            // The first step compiles kernels: the clock starts behind it.
            self.begun = Some((row.at, row));
            return Ok(None);
        };
        let elapsed = row.at - last.at;
        if step <= last.step || (elapsed < EVERY && !now) {
            return Ok(None);
        }
        self.begun = Some((begun, row));
        let seconds = elapsed.as_secs_f64().max(1e-9);
        let images_per_second = ((step - last.step) * batch as u64) as f64 / seconds;
        let waited = 100.0 * (row.waited.saturating_sub(last.waited)).as_secs_f64() / seconds;
        let pace = Pace { images_per_second, device_mib: mib(gpu.memory().bytes), process_mib: mib(self.resident()) };
        self.rows.push(&format!(
            "{step},{:.1},{images_per_second:.1},{waited:.1},{:.1},{:.1}",
            self.before + (row.at - begun).as_secs_f64(),
            pace.device_mib,
            pace.process_mib
        ));
        self.rows.flush()?;
        Ok(Some(pace))
    }

    /// Bytes of memory that this process occupies; 0 where the system does not tell.
    fn resident(&mut self) -> u64 {
        let Some(pid) = self.pid else { return 0 };
        let memory = ProcessRefreshKind::nothing().with_memory();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, memory);
        self.system.process(pid).map_or(0, sysinfo::Process::memory)
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
