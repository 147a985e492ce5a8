//! The device itself: what it holds, and how it answers the calls of [`Device`].

use std::{
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    budget::free_memory,
    encode::Params,
    memory::{Memory, Reads},
    pace::Pace,
    pipeline::Pipelines,
    timing::Timer,
};
use crate::gpu::{
    AdapterInfo, Error, Kernel, Timing,
    device::{Command, Device, Pipeline},
};

/// A wgpu device and all that we keep for it.
pub(in crate::gpu) struct WgpuDevice {
    pub(super) info: AdapterInfo,
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) memory: Memory,
    pub(super) pipelines: Mutex<Pipelines>,
    pub(super) params: Mutex<Params>,
    pub(super) pattern: Mutex<Option<(wgpu::Buffer, u32)>>,
    pub(super) reads: Mutex<Reads>,
    pub(super) pace: Arc<Mutex<Pace>>,
    pub(super) timer: Mutex<Option<Timer>>,
    submits: AtomicU64,
    // Numbered, so that a wait that slept can tell whether the oldest is still the one it slept on.
    under_way: Mutex<VecDeque<(u64, wgpu::SubmissionIndex)>>,
    // The first error that arrived outside of a call of ours; every later call reports it.
    failure: Arc<Mutex<Option<Error>>>,
}

/// Locks without minding a panic elsewhere: what our locks hold is whole between any two calls.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks the driver what is done: whether that is all that was waited for, or false when the time ran out first.
///
/// # Errors
/// [`Error::Lost`] when the device went away.
pub(super) fn poll(device: &wgpu::Device, wanted: wgpu::PollType) -> Result<bool, Error> {
    // wgpu panics when the device is lost while it is polled. Nothing of ours is half changed by that, and a device
    // that is lost is only asked for its error from here on.
    match catch_unwind(AssertUnwindSafe(|| device.poll(wanted))) {
        Ok(polled) => Ok(polled.is_ok()),
        Err(_) => Err(Error::Lost { reason: "the driver gave it up while its work was waited for".into() }),
    }
}

impl WgpuDevice {
    pub(super) fn new(info: AdapterInfo, device: wgpu::Device, queue: wgpu::Queue, pipelines: Pipelines) -> Self {
        let failure = Arc::new(Mutex::new(None));
        let store = failure.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let error = match error {
                wgpu::Error::OutOfMemory { .. } => Error::Exhausted,
                wgpu::Error::Internal { description, .. } => Error::Driver { reason: description },
                other => Error::Validation { reason: other.to_string() },
            };
            lock(&store).get_or_insert(error);
        }));
        let store = failure.clone();
        device.set_device_lost_callback(move |reason, message| {
            // Dropping the device "loses" it too; that is no failure.
            if reason != wgpu::DeviceLostReason::Destroyed {
                lock(&store).get_or_insert(Error::Lost { reason: message });
            }
        });
        Self {
            memory: Memory::new(device.clone()),
            pipelines: Mutex::new(pipelines),
            params: Mutex::default(),
            pattern: Mutex::new(None),
            reads: Mutex::default(),
            pace: Arc::new(Mutex::new(Pace::new(info.kind))),
            timer: Mutex::new(None),
            submits: AtomicU64::new(0),
            under_way: Mutex::default(),
            info,
            device,
            queue,
            failure,
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        lock(&self.failure).as_ref().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Submits one command buffer and learns from how long it takes how much the next may hold.
    pub(super) fn start(&self, encoder: wgpu::CommandEncoder, cost: f64) {
        let index = self.queue.submit([encoder.finish()]);
        let (pace, begun) = (self.pace.clone(), Instant::now());
        self.queue.on_submitted_work_done(move || lock(&pace).learn(cost, begun));
        lock(&self.under_way).push_back((self.submits.fetch_add(1, Ordering::Relaxed), index));
    }

    /// As the function [`poll`]; what the driver said of a loss goes before our own words.
    fn poll(&self, wanted: wgpu::PollType) -> Result<bool, Error> {
        poll(&self.device, wanted).map_err(|lost| self.check().err().unwrap_or(lost))
    }
}

impl Device for WgpuDevice {
    fn info(&self) -> &AdapterInfo {
        &self.info
    }

    fn free_memory(&self) -> Option<u64> {
        free_memory(&self.device)
    }

    fn allocate(&self, bytes: u64) -> Result<u32, Error> {
        self.check()?;
        self.memory.allocate(bytes)
    }

    fn buffers_created(&self) -> u64 {
        self.memory.created()
    }

    fn pipeline(&self, kernel: &Kernel) -> Result<Pipeline, Error> {
        lock(&self.pipelines).get(&self.device, &self.info, kernel)
    }

    fn submits(&self) -> u64 {
        self.submits.load(Ordering::Relaxed)
    }

    fn execute(&self, commands: Vec<Command>) -> Result<(), Error> {
        self.check()?;
        self.encode(commands)?;
        self.check()
    }

    fn wait(&self, pending: usize, timeout: Duration) -> Result<(), Error> {
        // The lock is not held while we sleep: others may submit meanwhile. An index stays until its work is known to
        // be done, so that a wait that failed can be tried again.
        loop {
            let under_way = lock(&self.under_way);
            let oldest = match under_way.front() {
                Some(oldest) if under_way.len() > pending => oldest.clone(),
                _ => return self.check(),
            };
            drop(under_way);
            let (number, index) = oldest;
            if !self.poll(wgpu::PollType::Wait { submission_index: Some(index), timeout: Some(timeout) })? {
                self.check()?;
                return Err(Error::Timeout { seconds: timeout.as_secs() });
            }
            let mut under_way = lock(&self.under_way);
            if under_way.front().is_some_and(|(front, _)| *front == number) {
                under_way.pop_front();
            }
        }
    }

    fn take_read(&self, ticket: u64) -> Result<Option<Vec<u8>>, Error> {
        self.check()?;
        // Whether all is done does not matter: either the read has arrived, or it is asked for again.
        self.poll(wgpu::PollType::Poll)?;
        lock(&self.reads).take(ticket)
    }

    fn forget_read(&self, ticket: u64) {
        lock(&self.reads).forget(ticket);
    }

    fn start_profile(&self) -> bool {
        let timer = Timer::new(&self.device, &self.queue);
        let started = timer.is_some();
        *lock(&self.timer) = timer;
        started
    }

    fn take_profile(&self) -> Result<Vec<Timing>, Error> {
        let mut timer = lock(&self.timer);
        let Some(timer) = timer.as_mut() else { return Ok(Vec::new()) };
        Ok(timer.take())
    }
}

/// Kernels by pipeline and ranges already bound.
pub(super) type Bound = HashMap<super::encode::BindKey, wgpu::BindGroup>;
