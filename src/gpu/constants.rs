//! Small tables that kernels read, kept by what they hold.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::Buffer;

/// Words kept at most, 16 MiB: the tables of a network, whatever it is, are far fewer, but a program that sees pictures
/// of ever new sizes must not keep those of all.
const MOST_WORDS: usize = 4 << 20;

/// Buffers that nobody writes to, by their content.
#[derive(Default)]
pub(super) struct Constants(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    buffers: HashMap<Vec<u32>, Buffer>,
    words: usize,
}

impl Constants {
    /// The buffer of these words; `upload` makes it where there is none.
    pub(super) fn get(&self, words: &[u32], upload: impl FnOnce(&[u32]) -> Buffer) -> Buffer {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(buffer) = kept.buffers.get(words) {
            return buffer.clone();
        }
        let buffer = upload(words);
        if kept.words + words.len() > MOST_WORDS {
            // What is still in use keeps its memory; what comes again is uploaded again.
            *kept = Kept::default();
        }
        kept.words += words.len();
        kept.buffers.insert(words.to_vec(), buffer.clone());
        buffer
    }
}
