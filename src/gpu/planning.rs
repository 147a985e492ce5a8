//! A device that plans and does nothing: memory is ours to lay out, so a list that never runs tells how much of it one
//! that runs will take.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::wgpu::interface;
use super::{
    AdapterInfo, Error, Kernel, Timing,
    device::{Command, Device, Pipeline, PipelineId},
};

/// Stands for a device of the same adapter. It hands out numbers in the place of memory, asks the shaders' texts what
/// kernels bind, compiles none of them, and answers every read with zeros.
pub(super) struct Planning {
    info: AdapterInfo,
    pipelines: Mutex<HashMap<&'static str, Pipeline>>,
    /// Bytes of the reads that nobody has taken yet.
    reads: Mutex<HashMap<u64, u64>>,
    buffers: AtomicU64,
    submits: AtomicU64,
}

impl Planning {
    pub(super) fn new(info: AdapterInfo) -> Self {
        Self {
            info,
            pipelines: Mutex::default(),
            reads: Mutex::default(),
            buffers: AtomicU64::new(0),
            submits: AtomicU64::new(0),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Device for Planning {
    fn info(&self) -> &AdapterInfo {
        &self.info
    }

    fn allocate(&self, _: u64) -> Result<u32, Error> {
        Ok(self.buffers.fetch_add(1, Ordering::Relaxed) as u32)
    }

    fn buffers_created(&self) -> u64 {
        self.buffers.load(Ordering::Relaxed)
    }

    fn submits(&self) -> u64 {
        self.submits.load(Ordering::Relaxed)
    }

    /// What a kernel binds is the same in all its variants; how many invocations a workgroup has does not matter to
    /// one that is never launched.
    fn pipeline(&self, kernel: &Kernel) -> Result<Pipeline, Error> {
        let mut pipelines = lock(&self.pipelines);
        if let Some(pipeline) = pipelines.get(kernel.name) {
            return Ok(*pipeline);
        }
        let interface = interface::of(kernel.name)?;
        let pipeline = Pipeline {
            id: PipelineId(pipelines.len() as u32),
            workgroup_size: [self.info.limits.invocations, 1, 1],
            bindings: interface.bindings,
            writes: interface.writes,
            params_bytes: interface.params_bytes,
        };
        pipelines.insert(kernel.name, pipeline);
        Ok(pipeline)
    }

    fn execute(&self, commands: Vec<Command>) -> Result<(), Error> {
        self.submits.fetch_add(1, Ordering::Relaxed);
        for command in commands {
            if let Command::Read { range, ticket } = command {
                lock(&self.reads).insert(ticket, range.bytes);
            }
        }
        Ok(())
    }

    fn wait(&self, _: usize, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    fn take_read(&self, ticket: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(lock(&self.reads).remove(&ticket).map(|bytes| vec![0; bytes as usize]))
    }

    fn forget_read(&self, ticket: u64) {
        lock(&self.reads).remove(&ticket);
    }

    fn start_profile(&self) -> bool {
        false
    }

    fn take_profile(&self) -> Result<Vec<Timing>, Error> {
        Ok(Vec::new())
    }
}
