//! What was read and waits to be taken.

use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(super) struct Reads {
    waiting: HashMap<u64, Vec<u8>>,
    // Tickets that were given up before their list ran.
    given_up: HashSet<u64>,
}

impl Reads {
    pub(super) fn keep(&mut self, ticket: u64, bytes: Vec<u8>) {
        if !self.given_up.remove(&ticket) {
            self.waiting.insert(ticket, bytes);
        }
    }

    pub(super) fn take(&mut self, ticket: u64) -> Option<Vec<u8>> {
        self.waiting.remove(&ticket)
    }

    pub(super) fn forget(&mut self, ticket: u64) {
        if self.waiting.remove(&ticket).is_none() {
            self.given_up.insert(ticket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reads;

    #[test]
    fn a_read_is_taken_once_and_a_forgotten_one_never() {
        let mut reads = Reads::default();
        reads.keep(1, vec![1]);
        assert_eq!((reads.take(1), reads.take(1)), (Some(vec![1]), None));
        reads.keep(2, vec![2]);
        reads.forget(2);
        reads.forget(3);
        reads.keep(3, vec![3]);
        assert_eq!((reads.take(2), reads.take(3)), (None, None));
        assert!(reads.waiting.is_empty() && reads.given_up.is_empty());
    }
}
