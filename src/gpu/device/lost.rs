//! A device that goes away in the middle of its work, for tests: another one until then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{Command, Device, Pipeline};
use crate::gpu::{AdapterInfo, Error, Kernel, Timing};

/// Does what the device behind it does for so many lists of commands, and fails at every call from the next one on.
pub struct Lost {
    inner: Arc<dyn Device>,
    left: AtomicU64,
}

/// What stands in the place of `left` once the device is gone.
const GONE: u64 = u64::MAX;

impl Lost {
    pub fn after(lists: u64, inner: Arc<dyn Device>) -> Self {
        Self { inner, left: AtomicU64::new(lists) }
    }

    fn there(&self) -> Result<(), Error> {
        match self.left.load(Ordering::Relaxed) {
            GONE => Err(Error::Lost { reason: "a test took it away".into() }),
            _ => Ok(()),
        }
    }
}

impl Device for Lost {
    fn info(&self) -> &AdapterInfo {
        self.inner.info()
    }

    fn allocate(&self, bytes: u64) -> Result<u32, Error> {
        self.there()?;
        self.inner.allocate(bytes)
    }

    fn buffers_created(&self) -> u64 {
        self.inner.buffers_created()
    }

    fn submits(&self) -> u64 {
        self.inner.submits()
    }

    fn pipeline(&self, kernel: &Kernel) -> Result<Pipeline, Error> {
        self.inner.pipeline(kernel)
    }

    fn execute(&self, commands: Vec<Command>) -> Result<(), Error> {
        self.there()?;
        // From 0 it goes on to GONE.
        self.left.fetch_sub(1, Ordering::Relaxed);
        self.there()?;
        self.inner.execute(commands)
    }

    fn wait(&self, pending: usize, timeout: Duration) -> Result<(), Error> {
        self.there()?;
        self.inner.wait(pending, timeout)
    }

    fn take_read(&self, ticket: u64) -> Result<Option<Vec<u8>>, Error> {
        self.there()?;
        self.inner.take_read(ticket)
    }

    fn forget_read(&self, ticket: u64) {
        self.inner.forget_read(ticket);
    }

    fn start_profile(&self) -> bool {
        self.inner.start_profile()
    }

    fn take_profile(&self) -> Result<Vec<Timing>, Error> {
        self.inner.take_profile()
    }
}
