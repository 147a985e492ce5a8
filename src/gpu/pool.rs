//! Device memory that is handed out again: the same requests in the same order get the same memory.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Error, device::Device};

/// A piece of device memory: the device's number for it, and its size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Slot {
    pub index: u32,
    pub bytes: u64,
}

/// Zone behind every tensor on a checked device, in bytes; a kernel that writes there is caught at the next read.
pub(crate) const GUARD: u64 = 256;

pub(super) struct Pool {
    device: Arc<dyn Device>,
    guard: u64,
    free: Mutex<Free>,
}

#[derive(Default)]
struct Free {
    // A stack per size class: last in, first out, so that warm memory is used first within a list.
    slots: BTreeMap<u64, Vec<Slot>>,
    bytes: u64,
}

/// How much memory the pool holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUse {
    /// Device buffers created since the device was opened.
    pub buffers: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

impl Pool {
    pub(super) fn new(device: Arc<dyn Device>, checked: bool) -> Self {
        Self { device, guard: if checked { GUARD } else { 0 }, free: Mutex::default() }
    }

    /// Memory for `bytes`, used before where some is free.
    pub(super) fn take(&self, bytes: u64) -> Result<Slot, Error> {
        let class = size_class(bytes + self.guard);
        if let Some(slot) = self.lock().slots.get_mut(&class).and_then(Vec::pop) {
            return Ok(slot);
        }
        let limit = self.device.info().limits.binding_bytes;
        if bytes > limit {
            return Err(Error::TooLarge { mib: bytes.div_ceil(1 << 20), limit_mib: limit >> 20 });
        }
        // The class may round past the limit although the tensor itself fits.
        let index = self.device.allocate(class.min(limit.max(bytes + self.guard)))?;
        self.lock().bytes += class;
        Ok(Slot { index, bytes: class })
    }

    pub(super) fn give_back(&self, slot: Slot) {
        self.lock().slots.entry(slot.bytes).or_default().push(slot);
    }

    /// Puts what is free in the order of its numbers. What is taken from here on then depends on what is free alone,
    /// not on the order in which it was given back: lists that repeat get the same memory, and a device knows their
    /// arguments again.
    pub(super) fn settle(&self) {
        for stack in self.lock().slots.values_mut() {
            stack.sort_unstable_by_key(|slot| Reverse(slot.index));
        }
    }

    pub(super) fn usage(&self) -> MemoryUse {
        MemoryUse { buffers: self.device.buffers_created(), bytes: self.lock().bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request for so many bytes takes of the pool: rounded up to one of eight sizes per power of two, so that at
/// most an eighth is wasted, and near sizes share memory.
pub fn size_class(bytes: u64) -> u64 {
    let step = (bytes.max(1).next_power_of_two() / 16).max(256);
    bytes.max(1).next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::size_class;

    #[test]
    fn a_size_class_holds_the_size_and_wastes_at_most_an_eighth() {
        for bytes in (1..100_000).step_by(37).chain([1 << 20, (1 << 20) + 1, (128 << 20) - 4]) {
            let class = size_class(bytes);
            assert!(class >= bytes && class.is_multiple_of(256));
            assert!(class - bytes <= (bytes / 8).max(255), "{bytes} became {class}");
        }
    }
}
