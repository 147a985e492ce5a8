//! A value on its way from the device: a handle that can be asked, and only waits when told to.

use std::{
    cell::Cell,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{Error, device::Device, pool::GUARD, recorder::UNWRITTEN};

/// What the recorder and a [`Readback`] share: the read's number, and whether it was submitted.
pub(super) struct Ticket {
    number: u64,
    submitted: AtomicBool,
}

impl Ticket {
    pub(super) fn new(number: u64) -> Self {
        Self { number, submitted: AtomicBool::new(false) }
    }

    /// Notes that the read is handed over, and gives its number.
    pub(super) fn submitted(&self) -> u64 {
        self.submitted.store(true, Ordering::Release);
        self.number
    }
}

/// A read that was recorded. It runs with the next submit; [`Readback::try_take`] never waits for it.
pub struct Readback {
    device: Arc<dyn Device>,
    ticket: Arc<Ticket>,
    failure: Arc<OnceLock<Error>>,
    guarded: bool,
    bytes: u64,
    taken: Cell<bool>,
}

impl Readback {
    pub(super) fn new(
        device: Arc<dyn Device>,
        ticket: Arc<Ticket>,
        failure: Arc<OnceLock<Error>>,
        guarded: bool,
        bytes: u64,
    ) -> Self {
        Self { device, ticket, failure, guarded, bytes, taken: Cell::new(false) }
    }

    /// The values if they have arrived, else `None`.
    ///
    /// # Errors
    /// When the device failed, or (on a checked device) when a kernel wrote past the tensor's end.
    pub fn try_take(&self) -> Result<Option<Vec<f32>>, Error> {
        let Some(mut bytes) = self.device.take_read(self.ticket.number)? else {
            // A read that has not arrived when its list, or one before it, failed will never arrive.
            return self.failure.get().map_or(Ok(None), |error| Err(error.clone()));
        };
        self.taken.set(true);
        if self.guarded {
            let guard = bytes.split_off(bytes.len() - GUARD as usize);
            if guard.chunks_exact(4).any(|word| word != UNWRITTEN.to_le_bytes()) {
                return Err(Error::Overrun { bytes: self.bytes });
            }
            bytes.truncate(self.bytes as usize);
        }
        Ok(Some(bytemuck::pod_collect_to_vec(&bytes)))
    }

    /// Waits for the values.
    ///
    /// # Panics
    /// When the read was never submitted.
    ///
    /// # Errors
    /// As [`Readback::try_take`], and [`Error::Timeout`] when the device stays silent.
    pub fn wait(&self) -> Result<Vec<f32>, Error> {
        const PATIENCE: Duration = Duration::from_secs(120);
        let start = Instant::now();
        loop {
            if let Some(values) = self.try_take()? {
                return Ok(values);
            }
            let submitted = self.ticket.submitted.load(Ordering::Acquire);
            assert!(submitted, "the read was never submitted: call Gpu::submit before Readback::wait");
            if start.elapsed() > PATIENCE {
                return Err(Error::Timeout { seconds: PATIENCE.as_secs() });
            }
            self.device.wait(0, PATIENCE)?;
        }
    }
}

impl Drop for Readback {
    fn drop(&mut self) {
        // What was not handed over needs no forgetting; a device that failed would remember the number for ever.
        if !self.taken.get() && self.ticket.submitted.load(Ordering::Acquire) && self.failure.get().is_none() {
            self.device.forget_read(self.ticket.number);
        }
    }
}
