//! A value on its way from the device: a handle that can be asked, and only waits when told to.

use std::{
    cell::Cell,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Error, device::Device, pool::GUARD, recorder::UNWRITTEN};

/// A read that was recorded. It runs with the next submit; [`Readback::try_take`] never waits for it.
pub struct Readback {
    device: Arc<dyn Device>,
    ticket: u64,
    guarded: bool,
    bytes: u64,
    taken: Cell<bool>,
}

impl Readback {
    pub(super) fn new(device: Arc<dyn Device>, ticket: u64, guarded: bool, bytes: u64) -> Self {
        Self { device, ticket, guarded, bytes, taken: Cell::new(false) }
    }

    /// The values if they have arrived, else `None`.
    ///
    /// # Errors
    /// When the device failed, or (on a checked device) when a kernel wrote past the tensor's end.
    pub fn try_take(&self) -> Result<Option<Vec<f32>>, Error> {
        let Some(mut bytes) = self.device.take_read(self.ticket)? else { return Ok(None) };
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

    /// Waits for the values. The read must have been submitted.
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
            if start.elapsed() > PATIENCE {
                return Err(Error::Timeout { seconds: PATIENCE.as_secs() });
            }
            self.device.wait(0, PATIENCE)?;
        }
    }
}

impl Drop for Readback {
    fn drop(&mut self) {
        if !self.taken.get() {
            self.device.forget_read(self.ticket);
        }
    }
}
