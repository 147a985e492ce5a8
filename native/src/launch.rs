//! What a translated kernel is, and what it is given.

use crate::Level;

/// A range of memory bound to a kernel, in words of four bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// First word.
    pub start: *mut u32,
    /// Words from there.
    pub words: usize,
    /// Who reads and writes them.
    #[cfg(feature = "checked")]
    pub watch: crate::watch::Watch,
}

impl Memory {
    /// A range that nobody watches: a binding of an unchecked launch, or a workgroup's own memory.
    pub fn new(start: *mut u32, words: usize) -> Self {
        Self {
            start,
            words,
            #[cfg(feature = "checked")]
            watch: crate::watch::Watch::nobody(),
        }
    }

    /// A binding of a checked launch: its workgroups must not meet in one word if one of them writes it. `marks` has a
    /// zero for each word when the launch begins and outlives it; each workgroup runs inside [`crate::watch::within`].
    #[cfg(feature = "checked")]
    pub fn watched(start: *mut u32, marks: &[std::sync::atomic::AtomicU32]) -> Self {
        Self { start, words: marks.len(), watch: crate::watch::Watch::new(marks) }
    }

    /// The place of word `i`.
    #[inline(always)]
    pub(crate) fn at(self, i: u32) -> *mut u32 {
        self.start.wrapping_add(i as usize)
    }
}

/// Everything that the workgroups of one launch share.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The bytes of binding 0, aligned to 4.
    pub params: &'a [u32],
    /// The storage bindings, from binding 1.
    pub memory: &'a [Memory],
    /// Workgroups along x, y and z.
    pub groups: [u32; 3],
    /// Runs the vectors of a workgroup last to first between two barriers: results must not depend on their order.
    pub reverse: bool,
}

#[expect(unsafe_code, reason = "the workgroups of a launch run on several threads")]
// SAFETY: a kernel in WGSL, and so its translation, writes no word that another workgroup reads or writes; whoever
// makes a launch holds the memory for itself alone.
unsafe impl Sync for Memory {}

/// Runs one workgroup.
///
/// # Safety
/// The machine has the instructions the function was compiled for; the launch has as many bindings as the kernel, each
/// of them memory that lives, as large as the kernel's `Params` say, and not written by anybody else meanwhile.
pub type Run = unsafe fn(launch: &Launch<'_>, group: [u32; 3]);

/// A kernel in one variant, compiled for one level.
#[derive(Debug)]
pub struct Kernel {
    /// File stem in `shaders/`.
    pub name: &'static str,
    /// The `override` constants in which the variant differs from the file, ordered by name.
    pub overrides: &'static [(&'static str, u32)],
    /// All `override` constants as the file has them.
    pub defaults: &'static [(&'static str, u32)],
    /// Instruction set.
    pub level: Level,
    /// Invocations per workgroup.
    pub workgroup_size: [u32; 3],
    /// Storage bindings, which follow binding 0.
    pub bindings: usize,
    /// Bit i is set when the kernel may write storage binding i.
    pub writes: u32,
    /// Bytes of binding 0.
    pub params_bytes: usize,
    /// Whether it has barriers, between which the vectors of a workgroup take turns.
    pub barriers: bool,
    /// Runs one workgroup.
    pub run: Run,
}

impl Kernel {
    /// Whether it may write storage binding `position`.
    pub fn writes(&self, position: usize) -> bool {
        self.writes & (1 << position) != 0
    }
}
