//! What the vectors of a workgroup share: its memory, and the barriers between which they take turns.
//!
//! At the checked level every word of workgroup memory is marked by the vectors that touch it, and a barrier wipes the
//! marks away. A vector that touches what another one wrote since the last barrier, or writes what another one read,
//! depends on an order that WGSL does not promise: a barrier is missing.

/// Nobody looks.
pub mod unwatched {
    use crate::Memory;

    /// No marks.
    #[derive(Debug)]
    pub struct Marks;

    /// Marks for so many words.
    #[inline(always)]
    pub fn marks(_words: usize) -> Marks {
        Marks
    }

    /// Workgroup memory.
    #[inline(always)]
    pub fn memory(words: &mut [u32], _marks: &Marks) -> Memory {
        Memory::new(words.as_mut_ptr(), words.len())
    }

    /// What follows is done by this vector.
    #[inline(always)]
    pub fn turn(_vector: u32) {}

    /// All vectors have come here.
    #[inline(always)]
    pub fn barrier(_marks: &Marks) {}
}

/// The same with marks.
#[cfg(feature = "checked")]
pub mod watched {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use crate::{Memory, watch::Watch};

    pub use crate::watch::turn;

    /// A mark for each word.
    #[derive(Debug)]
    pub struct Marks(Box<[AtomicU32]>);

    /// Marks for so many words.
    pub fn marks(words: usize) -> Marks {
        Marks((0..words).map(|_| AtomicU32::new(0)).collect())
    }

    /// Workgroup memory.
    pub fn memory(words: &mut [u32], marks: &Marks) -> Memory {
        Memory { start: words.as_mut_ptr(), words: words.len(), watch: Watch::of_crew(&marks.0) }
    }

    /// All vectors have come here.
    pub fn barrier(marks: &Marks) {
        for mark in &marks.0 {
            mark.store(0, Relaxed);
        }
    }
}
