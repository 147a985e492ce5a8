//! The device itself: what it holds, and how it answers the calls of [`Device`].

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sumi_native::{Buffer, Level};

use super::reads::Reads;
use crate::gpu::{
    AdapterInfo, Error, Kernel, Timing, Work,
    device::{Command, Device, Pipeline, PipelineId, Range},
};

/// Where kernels come from: [`sumi_native::find`], or a test's own.
type Find = fn(Level, &str, &[(&str, u32)]) -> Option<&'static sumi_native::Kernel>;

/// The CPU as a device. It works while it is called: [`Device::execute`] returns when the list is done, so nothing is
/// ever under way.
///
/// A list runs on the threads of rayon's global pool. A caller that is itself a task of that pool must not hold what
/// another task waits for: a thread that waits for the others may take up any task meanwhile.
pub(in crate::gpu) struct NativeDevice {
    info: AdapterInfo,
    level: Level,
    checked: bool,
    find: Find,
    pipelines: Mutex<Pipelines>,
    buffers: Mutex<Vec<Buffer>>,
    reads: Mutex<Reads>,
    /// What has been timed, while a profile is taken.
    timings: Mutex<Option<Vec<Timing>>>,
    submits: AtomicU64,
}

/// The kernels that were asked for, each once.
#[derive(Default)]
struct Pipelines {
    by_kernel: HashMap<Kernel, Pipeline>,
    kernels: Vec<&'static sumi_native::Kernel>,
}

/// Locks without minding a panic elsewhere: what our locks hold is whole between any two calls.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl NativeDevice {
    pub(super) fn new(info: AdapterInfo, level: Level, checked: bool, find: Find) -> Self {
        Self {
            info,
            level,
            checked,
            find,
            pipelines: Mutex::default(),
            buffers: Mutex::default(),
            reads: Mutex::default(),
            timings: Mutex::new(None),
            submits: AtomicU64::new(0),
        }
    }

    fn run(&self, commands: Vec<Command>) -> Result<(), Error> {
        let mut buffers = lock(&self.buffers);
        for command in &commands {
            if let Command::Upload { slot, bytes } = command {
                let memory: &mut [u8] = bytemuck::cast_slice_mut(buffers[slot.index as usize].words_mut());
                memory[..bytes.len()].copy_from_slice(bytes);
            }
        }
        for command in commands {
            match command {
                Command::Upload { .. } => {}
                Command::Fill { slot, word } => buffers[slot.index as usize].words_mut().fill(word),
                Command::Read { range, ticket } => {
                    let memory: &[u8] = bytemuck::cast_slice(buffers[range.slot.index as usize].words());
                    let bytes = memory[range.offset as usize..][..range.bytes as usize].to_vec();
                    lock(&self.reads).keep(ticket, bytes);
                }
                Command::Dispatch { name, pipeline, params, ranges, groups, work } => {
                    let kernel = lock(&self.pipelines).kernels[pipeline.0 as usize];
                    let begun = Instant::now();
                    self.launch(kernel, &params, &mut buffers, &ranges, groups)?;
                    self.note(name, begun, work);
                }
            }
        }
        Ok(())
    }

    fn launch(
        &self,
        kernel: &sumi_native::Kernel,
        params: &[u8],
        buffers: &mut [Buffer],
        ranges: &[Range],
        groups: [u32; 3],
    ) -> Result<(), Error> {
        let place = |range: &Range| sumi_native::Range {
            buffer: range.slot.index as usize,
            offset: range.offset,
            bytes: range.bytes,
        };
        let ranges: Vec<_> = ranges.iter().map(place).collect();
        let launched = if self.checked && kernel.barriers {
            kernel.launch_both_ways(params, buffers, &ranges, groups)
        } else {
            kernel.launch(params, buffers, &ranges, groups, false)
        };
        launched.map_err(|reason| Error::Validation { reason })
    }

    fn note(&self, kernel: &'static str, begun: Instant, work: Work) {
        if let Some(timings) = &mut *lock(&self.timings) {
            timings.push(Timing { kernel, seconds: begun.elapsed().as_secs_f64(), work });
        }
    }
}

impl Device for NativeDevice {
    fn info(&self) -> &AdapterInfo {
        &self.info
    }

    fn allocate(&self, bytes: u64) -> Result<u32, Error> {
        let mut buffers = lock(&self.buffers);
        let used = || buffers.iter().map(Buffer::bytes).sum::<u64>();
        let buffer = Buffer::try_new(bytes)
            .map_err(|_| Error::OutOfMemory { mib: bytes.div_ceil(1 << 20), used_mib: used() >> 20 })?;
        buffers.push(buffer);
        Ok((buffers.len() - 1) as u32)
    }

    fn buffers_created(&self) -> u64 {
        lock(&self.buffers).len() as u64
    }

    fn submits(&self) -> u64 {
        self.submits.load(Ordering::Relaxed)
    }

    fn pipeline(&self, kernel: &Kernel) -> Result<Pipeline, Error> {
        let mut pipelines = lock(&self.pipelines);
        if let Some(pipeline) = pipelines.by_kernel.get(kernel) {
            return Ok(*pipeline);
        }
        let Some(found) = (self.find)(self.level, kernel.name, &kernel.overrides) else {
            let constants: Vec<_> = kernel.overrides.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let variant = if constants.is_empty() { String::new() } else { format!(" with {}", constants.join(", ")) };
            let level = self.level.to_string();
            return Err(Error::NotCompiled { kernel: kernel.name.to_owned(), variant, level });
        };
        let pipeline = Pipeline {
            id: PipelineId(pipelines.kernels.len() as u32),
            workgroup_size: found.workgroup_size,
            bindings: found.bindings,
            writes: found.writes,
            params_bytes: found.params_bytes,
        };
        pipelines.kernels.push(found);
        pipelines.by_kernel.insert(kernel.clone(), pipeline);
        Ok(pipeline)
    }

    /// Runs the whole list before it returns.
    fn execute(&self, commands: Vec<Command>) -> Result<(), Error> {
        self.submits.fetch_add(1, Ordering::Relaxed);
        // On a thread of the pool: from outside each launch would wake one and be woken by it, some 10 µs, not 2.
        let mut result = Ok(());
        rayon::scope(|_| result = self.run(commands));
        result
    }

    fn wait(&self, _: usize, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    fn take_read(&self, ticket: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(lock(&self.reads).take(ticket))
    }

    fn forget_read(&self, ticket: u64) {
        lock(&self.reads).forget(ticket);
    }

    fn start_profile(&self) -> bool {
        *lock(&self.timings) = Some(Vec::new());
        true
    }

    fn take_profile(&self) -> Result<Vec<Timing>, Error> {
        Ok(lock(&self.timings).as_mut().map(std::mem::take).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
