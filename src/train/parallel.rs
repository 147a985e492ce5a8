//! A run by several processes ([`World`]): the one that leads makes the run's folder, writes and prints, and is what
//! [`super::run`] describes; the others follow it, step by step. Here is what they say to each other beside gradients.
//!
//! The one that leads sends its configuration and its whole state at the start, so that a follower needs no file of the
//! run. `batch` is that of the run: each process takes its share of it. Without batch normalisation the run is that of
//! one process, within rounding. With it, each process normalises with the statistics of its own share, as PyTorch's
//! `DistributedDataParallel` does, and the running statistics, which no step depends on, are those of the process that
//! leads.

use serde::{Deserialize, Serialize};

use super::{
    Error,
    checkpoint::Header,
    config::{RunConfig, wrong},
    pending::Pending,
    recipe::{Ready, Recipe, Report},
    run::{Listener, Outcome, length},
};
use crate::{
    autograd::Var,
    gpu::{self, AdapterInfo, AdapterKind, Gpu, Precision},
    ops::{
        elementwise::{copy_into, full},
        shape::slice_rows,
    },
    parallel::World,
    tensor::Tensor,
};

/// What a run begins with, as the process that leads tells the others.
#[derive(Serialize, Deserialize)]
pub struct Start {
    /// Everything that decides what is computed.
    pub config: RunConfig,
    /// How the process that leads computes products, which may not be what was asked for.
    pub precision: Precision,
    header: Option<Header>,
}

impl Start {
    /// Tells the others what will be trained, once it is sure to be possible: new, or going on at the position of a
    /// header.
    ///
    /// # Errors
    /// When the batch cannot be shared out.
    pub(super) fn tell(gpu: &Gpu, world: &World, config: &RunConfig, header: Option<&Header>) -> Result<(), Error> {
        if world.is_alone() {
            return Ok(());
        }
        let (batch, size) = (config.networks.batch(), world.size());
        if !batch.is_multiple_of(size) {
            return Err(wrong("batch", format!("{batch} cannot be shared out to {size} processes; give a multiple")));
        }
        let start = Self { config: config.clone(), precision: gpu.precision(), header: header.cloned() };
        world.hear(&serde_json::to_vec(&start).expect("a configuration is plain data"));
        Ok(())
    }

    /// Tells the others that there will be nothing to train.
    pub fn tell_nothing(world: &World) {
        world.hear(&[]);
    }

    /// Waits for what the process that leads tells; `None` when there is nothing to train.
    ///
    /// # Errors
    /// When it is not understood, because that process runs another version of this program.
    pub fn hear(world: &World) -> Result<Option<Self>, Error> {
        let said = world.hear(&[]);
        if said.is_empty() {
            return Ok(None);
        }
        let other = |error| Error::Config(format!("the processes run different versions of this program ({error})"));
        serde_json::from_slice(&said).map(Some).map_err(other)
    }
}

/// Trains along with the process that leads, until it ends.
///
/// # Errors
/// When there are no pictures, or the device failed.
pub fn follow(gpu: &Gpu, world: &World, start: &Start, tell: &mut dyn Listener) -> Result<Outcome, Error> {
    let Start { config, header, .. } = start;
    let Ready { begin, .. } = config.networks.read(config, tell)?;
    let mut recipe = begin(gpu, header.as_ref());
    if let Some(header) = header {
        recipe.trained_mut().set_counters(&header.counters);
    }
    join(gpu, world, &mut *recipe)?;
    let length = length(config, &*recipe);
    tell.begin(recipe.trained().steps(), length, config.networks.batch());
    // As the process that leads does: one step at least.
    loop {
        let _ = step(world, &mut *recipe, length, config.log_every)?;
        if world.any(tell.should_stop()) || recipe.trained().steps() >= length {
            break;
        }
    }
    gpu.finish()?;
    Ok(if recipe.trained().steps() < length { Outcome::Interrupted } else { Outcome::Finished })
}

/// Makes a recipe that is ready to go one of this world's: with the state of the process that leads, and gradients that
/// are means over all.
pub(super) fn join(gpu: &Gpu, world: &World, recipe: &mut dyn Recipe) -> Result<(), gpu::Error> {
    if world.is_alone() {
        return Ok(());
    }
    recipe.join(world);
    let tensors = recipe.trained().tensors();
    let reads: Vec<_> = tensors.iter().map(|(_, tensor)| tensor.read()).collect();
    gpu.submit()?;
    for ((_, tensor), read) in tensors.iter().zip(reads) {
        let mut values = read.wait()?;
        world.follow(&mut values);
        copy_into(&Tensor::from_slice(gpu, tensor.shape(), &values), tensor);
    }
    gpu.finish()
}

/// One step of a run of `length` steps, and whether its figures are due to be logged: they are then those of the whole
/// batch.
pub(super) fn step(
    world: &World,
    recipe: &mut dyn Recipe,
    length: u64,
    log_every: u64,
) -> Result<(Report, bool), gpu::Error> {
    let Report { epoch, figures } = recipe.step(recipe.trained().steps() as f64 / length as f64)?;
    let step = recipe.trained().steps();
    let due = step == 1 || step.is_multiple_of(log_every);
    if world.is_alone() || !due {
        return Ok((Report { epoch, figures }, due));
    }
    let mut values = figures.wait()?;
    world.average(&mut values);
    Ok((Report { epoch, figures: Pending::known(values) }, due))
}

/// This process's rows of something that was made for the whole batch.
pub(super) fn own_rows(world: &World, whole: &Var) -> Var {
    if world.is_alone() { whole.clone() } else { slice_rows(whole, world.share(whole.shape().dims()[0])) }
}

/// The rows of the whole batch, of which this process has its own. Waits for the others.
pub(super) fn all_rows(world: &World, own: &Tensor) -> Tensor {
    if world.is_alone() {
        return own.clone();
    }
    let gpu = own.gpu();
    let mut shape = own.shape().dims().to_vec();
    shape[0] *= world.size();
    match own.to_vec() {
        Ok(values) => Tensor::from_slice(gpu, &shape[..], &world.gather(&values)),
        // Nothing is computed with it: a device that failed says so again at the step's submit.
        Err(_) => full(gpu, &shape[..], 0.0),
    }
}

/// The adapter that a process opens, in the form of `--adapter`. `wanted` may be a list of numbers, `0,1`: one for each
/// process of a machine, and the first again when they are more. Where nothing is wanted, and the best adapters of a
/// machine are several GPUs of a kind, they are taken in turn likewise.
pub fn adapter_of(world: &World, adapters: &[AdapterInfo], wanted: Option<String>) -> Option<String> {
    in_turn(world.local_rank(), adapters, wanted)
}

fn in_turn(local_rank: usize, adapters: &[AdapterInfo], wanted: Option<String>) -> Option<String> {
    if let Some(wanted) = wanted {
        let listed: Vec<&str> = wanted.split(',').map(str::trim).collect();
        let numbers = listed.iter().all(|part| part.parse::<usize>().is_ok());
        let own = listed[local_rank % listed.len()].to_owned();
        return Some(if numbers { own } else { wanted });
    }
    let best = adapters.iter().map(|adapter| adapter.kind).min().filter(|kind| *kind <= AdapterKind::Virtual)?;
    let equals: Vec<_> = adapters.iter().filter(|adapter| adapter.kind == best).collect();
    Some(equals[local_rank % equals.len()].index.to_string())
}

#[cfg(test)]
mod tests;
