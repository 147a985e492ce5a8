//! Ops record, a submit plans and runs: memory is decided when the whole list is known.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    Binding, Buffer, Dispatch, Error, Grid,
    device::{Command, Device, Pipeline, Range},
    fusion::fuse,
    pool::{GUARD, Pool, Slot},
    readback::{Readback, Ticket},
    trace::Trace,
};

/// The word that a checked device fills fresh memory with: a NaN that no kernel makes, so that an element nobody wrote
/// shows up as NaN and a write past the end breaks the pattern.
pub(super) const UNWRITTEN: u32 = 0x7fc0_dead;

/// Submits that may be under way before the next one waits: enough to keep the device busy, few enough that Ctrl-C and
/// errors are heard soon.
const IN_FLIGHT: usize = 2;

/// Nothing we submit takes longer than this, even on a slow machine: a longer silence is a hang.
const PATIENCE: Duration = Duration::from_secs(120);

enum Item {
    Dispatch(Dispatch),
    Transfer(Transfer),
}

enum Transfer {
    Upload { buffer: Buffer, bytes: Vec<u8> },
    // A read that nobody holds a handle to any more is not made.
    Read { binding: Binding, ticket: Weak<Ticket> },
}

pub(super) struct Recorder {
    device: Arc<dyn Device>,
    pool: Arc<Pool>,
    pub(super) checked: bool,
    pub(super) unfused: bool,
    list: Mutex<Vec<Item>>,
    // Held while a list is planned and handed over, so that lists reach the device in the order they were taken.
    submitting: Mutex<()>,
    // The first failure: what was lost with that list cannot be had back, so every later submit and read repeats it.
    failure: Arc<OnceLock<Error>>,
    tickets: AtomicU64,
    // Each launch is looked at while there is one.
    trace: Mutex<Option<Trace>>,
}

impl Recorder {
    pub(super) fn new(device: Arc<dyn Device>, pool: Arc<Pool>, checked: bool, unfused: bool) -> Self {
        let (list, submitting, failure) = (Mutex::default(), Mutex::default(), Arc::default());
        Self {
            device,
            pool,
            checked,
            unfused,
            list,
            submitting,
            failure,
            tickets: AtomicU64::new(0),
            trace: Mutex::new(None),
        }
    }

