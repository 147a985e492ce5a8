//! Launches that the kernel before them can do before it stores: a bias, an activation, a residual.
//!
//! An op records what it is, and nothing else. When a list is planned, a [`Map`] whose input was written by a kernel
//! with an [`Epilogue`], and is looked at by nobody else, is struck off the list and written into that kernel's
//! `Params`; the tensor between the two gets no memory. The order of the arithmetic is the same, so the results are
//! too.
//!
//! Nobody else looks at a tensor when the two launches hold its only handles. That is known without an analysis,
//! because by the time a step is submitted, backward has dropped its history.

use std::collections::HashMap;

use super::kernel::{Binding, Dispatch, Epilogue, Map};

/// Strikes launches off the list `launches` that an earlier one can do; `None` stands for what is not a launch, or is
/// none any more. `writes` has a bit for each binding that a launch may write.
pub(super) fn fuse(launches: &mut [Option<Dispatch>], writes: &[u32]) {
    // Which launch wrote a buffer last.
    let mut writers: HashMap<u64, usize> = HashMap::new();
    for index in 0..launches.len() {
        let (before, rest) = launches.split_at_mut(index);
        let Some(launch) = &rest[0] else { continue };
        match launch.map.and_then(|map| absorb(before, &writers, launch, map)) {
            Some(writer) => {
                let output = output_of(launch).buffer.clone();
                writers.insert(output.0.id, writer);
                rest[0] = None;
            }
            None => {
                let written = launch.bindings.iter().enumerate().filter(|(i, _)| writes[index] & (1 << i) != 0);
                writers.extend(written.map(|(_, binding)| (binding.buffer.0.id, index)));
            }
        }
    }
}

/// Lets the launch that wrote an input of `launch` do its map. Returns that launch's place in the list.
fn absorb(
    before: &mut [Option<Dispatch>],
    writers: &HashMap<u64, usize>,
    launch: &Dispatch,
    map: Map,
) -> Option<usize> {
    let output = output_of(launch);
    // A fresh tensor: nobody can have looked at it, or written to it, in between.
    if output.buffer.slot().is_some() || writers.contains_key(&output.buffer.0.id) {
        return None;
    }
    let (first, second) = (&launch.bindings[0], &launch.bindings[1]);
    let orders: &[(&Binding, Option<&Binding>)] = match map {
        Map::Slope(_) => &[(first, None)],
        Map::AddChannels => &[(first, Some(second))],
        Map::Add => &[(first, Some(second)), (second, Some(first))],
        Map::SlopeBackward(_) => &[(second, Some(first))],
    };
    for (input, other) in orders {
        let Some(writer) = writers.get(&input.buffer.0.id).copied() else { continue };
        let producer = before[writer].as_mut().expect("a writer is a launch");
        // One handle is the producer's and one this launch's; a third would be somebody who looks at it.
        let unseen = input.buffer.handles() == 2 && same(output_of(producer), input);
        let there_before = other.is_none_or(|other| writers.get(&other.buffer.0.id).is_none_or(|at| *at < writer));
        if unseen && there_before && extend(producer, map, *other) {
            *producer.bindings.last_mut().expect("a launch has an output") = output.clone();
            return Some(writer);
        }
    }
    None
}

/// Adds a map to a launch's epilogue; false when it has none, or one that is over by then.
fn extend(producer: &mut Dispatch, map: Map, other: Option<&Binding>) -> bool {
    let Some(takes_bias) = producer.epilogue else { return false };
    let start = producer.params.len() - size_of::<Epilogue>();
    let mut epilogue: Epilogue = bytemuck::pod_read_unaligned(&producer.params[start..]);
    // In the order in which the kernel goes through it: bias, operand, slope.
    let no_slope = epilogue.slope == 1.0;
    let free = epilogue.operand == 0 && no_slope;
    let operand = producer.bindings.len() - 2;
    let place = match map {
        Map::AddChannels if takes_bias && epilogue.has_bias == 0 && free => {
            epilogue.has_bias = 1;
            Some(operand - 1)
        }
        Map::Add if free => {
            epilogue.operand = 1;
            Some(operand)
        }
        Map::Slope(slope) if no_slope => {
            epilogue.slope = slope;
            None
        }
        Map::SlopeBackward(slope) if free => {
            (epilogue.operand, epilogue.slope) = (2, slope);
            Some(operand)
        }
        _ => return false,
    };
    if let (Some(place), Some(other)) = (place, other) {
        producer.bindings[place] = other.clone();
        producer.work.bytes += other.bytes as f64;
    }
    producer.params[start..].copy_from_slice(bytemuck::bytes_of(&epilogue));
    true
}

fn output_of(launch: &Dispatch) -> &Binding {
    launch.bindings.last().expect("a launch has an output")
}

fn same(a: &Binding, b: &Binding) -> bool {
    a.buffer.0.id == b.buffer.0.id && (a.offset, a.bytes) == (b.offset, b.bytes)
}

#[cfg(test)]
mod tests;
