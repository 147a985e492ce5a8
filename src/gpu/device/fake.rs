//! A device without a driver, for tests: it notes what it is given, and fails where it is told to.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use super::{Command, Device, Pipeline, PipelineId};
use crate::gpu::{AdapterInfo, AdapterKind, Error, Kernel, Limits, Timing};

/// The call that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Allocate,
    Execute,
    Wait,
    TakeRead,
}

/// An adapter that has all we use.
pub fn adapter() -> AdapterInfo {
    AdapterInfo {
        index: 0,
        name: "paper".into(),
        kind: AdapterKind::Software,
        interface: "none".into(),
        driver: "none".into(),
        limits: Limits {
            binding_bytes: 1 << 20,
            workgroup_bytes: 1 << 15,
            invocations: 1024,
            workgroups: 65535,
            offset_alignment: 256,
        },
        features: Vec::new(),
        lanes: Some(8),
        cooperative: false,
    }
}

/// Every kernel on it takes no Params and writes its only binding.
pub struct Fake {
    info: AdapterInfo,
    fails: Option<(Call, Error)>,
    allocated: AtomicU32,
    /// The slots that each list used, command by command.
    pub lists: Mutex<Vec<Vec<u32>>>,
}

impl Fake {
    pub fn new(fails: Option<(Call, Error)>) -> Self {
        Self { info: adapter(), fails, allocated: AtomicU32::new(0), lists: Mutex::default() }
    }

    fn at(&self, call: Call) -> Result<(), Error> {
        match &self.fails {
            Some((at, error)) if *at == call => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

impl Device for Fake {
    fn info(&self) -> &AdapterInfo {
        &self.info
    }

    fn allocate(&self, _: u64) -> Result<u32, Error> {
        self.at(Call::Allocate)?;
        Ok(self.allocated.fetch_add(1, Ordering::Relaxed))
    }

    fn buffers_created(&self) -> u64 {
        u64::from(self.allocated.load(Ordering::Relaxed))
    }

    fn submits(&self) -> u64 {
        self.lists.lock().expect("no test panics with it").len() as u64
    }

    fn pipeline(&self, _: &Kernel) -> Result<Pipeline, Error> {
        Ok(Pipeline { id: PipelineId(0), workgroup_size: [1; 3], bindings: 1, writes: 1, params_bytes: 0 })
    }

    fn execute(&self, commands: Vec<Command>) -> Result<(), Error> {
        self.at(Call::Execute)?;
        let slots = commands.iter().flat_map(|command| match command {
            Command::Dispatch { ranges, .. } => ranges.iter().map(|range| range.slot.index).collect(),
            Command::Fill { slot, .. } | Command::Upload { slot, .. } => vec![slot.index],
            Command::Read { range, .. } => vec![range.slot.index],
        });
        self.lists.lock().expect("no test panics with it").push(slots.collect());
        Ok(())
    }

    fn wait(&self, _: usize, _: Duration) -> Result<(), Error> {
        self.at(Call::Wait)
    }

    fn take_read(&self, _: u64) -> Result<Option<Vec<u8>>, Error> {
        self.at(Call::TakeRead)?;
        Ok(None)
    }

    fn forget_read(&self, _: u64) {}

    fn start_profile(&self) -> bool {
        false
    }

    fn take_profile(&self) -> Result<Vec<Timing>, Error> {
        Ok(Vec::new())
    }
}
