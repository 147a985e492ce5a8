//! Device buffers: tensors' memory, and the host-visible ones through which values are read.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use wgpu::BufferUsages;

use super::device::lock;
use crate::gpu::{Error, pool::size_class};

/// All buffers of a device. They live as long as the device does: the pool above hands them out again.
pub(super) struct Memory {
    device: wgpu::Device,
    slots: Mutex<Vec<wgpu::Buffer>>,
    created: AtomicU64,
    bytes: AtomicU64,
}

impl Memory {
    pub(super) fn new(device: wgpu::Device) -> Self {
        Self { device, slots: Mutex::default(), created: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    pub(super) fn created(&self) -> u64 {
        self.created.load(Ordering::Relaxed)
    }

    /// Creates a buffer; a full memory is an error here and now, not a failure later.
    pub(super) fn create(&self, bytes: u64, usage: BufferUsages) -> Result<wgpu::Buffer, Error> {
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage,
            mapped_at_creation: false,
        });
        self.created.fetch_add(1, Ordering::Relaxed);
        match pollster::block_on(scope.pop()) {
            None => {
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
                Ok(buffer)
            }
            // Nothing can be freed for it: device buffers live as long as the device.
            Some(_) => {
                let used = self.bytes.load(Ordering::Relaxed);
                Err(Error::OutOfMemory { mib: bytes.div_ceil(1 << 20), used_mib: used >> 20 })
            }
        }
    }

    pub(super) fn allocate(&self, bytes: u64) -> Result<u32, Error> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let buffer = self.create(bytes, usage)?;
        let mut slots = lock(&self.slots);
        slots.push(buffer);
        Ok((slots.len() - 1) as u32)
    }

    pub(super) fn slot(&self, index: u32) -> wgpu::Buffer {
        lock(&self.slots)[index as usize].clone()
    }
}

/// Largest read that a step may repeat, in bytes: losses and norms. Pictures and checkpoints are larger, and rare.
const SMALL_READ: u64 = 64 << 10;

/// Buffers made when a small read finds none of its size: one for each submit that may be under way, so that a read in
/// every submit finds one whatever the timing.
const READS_AHEAD: usize = 4;

/// Reads under way, and their buffers to be used again.
#[derive(Default)]
pub(super) struct Reads {
    under_way: HashMap<u64, Read>,
    // Tickets that were given up before their copy was even submitted.
    given_up: HashSet<u64>,
    free: BTreeMap<u64, Vec<wgpu::Buffer>>,
}

struct Read {
    buffer: wgpu::Buffer,
    bytes: u64,
    arrived: Arc<OnceLock<Result<(), wgpu::BufferAsyncError>>>,
    // Nobody will take it; its buffer is free once the map has ended.
    forgotten: bool,
}

impl Reads {
    /// A host-visible buffer of at least `bytes`.
    pub(super) fn buffer(&mut self, memory: &Memory, bytes: u64) -> Result<wgpu::Buffer, Error> {
        self.reclaim();
        let size = size_class(bytes);
        match self.free.get_mut(&size).and_then(Vec::pop) {
            Some(buffer) => Ok(buffer),
            None => {
                let usage = BufferUsages::COPY_DST | BufferUsages::MAP_READ;
                let ahead = if size <= SMALL_READ { READS_AHEAD - 1 } else { 0 };
                for _ in 0..ahead {
                    self.free.entry(size).or_default().push(memory.create(size, usage)?);
                }
                memory.create(size, usage)
            }
        }
    }

    /// Asks for the contents, once the copy into `buffer` has been submitted.
    pub(super) fn start(&mut self, ticket: u64, buffer: wgpu::Buffer, bytes: u64) {
        let arrived = Arc::new(OnceLock::new());
        let tell = arrived.clone();
        buffer.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| {
            let _ = tell.set(result);
        });
        let forgotten = self.given_up.remove(&ticket);
        self.under_way.insert(ticket, Read { buffer, bytes, arrived, forgotten });
    }

    pub(super) fn take(&mut self, ticket: u64) -> Result<Option<Vec<u8>>, Error> {
        let Some(read) = self.under_way.get(&ticket) else { return Ok(None) };
        let Some(result) = read.arrived.get() else { return Ok(None) };
        if let Err(error) = result {
            return Err(Error::Lost { reason: error.to_string() });
        }
        let view = read.buffer.slice(..read.bytes).get_mapped_range();
        let bytes = view.map_err(|e| Error::Lost { reason: e.to_string() })?.to_vec();
        self.release(ticket);
        Ok(Some(bytes))
    }

    pub(super) fn forget(&mut self, ticket: u64) {
        match self.under_way.get_mut(&ticket) {
            Some(read) => read.forgotten = true,
            None => {
                self.given_up.insert(ticket);
            }
        }
    }

    fn reclaim(&mut self) {
        let done = |r: &Read| r.forgotten && r.arrived.get().is_some_and(Result::is_ok);
        let tickets: Vec<u64> = self.under_way.iter().filter(|(_, r)| done(r)).map(|(t, _)| *t).collect();
        for ticket in tickets {
            self.release(ticket);
        }
    }

    fn release(&mut self, ticket: u64) {
        if let Some(read) = self.under_way.remove(&ticket) {
            read.buffer.unmap();
            self.free.entry(read.buffer.size()).or_default().push(read.buffer);
        }
    }
}
