//! Several processes that `mpirun` started together: what those do that do not lead.

use std::time::Duration;

use sumi::{
    gpu::{Gpu, Options, Precision, adapters},
    ops::mixed::{self, Refusal},
    parallel::World,
    train::{
        Error,
        parallel::{Start, adapter_of, follow},
        run::{Listener, Outcome},
    },
};

use super::{cache, interrupt};

/// What launchers tell the processes that they start: how many these are. Open MPI's, and that of MPICH and its kin.
const COUNTS: [&str; 2] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];

/// Refuses to be one of several that do not know of each other: each would train the same.
pub fn check(world: &World) -> Result<(), Error> {
    let started = COUNTS.iter().filter_map(|name| std::env::var(name).ok()?.parse::<usize>().ok()).max().unwrap_or(1);
    if world.is_alone() && started > 1 {
        return Err(Error::Config(format!(
            "this program was started {started} times at once, and the processes cannot speak to each other: build it \
             with `--features mpi`, against the MPI that its launcher is of"
        )));
    }
    Ok(())
}

/// Opens the adapter that was asked for, or this process's own of several; and why it computes in f32 where mixed
/// precision was wanted and cannot be had.
pub fn open(world: &World, wanted: Option<String>, precision: Precision) -> Result<(Gpu, Option<Refusal>), Error> {
    let here = if world.is_alone() { Vec::new() } else { adapters() };
    let adapter = adapter_of(world, &here, wanted);
    Ok(mixed::open(&Options { adapter, precision, cache: cache::folder(), ..Options::default() })?)
}

/// Does what the process that leads is told to do.
pub fn train_along(world: &World) -> Result<Outcome, Error> {
    let Some(start) = Start::hear(world)? else { return Ok(Outcome::Finished) };
    let (gpu, refusal) = open(world, start.config.adapter.clone(), start.precision)?;
    if let Some(refusal) = refusal {
        let alike = "the process that leads computes in mixed precision, and all must do alike";
        return Err(Error::Config(format!("{refusal}; {alike}")));
    }
    follow(&gpu, world, &start, &mut Silent)
}

/// Sees what the process that leads says as well.
struct Silent;

impl Listener for Silent {
    fn say(&mut self, _: &str) {}

    fn warn(&mut self, _: &str) {}

    fn preparing(&mut self, _: usize, _: usize) {}

    fn begin(&mut self, _: u64, _: u64, _: usize) {
        interrupt::save_first();
    }

    fn step(&mut self, _: u64, _: Duration) {}

    fn figures(&mut self, _: u64, _: u64, _: &str) {}

    fn should_stop(&self) -> bool {
        interrupt::heard()
    }
}
