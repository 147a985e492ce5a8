//! Buffers as the recorder knows them: a size now, memory when a submit plans it.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use super::pool::{Pool, Slot};

/// A handle to device memory. Clones share the memory; the last one dropped gives it back to the pool.
///
/// A buffer has no memory until the submit in which it is first written, so that a value which is used and dropped
/// within one submit shares its memory with others.
#[derive(Clone)]
pub struct Buffer(pub(super) Arc<Memory>);

pub(super) struct Memory {
    pub(super) id: u64,
    pub(super) bytes: u64,
    slot: OnceLock<Slot>,
    pool: Arc<Pool>,
}

impl Buffer {
    pub(super) fn new(bytes: u64, pool: Arc<Pool>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(Arc::new(Memory { id: NEXT.fetch_add(1, Ordering::Relaxed), bytes, slot: OnceLock::new(), pool }))
    }

    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        self.0.bytes
    }

    /// How many handles there are.
    pub(super) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// The planned memory, if there is some yet.
    pub(super) fn slot(&self) -> Option<Slot> {
        self.0.slot.get().copied()
    }

    /// Gives the buffer its memory; called once, by the plan.
    pub(super) fn place(&self, slot: Slot) {
        self.0.slot.set(slot).expect("a buffer is placed once");
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer #{} of {} bytes", self.0.id, self.0.bytes)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.get() {
            self.pool.give_back(*slot);
        }
    }
}
