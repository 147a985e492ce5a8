//! How a missing barrier is found.

use crate::{Buffer, Kernel, Range};

impl Kernel {
    /// Launches the kernel twice on the same memory, with the vectors of each workgroup first to last and then last to
    /// first. WGSL promises no order between two barriers, so both must leave the same bits; they do not where a value
    /// goes from one vector to another and no barrier lies between.
    ///
    /// # Errors
    /// As [`Kernel::launch`], and when the results differ.
    pub fn launch_both_ways(
        &self,
        params: &[u8],
        buffers: &mut [Buffer],
        ranges: &[Range],
        groups: [u32; 3],
    ) -> Result<(), String> {
        self.refuse(params, buffers, ranges).map_err(|reason| format!("kernel '{}': {reason}", self.name))?;
        let written: Vec<(usize, std::ops::Range<usize>)> = ranges
            .iter()
            .enumerate()
            .filter(|(position, _)| self.writes(*position))
            .map(|(_, range)| Ok((range.buffer, range.words(buffers)?)))
            .collect::<Result<_, String>>()?;
        let copy = |buffers: &[Buffer]| -> Vec<Vec<u32>> {
            written.iter().map(|(buffer, words)| buffers[*buffer].words()[words.clone()].to_vec()).collect()
        };
        let before = copy(buffers);
        self.launch(params, buffers, ranges, groups, false)?;
        let forward = copy(buffers);
        for ((buffer, words), before) in written.iter().zip(&before) {
            buffers[*buffer].words_mut()[words.clone()].copy_from_slice(before);
        }
        self.launch(params, buffers, ranges, groups, true)?;
        // Words and not floats: a NaN equals itself here.
        if copy(buffers) == forward {
            return Ok(());
        }
        Err(format!("the result of {} depends on the order of its vectors: a barrier is missing", self.name))
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::bytes_of;

    use crate::{
        Buffer, Range,
        handwritten::{DECAY, ROTATE, ROTATE_WITHOUT_BARRIER},
    };

    fn buffer(words: impl Iterator<Item = u32>) -> Buffer {
        let words: Vec<u32> = words.collect();
        let mut buffer = Buffer::try_new(4 * words.len() as u64).expect("there is memory for it");
        buffer.words_mut().copy_from_slice(&words);
        buffer
    }

    #[test]
    fn a_missing_barrier_is_found() {
        let ranges = [0, 1].map(|buffer| Range { buffer, offset: 0, bytes: 256 });
        let mut buffers = [buffer(0..64), buffer(std::iter::repeat_n(f32::NAN.to_bits(), 64))];
        ROTATE.launch_both_ways(bytes_of(&64_u32), &mut buffers, &ranges, [1; 3]).expect("it has its barrier");
        assert!(buffers[1].words().iter().copied().eq((8..64).chain(0..8)));

        let found = ROTATE_WITHOUT_BARRIER.launch_both_ways(bytes_of(&64_u32), &mut buffers, &ranges, [1; 3]);
        let found = found.expect_err("it has none");
        assert!(found.contains("result of rotate_without_barrier") && found.contains("barrier is missing"), "{found}");
    }

    #[test]
    fn memory_is_updated_once_and_nan_equals_itself() {
        let ranges = [0, 1].map(|buffer| Range { buffer, offset: 0, bytes: 256 });
        let mut buffers = [buffer((0..64).map(|_| 1.0_f32.to_bits())), buffer((0..64).map(|_| 8.0_f32.to_bits()))];
        buffers[0].words_mut()[5] = f32::NAN.to_bits();
        DECAY.launch_both_ways(bytes_of(&64_u32), &mut buffers, &ranges, [1; 3]).expect("no order is seen");
        let values: &[f32] = bytemuck::cast_slice(buffers[1].words());
        assert!(values[5].is_nan() && values[4] == 5.0 && values[63] == 5.0, "{values:?}");
    }
}
