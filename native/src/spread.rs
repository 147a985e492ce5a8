//! A launch: checked, then spread over the cores.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use rayon::prelude::*;

use crate::{Buffer, Kernel, Launch, Memory, Range};

/// Pieces that the workgroups are cut into, per thread: enough that a thread which was held up does not hold up the
/// launch, few enough that handing them out costs nothing.
const PIECES: u64 = 8;

impl Kernel {
    /// Runs `groups` workgroups along x, y and z on all threads of the current rayon pool, and returns when they are
    /// done. `params` are the bytes of binding 0, `ranges` the storage bindings in their order; `reverse` is for
    /// [`Kernel::launch_both_ways`]. The result has the same bits whatever the number of threads.
    ///
    /// Only a kernel of [`Level::Checked`](crate::Level::Checked) checks each of its accesses. The others trust that
    /// their ranges are as large as their params say: the test suite runs every kernel at the checked level first.
    ///
    /// # Errors
    /// When the machine lacks the kernel's instructions, when params or ranges are not what the kernel takes or lie
    /// outside of their buffers, when a range that is written overlaps another one, and when a workgroup panics.
    pub fn launch(
        &self,
        params: &[u8],
        buffers: &mut [Buffer],
        ranges: &[Range],
        groups: [u32; 3],
        reverse: bool,
    ) -> Result<(), String> {
        self.refuse(params, buffers, ranges).map_err(|reason| format!("kernel '{}': {reason}", self.name))?;
        let mut bind =
            |range: &Range| buffers[range.buffer].bind((range.offset / 4) as usize, (range.bytes / 4) as usize);
        let memory: Vec<Memory> = ranges.iter().map(&mut bind).collect();
        #[cfg(feature = "checked")]
        let marks = if self.level == crate::Level::Checked { marks(&memory) } else { Vec::new() };
        #[cfg(feature = "checked")]
        let memory = watched(memory, &marks);
        // Collected and not cast: the words are aligned, the bytes need not be.
        let params: Vec<u32> = bytemuck::pod_collect_to_vec(params);
        self.spread(&Launch { params: &params, memory: &memory, groups, reverse })
    }

    /// Why a launch with these arguments must not be made.
    pub(crate) fn refuse(&self, params: &[u8], buffers: &[Buffer], ranges: &[Range]) -> Result<(), String> {
        if !self.level.is_available() {
            return Err(format!("this machine does not have {}", self.level));
        }
        if params.len() != self.params_bytes {
            return Err(format!("{} bytes of Params, where it takes {}", params.len(), self.params_bytes));
        }
        if ranges.len() != self.bindings {
            return Err(format!("{} ranges, where it has {} bindings", ranges.len(), self.bindings));
        }
        for (i, range) in ranges.iter().enumerate() {
            range.words(buffers).map_err(|reason| format!("binding {}: {reason}", i + 1))?;
            let others = ranges.iter().enumerate().filter(|(j, _)| *j != i);
            if let Some((j, _)) = others.filter(|_| self.writes(i)).find(|(_, other)| range.overlaps(**other)) {
                return Err(format!("binding {} is written and shares memory with binding {}", i + 1, j + 1));
            }
        }
        Ok(())
    }

    fn spread(&self, launch: &Launch<'_>) -> Result<(), String> {
        let all = launch.groups.iter().try_fold(1_u64, |all, &side| all.checked_mul(u64::from(side)));
        let all = all.ok_or_else(|| format!("kernel '{}': too many workgroups: {:?}", self.name, launch.groups))?;
        let length = all.div_ceil(PIECES * rayon::current_num_threads() as u64).max(1);
        let run = |piece: u64| self.run_piece(launch, piece * length..((piece + 1) * length).min(all)).err();
        let pieces = all.div_ceil(length);
        let failed = if pieces <= 1 {
            (0..pieces).find_map(run)
        } else {
            // The first piece's word, so that a failure too is the same whatever the number of threads.
            (0..pieces as usize).into_par_iter().with_max_len(1).find_map_first(|piece| run(piece as u64))
        };
        failed.map_or(Ok(()), Err)
    }

    /// Runs the workgroups with these numbers, counted along x first and along z last.
    fn run_piece(&self, launch: &Launch<'_>, numbers: std::ops::Range<u64>) -> Result<(), String> {
        let [width, height, _] = launch.groups.map(u64::from);
        let [row, x] = [numbers.start / width, numbers.start % width];
        let mut group = [x, row % height, row / height].map(|place| place as u32);
        let run = || {
            for _ in numbers {
                #[expect(unsafe_code, reason = "translated kernels address memory themselves")]
                // SAFETY: the level was asked for; bindings and params are those of the kernel; the buffers are
                // borrowed for us alone, and what is written overlaps nothing. See `Kernel::launch` on their size.
                let run = || unsafe { (self.run)(launch, group) };
                #[cfg(feature = "checked")]
                let run = || crate::watch::within(number(group, launch.groups), run);
                run();
                group = next(group, launch.groups);
            }
        };
        catch_unwind(AssertUnwindSafe(run))
            .map_err(|panic| format!("kernel '{}' at workgroup {group:?}: {}", self.name, words_of(&*panic)))
    }
}

fn next([x, y, z]: [u32; 3], groups: [u32; 3]) -> [u32; 3] {
    match (x + 1 == groups[0], y + 1 == groups[1]) {
        (false, _) => [x + 1, y, z],
        (true, false) => [0, y + 1, z],
        (true, true) => [0, 0, z + 1],
    }
}

/// The number of a workgroup, counted along x first and along z last.
#[cfg(feature = "checked")]
fn number([x, y, z]: [u32; 3], [width, height, _]: [u32; 3]) -> u32 {
    (z.wrapping_mul(height).wrapping_add(y)).wrapping_mul(width).wrapping_add(x)
}

/// A mark for each word of each binding, for [`crate::watch`].
#[cfg(feature = "checked")]
fn marks(memory: &[Memory]) -> Vec<Vec<std::sync::atomic::AtomicU32>> {
    memory.iter().map(|binding| (0..binding.words).map(|_| Default::default()).collect()).collect()
}

/// The bindings with their marks; those without any stay as they are.
#[cfg(feature = "checked")]
fn watched(mut memory: Vec<Memory>, marks: &[Vec<std::sync::atomic::AtomicU32>]) -> Vec<Memory> {
    for (binding, marks) in memory.iter_mut().zip(marks) {
        *binding = Memory::watched(binding.start, marks);
    }
    memory
}

/// What a panic said.
fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it failed without a word")
}

#[cfg(test)]
mod tests;