    fn push(&self, item: Item) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).push(item);
    }

    pub(super) fn dispatch(&self, dispatch: Dispatch) {
        self.push(Item::Dispatch(dispatch));
    }

    pub(super) fn upload(&self, bytes: Vec<u8>) -> Buffer {
        self.upload_to(bytes.len() as u64, bytes)
    }

    /// A buffer of `length` bytes, of which the first are `bytes`.
    pub(super) fn upload_to(&self, length: u64, bytes: Vec<u8>) -> Buffer {
        let buffer = Buffer::new(length, self.pool.clone());
        self.push(Item::Transfer(Transfer::Upload { buffer: buffer.clone(), bytes }));
        buffer
    }

    pub(super) fn read(&self, binding: Binding) -> Readback {
        let ticket = Arc::new(Ticket::new(self.tickets.fetch_add(1, Ordering::Relaxed)));
        self.push(Item::Transfer(Transfer::Read { binding: binding.clone(), ticket: Arc::downgrade(&ticket) }));
        Readback::new(self.device.clone(), ticket, self.failure.clone(), self.guarded(&binding), binding.bytes)
    }

    /// Plans what was recorded and starts it.
    pub(super) fn submit(&self) -> Result<(), Error> {
        let _submitting = self.submitting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = self.failure.get() {
            return Err(error.clone());
        }
        let list = std::mem::take(&mut *self.list.lock().unwrap_or_else(PoisonError::into_inner));
        if list.is_empty() {
            return Ok(());
        }
        self.pool.settle();
        let result = self.plan(list).and_then(|commands| {
            self.device.wait(IN_FLIGHT, PATIENCE)?;
            match &mut *self.trace() {
                Some(trace) => trace.execute(&*self.device, commands, &self.tickets),
                None => self.device.execute(commands),
            }
        });
        if let Err(error) = &result {
            self.failure.get_or_init(|| error.clone());
        }
        result
    }

    pub(super) fn trace(&self) -> MutexGuard<'_, Option<Trace>> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn finish(&self) -> Result<(), Error> {
        self.submit()?;
        self.device.wait(0, PATIENCE)
    }

    /// Turns the list into commands. A buffer gets memory at its first use; the list's own handle is dropped after each
    /// item, so the memory of a value that nobody else holds is free again right after its last use.
    fn plan(&self, list: Vec<Item>) -> Result<Vec<Command>, Error> {
        let mut commands = Vec::with_capacity(list.len());
        // Launches apart from the rest, in parallel lists, because fusion looks at launches alone.
        let (mut launches, mut pipelines, mut transfers) = (Vec::new(), Vec::new(), Vec::new());
        for item in list {
            let (launch, pipeline, transfer) = match item {
                Item::Dispatch(dispatch) => {
                    let pipeline = self.device.pipeline(&dispatch.kernel)?;
                    (Some(dispatch), Some(pipeline), None)
                }
                Item::Transfer(transfer) => (None, None, Some(transfer)),
            };
            launches.push(launch);
            pipelines.push(pipeline);
            transfers.push(transfer);
        }
        // Uploads are written before the list runs, so their memory must not be somebody else's earlier in the list.
        for transfer in transfers.iter().flatten() {
            if let Transfer::Upload { buffer, .. } = transfer {
                buffer.place(self.pool.take(buffer.bytes())?);
            }
        }
        if !self.unfused {
            let writes: Vec<u32> = pipelines.iter().map(|pipeline| pipeline.map_or(0, |p| p.writes)).collect();
            fuse(&mut launches, &writes);
        }
        for ((launch, pipeline), transfer) in launches.into_iter().zip(pipelines).zip(transfers) {
            if let (Some(launch), Some(pipeline)) = (launch, pipeline) {
                self.plan_dispatch(launch, pipeline, &mut commands)?;
            }
            if let Some(transfer) = transfer {
                self.plan_transfer(transfer, &mut commands);
            }
        }
        Ok(commands)
    }

    fn plan_transfer(&self, transfer: Transfer, commands: &mut Vec<Command>) {
        match transfer {
            Transfer::Upload { buffer, mut bytes } => {
                let slot = buffer.slot().expect("uploads were placed first");
                if self.checked {
                    // The guard zone comes with the upload: a fill would run after it.
                    bytes.resize(bytes.len().next_multiple_of(16), 0);
                    bytes.extend(UNWRITTEN.to_le_bytes().repeat(GUARD as usize / 4));
                }
                commands.push(Command::Upload { slot, bytes });
            }
            Transfer::Read { binding, ticket } => {
                let Some(ticket) = ticket.upgrade() else { return };
                let ticket = ticket.submitted();
                let slot = binding.buffer.slot().expect("only what was written can be read");
                let guarded = self.guarded(&binding);
                let bytes = if guarded { self.bound_bytes(&binding) } else { binding.bytes };
                commands.push(Command::Read { range: Range { slot, offset: binding.offset, bytes }, ticket });
            }
        }
    }

    fn plan_dispatch(&self, dispatch: Dispatch, pipeline: Pipeline, commands: &mut Vec<Command>) -> Result<(), Error> {
        let Dispatch { kernel, params, bindings, grid, work, .. } = dispatch;
        let name = kernel.name;
        assert_eq!(bindings.len(), pipeline.bindings, "{name}: bindings do not match the shader");
        assert_eq!(params.len(), pipeline.params_bytes, "{name}: Params do not match the shader");
        let mut ranges = Vec::with_capacity(bindings.len());
        for (position, binding) in bindings.iter().enumerate() {
            let slot = match binding.buffer.slot() {
                Some(slot) => slot,
                None => {
                    let written = pipeline.writes & (1 << position) != 0;
                    assert!(written, "{name}: its argument {} has never been written", position + 1);
                    self.place(&binding.buffer, commands)?
                }
            };
            ranges.push(Range { slot, offset: binding.offset, bytes: self.bound_bytes(binding) });
        }
        let groups = self.groups(name, grid, &pipeline);
        if let Some(trace) = &mut *self.trace() {
            trace.note(commands.len(), &bindings, &ranges, pipeline.writes);
        }
        commands.push(Command::Dispatch { name, pipeline: pipeline.id, params, ranges, groups, work });
        Ok(())
    }

    fn place(&self, buffer: &Buffer, commands: &mut Vec<Command>) -> Result<Slot, Error> {
        let slot = self.pool.take(buffer.bytes())?;
        buffer.place(slot);
        if self.checked {
            commands.push(Command::Fill { slot, word: UNWRITTEN });
        }
        Ok(slot)
    }

    /// What a kernel is given of a buffer: whole vec4s, which a slot always holds, and the guard zone where there is
    /// one, so that a write into it succeeds and is found.
    fn bound_bytes(&self, binding: &Binding) -> u64 {
        binding.bytes.next_multiple_of(16) + if self.guarded(binding) { GUARD } else { 0 }
    }

    /// Whether a guard zone follows the binding: on a checked device, behind every buffer that is bound whole.
    fn guarded(&self, binding: &Binding) -> bool {
        self.checked && binding.offset == 0 && binding.bytes == binding.buffer.bytes()
    }

    fn groups(&self, name: &str, grid: Grid, pipeline: &Pipeline) -> [u32; 3] {
        let limit = self.device.info().limits.workgroups;
        let groups = match grid {
            Grid::Workgroups(groups) => groups,
            Grid::Invocations(count) => {
                // More workgroups than one dimension holds are folded into rows; linear_index unfolds them.
                let per_group: u32 = pipeline.workgroup_size.iter().product();
                let groups = count.div_ceil(u64::from(per_group)).max(1);
                let rows = groups.div_ceil(u64::from(limit));
                [groups.div_ceil(rows) as u32, rows as u32, 1]
            }
        };
        assert!(groups.iter().all(|g| *g <= limit), "{name}: {groups:?} workgroups, the adapter takes {limit} a side");
        groups
    }
}

#[cfg(test)]
mod tests;
