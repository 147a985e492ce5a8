//! Which launch made the first number that is not finite: launch by launch, each looked at before the next one runs.
//! Slow, and asked for when a training has diverged.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{
    Binding, Error,
    device::{Command, Device, Range},
};

/// A launch that wrote something else than finite numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct NotFinite {
    /// The kernel.
    pub kernel: &'static str,
    /// Its number in the submit, from 1, and how many there were.
    pub launch: [usize; 2],
    /// The extents of the tensor that it wrote to, outermost first.
    pub dims: [usize; 4],
    /// The first such element, counted in memory.
    pub element: usize,
    /// What it is: an infinity or NaN.
    pub value: f32,
    /// The name of the tensor, where it is one that the trace was told of.
    pub name: Option<String>,
}

/// What a trace knows and has found.
pub(super) struct Trace {
    known: Vec<(String, Binding)>,
    launches: Vec<Launch>,
    found: Option<NotFinite>,
}

/// A launch of the list that is being planned.
struct Launch {
    /// Its place among the commands.
    place: usize,
    outputs: Vec<(Range, [usize; 4])>,
}

/// Longer than any launch takes.
const PATIENCE: Duration = Duration::from_secs(120);

impl Trace {
    pub(super) fn new(known: Vec<(String, Binding)>) -> Self {
        Self { known, launches: Vec::new(), found: None }
    }

    pub(super) fn found(&self) -> Option<NotFinite> {
        self.found.clone()
    }

    /// Notes the command at `place`: bindings and their ranges, of which `writes` has a bit for each that it may write.
    pub(super) fn note(&mut self, place: usize, bindings: &[Binding], ranges: &[Range], writes: u32) {
        let written = bindings.iter().zip(ranges).enumerate().filter(|(bit, _)| writes & (1 << bit) != 0);
        // Of the tensor alone, not of the rest of its last vec4, which nobody reads.
        let exact = |(_, (binding, range)): (usize, (&Binding, &Range))| {
            (Range { bytes: binding.bytes, ..*range }, binding.dims)
        };
        self.launches.push(Launch { place, outputs: written.map(exact).collect() });
    }

    /// Runs a planned list. What lies in the memory of an output before the launch, and stays there, is not its doing.
    pub(super) fn execute(
        &mut self,
        device: &dyn Device,
        commands: Vec<Command>,
        tickets: &AtomicU64,
    ) -> Result<(), Error> {
        let (uploads, rest): (Vec<_>, Vec<_>) =
            commands.into_iter().enumerate().partition(|(_, command)| matches!(command, Command::Upload { .. }));
        device.execute(uploads.into_iter().map(|(_, command)| command).collect())?;
        let launches = std::mem::take(&mut self.launches);
        for (place, command) in rest {
            let number = launches.iter().position(|launch| launch.place == place).filter(|_| self.found.is_none());
            let Some((number, Command::Dispatch { name, .. })) = number.map(|number| (number, &command)) else {
                device.execute(vec![command])?;
                continue;
            };
            let (kernel, outputs) = (*name, &launches[number].outputs);
            let read = |(range, _): &(Range, _)| (*range, tickets.fetch_add(1, Ordering::Relaxed));
            let (before, after): (Vec<_>, Vec<_>) = outputs.iter().map(|output| (read(output), read(output))).unzip();
            let reads = |list: &[(Range, u64)]| {
                list.iter().map(|&(range, ticket)| Command::Read { range, ticket }).collect::<Vec<_>>()
            };
            device.execute([reads(&before), vec![command], reads(&after)].into_iter().flatten().collect())?;
            device.wait(0, PATIENCE)?;
            for ((&(range, dims), before), after) in outputs.iter().zip(before).zip(after) {
                let [before, after] = [before, after].map(|(_, ticket)| device.take_read(ticket));
                let Some((element, value)) = first_made(&before?.unwrap_or_default(), &after?.unwrap_or_default())
                else {
                    continue;
                };
                let (name, launch) = (self.name_at(&range, element), [number + 1, launches.len()]);
                self.found.get_or_insert(NotFinite { kernel, launch, dims, element, value, name });
            }
        }
        Ok(())
    }

    /// The known tensor in which an element of a range lies.
    fn name_at(&self, range: &Range, element: usize) -> Option<String> {
        let byte = range.offset + 4 * element as u64;
        let holds = |binding: &Binding| {
            binding.buffer.slot() == Some(range.slot)
                && (binding.offset..binding.offset + binding.bytes).contains(&byte)
        };
        self.known.iter().find(|(_, binding)| holds(binding)).map(|(name, _)| name.clone())
    }
}

/// The first word that a launch has made something else than a finite number, with its place.
fn first_made(before: &[u8], after: &[u8]) -> Option<(usize, f32)> {
    let words = |bytes: &[u8]| bytemuck::pod_collect_to_vec::<u8, u32>(bytes);
    let changed = words(before).into_iter().zip(words(after)).enumerate().filter(|(_, (was, is))| was != is);
    changed.map(|(place, (_, is))| (place, f32::from_bits(is))).find(|(_, value)| !value.is_finite())
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernel, launch: [number, all], dims, element, value, name } = self;
        let tensor = name.as_ref().map_or_else(|| format!("{dims:?}"), |name| format!("{name} {dims:?}"));
        write!(
            f,
            "launch {number} of {all}, kernel {kernel}, wrote {value} at element {element} of the tensor {tensor}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::first_made;

    #[test]
    fn what_was_there_before_is_nobodys_doing() {
        let bytes = |values: [f32; 3]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let before = bytes([1.0, f32::NAN, 2.0]);
        assert_eq!(first_made(&before, &bytes([5.0, f32::NAN, 6.0])), None);
        assert_eq!(first_made(&before, &bytes([5.0, f32::NAN, f32::INFINITY])), Some((2, f32::INFINITY)));
        assert_eq!(first_made(&before, &bytes([f32::NEG_INFINITY, 0.0, 2.0])), Some((0, f32::NEG_INFINITY)));
    }
}
