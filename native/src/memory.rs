//! Memory that kernels run on: words on cache lines, and the refusal of more than the machine has.

use std::fmt;

use bytemuck::{Pod, Zeroable};

use crate::Memory;

/// A cache line, which is also the widest vector: loads from the start of a buffer never straddle two.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u32; 16]);

/// Words of four bytes in a row, the first at a multiple of 64 bytes.
pub struct Buffer(Vec<Line>);

impl Buffer {
    /// Memory of at least `bytes`, rounded up to whole cache lines and filled with zeros.
    ///
    /// # Errors
    /// [`Shortage`] when the machine, or the container that we run in, has less than that to give.
    pub fn try_new(bytes: u64) -> Result<Self, Shortage> {
        let available = machine_memory().available;
        let shortage = Shortage { bytes, available };
        if bytes > available {
            return Err(shortage);
        }
        let lines = usize::try_from(bytes.div_ceil(size_of::<Line>() as u64)).map_err(|_| shortage)?;
        let mut memory = Vec::new();
        memory.try_reserve_exact(lines).map_err(|_| shortage)?;
        // Written here, not at first use, so that what the machine has left is true when the next buffer asks.
        memory.resize(lines, Line::zeroed());
        Ok(Self(memory))
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        size_of_val(self.0.as_slice()) as u64
    }

    /// What is in it.
    pub fn words(&self) -> &[u32] {
        bytemuck::cast_slice(&self.0)
    }

    /// What is in it, to be changed.
    pub fn words_mut(&mut self) -> &mut [u32] {
        bytemuck::cast_slice_mut(&mut self.0)
    }

    /// So many words from word `first` on, as a kernel is given them.
    ///
    /// # Panics
    /// When they are not all inside the buffer.
    pub(crate) fn bind(&mut self, first: usize, words: usize) -> Memory {
        assert!(words <= self.words().len() && first <= self.words().len() - words, "a range outside of its buffer");
        // A pointer that is not made from a reference to the words stays good when another range is bound.
        let start = self.0.as_mut_ptr().cast::<u32>().wrapping_add(first);
        Memory::new(start, words)
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer of {} bytes", self.bytes())
    }
}

/// A part of one of the buffers that a launch may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Place in the slice of buffers.
    pub buffer: usize,
    /// First byte.
    pub offset: u64,
    /// Bytes from there.
    pub bytes: u64,
}

impl Range {
    /// Its words in their buffer.
    ///
    /// # Errors
    /// When it does not begin and end at a word, or there is no such part of such a buffer.
    pub(crate) fn words(self, buffers: &[Buffer]) -> Result<std::ops::Range<usize>, String> {
        let Self { buffer, offset, bytes } = self;
        let size = buffers.get(buffer).ok_or_else(|| format!("there is no buffer {buffer}"))?.bytes();
        if !offset.is_multiple_of(4) || !bytes.is_multiple_of(4) {
            return Err(format!("{bytes} bytes from byte {offset} are not whole words of 4 bytes"));
        }
        if offset.checked_add(bytes).is_none_or(|end| end > size) {
            return Err(format!("{bytes} bytes from byte {offset} do not lie in a buffer of {size} bytes"));
        }
        Ok((offset / 4) as usize..((offset + bytes) / 4) as usize)
    }

    /// Whether the two have a word in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        let [begin, end] = [self.offset.max(other.offset), (self.offset + self.bytes).min(other.offset + other.bytes)];
        self.buffer == other.buffer && begin < end
    }
}

/// More memory was asked for than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// What was asked for.
    pub bytes: u64,
    /// What there was.
    pub available: u64,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [bytes, available] = [self.bytes.div_ceil(1 << 20), self.available >> 20];
        write!(
            f,
            "{bytes} MiB of memory were asked for, and this machine has {available} MiB to give: ask for less, or \
             close other programs"
        )
    }
}

impl std::error::Error for Shortage {}

/// The memory of this machine, or of the container that we run in where that is less, in bytes. What cannot be found
/// out is `u64::MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineMemory {
    /// In all.
    pub total: u64,
    /// What can still be had without swapping.
    pub available: u64,
}

/// Asks the operating system.
pub fn machine_memory() -> MachineMemory {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let known = |bytes: u64| if bytes == 0 { u64::MAX } else { bytes };
    let machine = MachineMemory { total: known(system.total_memory()), available: known(system.available_memory()) };
    let container = if system.total_memory() == 0 { None } else { system.cgroup_limits() };
    container.map_or(machine, |container| MachineMemory {
        total: machine.total.min(container.total_memory),
        // Files that the container has read count as its memory too, but are dropped when the memory is wanted.
        available: machine.available.min(container.total_memory.saturating_sub(container.rss)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Buffer, Range, machine_memory};

    #[test]
    fn a_buffer_is_zeroed_whole_lines() {
        let mut buffer = Buffer::try_new(100).expect("there is memory for it");
        assert_eq!(buffer.bytes(), 128);
        assert_eq!(buffer.words(), [0; 32]);
        assert_eq!(buffer.words().as_ptr().addr() % 64, 0);
        buffer.words_mut()[3] = 7;
        assert_eq!(buffer.words()[2..5], [0, 7, 0]);
    }

    #[test]
    fn more_than_the_machine_has_is_refused() {
        let memory = machine_memory();
        assert!(memory.available <= memory.total && memory.total > 1 << 20, "{memory:?}");
        for bytes in [u64::MAX, u64::MAX / 2, memory.total.saturating_add(1 << 30)] {
            let refused = Buffer::try_new(bytes).expect_err("no machine has it").to_string();
            assert!(refused.contains("ask for less"), "{refused}");
        }
    }

    #[test]
    fn ranges_stay_in_their_buffers() {
        let buffers = [Buffer::try_new(64).expect("there is memory for it")];
        let words = |buffer, offset, bytes| Range { buffer, offset, bytes }.words(&buffers);
        assert_eq!(words(0, 4, 60), Ok(1..16));
        assert_eq!(words(0, 64, 0), Ok(16..16));
        for (range, reason) in [
            (words(1, 0, 4), "no buffer 1"),
            (words(0, 2, 4), "whole words"),
            (words(0, 0, 6), "whole words"),
            (words(0, 4, 64), "do not lie"),
            (words(0, u64::MAX - 3, 8), "do not lie"),
        ] {
            let refused = range.expect_err("it is not a part of the buffer");
            assert!(refused.contains(reason), "{refused}");
        }
        let range = |offset, bytes| Range { buffer: 0, offset, bytes };
        assert!(range(0, 8).overlaps(range(4, 8)) && range(4, 4).overlaps(range(0, 64)));
        assert!(!range(0, 8).overlaps(range(8, 8)) && !range(0, 8).overlaps(Range { buffer: 1, ..range(0, 8) }));
    }
}
