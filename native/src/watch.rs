//! Who reads and writes which word during a launch: workgroups run in any order and at the same time, so that none may
//! touch what another one writes. In checked builds a kernel that does so panics, whatever the order was.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

thread_local! {
    /// The number of the workgroup that runs on this thread.
    static WORKGROUP: Cell<u32> = const { Cell::new(0) };
    /// The number of its vector that has its turn.
    static VECTOR: Cell<u32> = const { Cell::new(0) };
}

/// What follows is done by this vector of the workgroup.
pub fn turn(vector: u32) {
    VECTOR.set(vector);
}

/// Runs workgroup `number` (x + y * groups.x + z * groups.x * groups.y) on this thread.
pub fn within<T>(number: u32, run: impl FnOnce() -> T) -> T {
    WORKGROUP.set(number);
    run()
}

/// A mark per word: 0 when nobody touched it, else 4 times the number of who did with one of the following.
const READ: u32 = 1;
const WRITTEN: u32 = 2;
/// Of a mark without a workgroup: several read the word.
const READ_BY_MANY: u32 = 3;

/// The marks of a binding.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    marks: *const AtomicU32,
    /// Whether the marks are of the vectors of a workgroup, and not of workgroups.
    crew: bool,
}

impl Watch {
    /// Keeps no marks.
    pub(crate) fn nobody() -> Self {
        Self { marks: std::ptr::null(), crew: false }
    }

    pub(crate) fn new(marks: &[AtomicU32]) -> Self {
        Self { marks: marks.as_ptr(), crew: false }
    }

    /// Marks of the vectors of a workgroup, which share this memory and keep out of each other's way by barriers.
    pub(crate) fn of_crew(marks: &[AtomicU32]) -> Self {
        Self { marks: marks.as_ptr(), crew: true }
    }

    /// Marks word `index`, which the memory has.
    #[expect(unsafe_code, reason = "Memory is Copy and knows no lifetime")]
    fn touch(self, index: usize, next: impl Fn(u32, u32) -> Result<u32, &'static str>) {
        if self.marks.is_null() {
            return;
        }
        // SAFETY: `Memory::watched` was given a mark for each word, and they outlive the launch; `crew::watched` was
        // too, and they outlive the workgroup.
        let mark = unsafe { &*self.marks.add(index) };
        let me = if self.crew { VECTOR.get() } else { WORKGROUP.get() };
        let mut old = mark.load(Relaxed);
        loop {
            let new = next(old, me).unwrap_or_else(|deed| {
                let (who, of) = if self.crew {
                    ("vector", "since the last barrier: a barrier is missing")
                } else {
                    ("workgroup", "of the same launch")
                };
                let other = if old == READ_BY_MANY { "others".to_owned() } else { format!("{who} {}", old >> 2) };
                panic!("{who} {me} {deed} by {other} {of}: word {index}")
            });
            match mark.compare_exchange_weak(old, new, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => old = now,
            }
        }
    }

    /// The workgroup of this thread, or the vector, reads word `index`.
    pub(crate) fn reads(self, index: usize) {
        self.touch(index, |old, me| match (old & 3, old >> 2 == me) {
            (0, _) => Ok(me << 2 | READ),
            (WRITTEN, false) => Err("reads a word that is written"),
            (READ, false) => Ok(READ_BY_MANY),
            _ => Ok(old),
        });
    }

    /// The workgroup of this thread, or the vector, writes word `index`.
    pub(crate) fn writes(self, index: usize) {
        self.touch(index, |old, me| match (old & 3, old >> 2 == me) {
            (0, _) | (READ | WRITTEN, true) => Ok(me << 2 | WRITTEN),
            (WRITTEN, false) => Err("writes a word that is written"),
            _ => Err("writes a word that is read"),
        });
    }
}
