//! Bands of an activation in host memory.

use std::{cell::Cell, collections::VecDeque, ops::Range, rc::Rc};

/// How many bytes all stores together hold, and the most that they have held. Clones count together.
#[derive(Clone, Default)]
pub(super) struct Tally(Rc<[Cell<u64>; 2]>);

impl Tally {
    /// The most that was held at a time.
    pub fn most(&self) -> u64 {
        self.0[1].get()
    }

    fn add(&self, bytes: u64) {
        let [now, most] = &*self.0;
        now.set(now.get() + bytes);
        most.set(most.get().max(now.get()));
    }

    fn subtract(&self, bytes: u64) {
        self.0[0].set(self.0[0].get() - bytes);
    }
}

/// An activation `[height, width, channels]`, filled from the top and given back from the top. `H` holds the values of
/// a band.
pub(super) struct Store<H> {
    size: [usize; 3],
    bands: VecDeque<(Range<usize>, H)>,
    filled: usize,
    tally: Tally,
}

impl<H> Store<H> {
    pub fn new(size: [usize; 3], tally: Tally) -> Self {
        Self { size, bands: VecDeque::new(), filled: 0, tally }
    }

    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The rows that were put in so far.
    pub fn filled(&self) -> usize {
        self.filled
    }

    fn bytes(&self, rows: usize) -> u64 {
        4 * (rows * self.size[1] * self.size[2]) as u64
    }

    /// Puts in the next rows.
    pub fn push(&mut self, rows: Range<usize>, band: H) {
        assert_eq!(rows.start, self.filled, "rows come in order");
        self.filled = rows.end;
        self.tally.add(self.bytes(rows.len()));
        self.bands.push_back((rows, band));
    }

    /// Gives back what lies wholly before a row.
    pub fn release(&mut self, before: usize) {
        while self.bands.front().is_some_and(|(rows, _)| rows.end <= before) {
            if let Some((rows, _)) = self.bands.pop_front() {
                self.tally.subtract(self.bytes(rows.len()));
            }
        }
    }

    /// The bands that hold these rows, and of each the rows to take, counted within it.
    pub fn parts(&self, rows: &Range<usize>) -> Vec<(&H, Range<usize>)> {
        let parts = self.bands.iter().filter_map(|(band, held)| {
            let (start, end) = (band.start.max(rows.start), band.end.min(rows.end));
            (start < end).then(|| (held, start - band.start..end - band.start))
        });
        let parts: Vec<_> = parts.collect();
        let found: usize = parts.iter().map(|(_, part)| part.len()).sum();
        assert_eq!(found, rows.len(), "the rows {rows:?} are not all there");
        parts
    }
}

impl<H> Drop for Store<H> {
    fn drop(&mut self) {
        self.release(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::{Store, Tally};

    #[test]
    fn bands_are_found_and_given_back() {
        let tally = Tally::default();
        let mut store = Store::new([9, 2, 1], tally.clone());
        for (rows, name) in [(0..4, 'a'), (4..7, 'b'), (7..9, 'c')] {
            store.push(rows, name);
        }
        assert_eq!(store.parts(&(3..8)), [(&'a', 3..4), (&'b', 0..3), (&'c', 0..1)]);
        store.release(6);
        assert_eq!(store.parts(&(6..9)), [(&'b', 2..3), (&'c', 0..2)]);
        assert_eq!((tally.0[0].get(), tally.most()), (8 * 5, 8 * 9));
        drop(store);
        assert_eq!(tally.0[0].get(), 0);
    }

    #[test]
    #[should_panic(expected = "the rows 0..2 are not all there")]
    fn what_was_given_back_is_gone() {
        let mut store = Store::new([4, 1, 1], Tally::default());
        store.push(0..2, ());
        store.push(2..4, ());
        store.release(2);
        store.parts(&(0..2));
    }
}
