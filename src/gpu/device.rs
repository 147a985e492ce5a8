//! The interface that every device stands behind. It knows memory, pipelines and lists of commands, nothing of tensors.

use std::time::Duration;

use super::{AdapterInfo, Error, Kernel, Work, pool::Slot, profile::Timing};

/// The device's number for a compiled kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PipelineId(pub u32);

/// What a device tells of a kernel that it has compiled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pipeline {
    pub id: PipelineId,
    pub workgroup_size: [u32; 3],
    /// Storage bindings, which follow binding 0.
    pub bindings: usize,
    /// Bit i is set when the kernel may write storage binding i.
    pub writes: u32,
    pub params_bytes: usize,
}

/// A range of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub slot: Slot,
    pub offset: u64,
    pub bytes: u64,
}

/// One step of a planned list.
pub(crate) enum Command {
    /// Runs a kernel.
    Dispatch {
        name: &'static str,
        pipeline: PipelineId,
        params: Vec<u8>,
        ranges: Vec<Range>,
        groups: [u32; 3],
        work: Work,
    },
    /// Fills a whole slot with a word.
    Fill { slot: Slot, word: u32 },
    /// Puts bytes at the start of a slot before any other command of the list runs.
    Upload { slot: Slot, bytes: Vec<u8> },
    /// Copies a range out, to be taken by `ticket` later.
    Read { range: Range, ticket: u64 },
}

/// A device: executes lists of commands in order.
pub(crate) trait Device: Send + Sync {
    /// The adapter it was opened on.
    fn info(&self) -> &AdapterInfo;

    /// Bytes that the driver still has for us; `None` where there is none, or it does not tell.
    fn free_memory(&self) -> Option<u64> {
        None
    }

    /// Creates memory of `bytes`.
    fn allocate(&self, bytes: u64) -> Result<u32, Error>;

    /// Device buffers created so far, those for parameters and reads included, a profile's own left out.
    fn buffers_created(&self) -> u64;

    /// Command buffers handed to the driver so far.
    fn submits(&self) -> u64;

    /// Compiles a kernel, or finds it compiled.
    fn pipeline(&self, kernel: &Kernel) -> Result<Pipeline, Error>;

    /// Starts a list of commands. May return before they are done.
    fn execute(&self, commands: Vec<Command>) -> Result<(), Error>;

    /// Waits until at most `pending` submits are unfinished (a long list is several), or the time is over
    /// ([`Error::Timeout`]).
    fn wait(&self, pending: usize, timeout: Duration) -> Result<(), Error>;

    /// The bytes of a read that has finished; `None` while it has not.
    fn take_read(&self, ticket: u64) -> Result<Option<Vec<u8>>, Error>;

    /// Forgets a read nobody will take.
    fn forget_read(&self, ticket: u64);

    /// Switches timing per kernel on; false where the adapter has no timestamps.
    fn start_profile(&self) -> bool;

    /// The timings gathered since the last call.
    fn take_profile(&self) -> Result<Vec<Timing>, Error>;
}

#[cfg(test)]
pub(super) mod fake;

#[cfg(test)]
pub(super) mod lost;
