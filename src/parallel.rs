//! Several processes that train the same networks together, each on its share of every batch (data parallel).
//!
//! A [`World`] knows how many there are and which of them this one is. Without the feature `mpi`, and in a program that
//! was started by itself, there is one, and everything here is nothing. With it they speak through MPI, which may be
//! any (Open MPI, MPICH, …), on one machine or on many: `mpirun -n 2 train …`.
//!
//! All processes hold the same state and do the same steps; what differs is the pictures that they see. So all that
//! needs to be exchanged is gradients. Whoever wants to know what one process would have computed may think of the
//! whole batch: each process draws its random numbers and keeps its share.

#[cfg(not(feature = "mpi"))]
mod alone;
#[cfg(feature = "mpi")]
mod mpi;

use std::{ops::Range, process::exit, rc::Rc};

#[cfg(not(feature = "mpi"))]
use self::alone::Link;
#[cfg(feature = "mpi")]
use self::mpi::Link;

/// The processes of a run, as one of them sees them. Clones share the connection.
#[derive(Clone)]
pub struct World {
    rank: usize,
    size: usize,
    link: Option<Rc<Link>>,
}

impl World {
    /// A process that trains by itself.
    pub const fn alone() -> Self {
        Self { rank: 0, size: 1, link: None }
    }

    /// The processes that `mpirun` started together; without it, or without the feature `mpi`, one that is alone. To be
    /// called once in a program. Where the processes run MPI ends when the last clone is dropped.
    pub fn open() -> Self {
        Link::open().map_or_else(Self::alone, |(rank, size, link)| Self { rank, size, link: Some(Rc::new(link)) })
    }

    /// The number of this process, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many processes there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The number of this process among those on the same machine.
    pub fn local_rank(&self) -> usize {
        self.link.as_ref().map_or(0, |link| link.local_rank())
    }

    /// Whether there is no other process.
    pub fn is_alone(&self) -> bool {
        self.size == 1
    }

    /// Whether this is the process that prints and writes files.
    pub fn leads(&self) -> bool {
        self.rank == 0
    }

    /// Which of `count` things, one behind the other, are this process's: equal parts in the order of the ranks.
    ///
    /// # Panics
    /// When they cannot be shared out equally.
    pub fn share(&self, count: usize) -> Range<usize> {
        assert!(count.is_multiple_of(self.size), "share: {count} cannot be shared out to {} processes", self.size);
        let each = count / self.size;
        self.rank * each..(self.rank + 1) * each
    }

    /// Makes each value the mean over all processes, the same bits in each. All must call this, with as many values;
    /// it waits for them.
    pub fn average(&self, values: &mut [f32]) {
        let Some(link) = &self.link else { return };
        link.sum(values);
        let part = 1.0 / self.size as f32;
        values.iter_mut().for_each(|value| *value *= part);
    }

    /// The values of all processes, in the order of their ranks. All must call this, with as many values; it waits for
    /// them.
    pub fn gather(&self, values: &[f32]) -> Vec<f32> {
        self.link.as_ref().map_or_else(|| values.to_vec(), |link| link.gather(values, self.size))
    }

    /// Whether any process says so. All must call this; it waits for them.
    pub fn any(&self, said: bool) -> bool {
        let Some(link) = &self.link else { return said };
        let mut count = [f32::from(u8::from(said))];
        link.sum(&mut count);
        count[0] > 0.0
    }

    /// Overwrites the values with those of the process that leads. All must call this, with as many values.
    pub fn follow(&self, values: &mut [f32]) {
        if let Some(link) = &self.link {
            link.broadcast(bytemuck::cast_slice_mut(values));
        }
    }

    /// What the process that leads says, whatever this one does. All must call this; it waits for that one.
    pub fn hear(&self, said: &[u8]) -> Vec<u8> {
        let Some(link) = &self.link else { return said.to_vec() };
        let mut length = (said.len() as u64).to_le_bytes();
        link.broadcast(&mut length);
        let mut heard = if self.leads() { said.to_vec() } else { vec![0; u64::from_le_bytes(length) as usize] };
        link.broadcast(&mut heard);
        heard
    }

    /// Ends this process, and with it all others, which would wait for it in vain.
    pub fn abort(&self, code: u8) -> ! {
        match &self.link {
            Some(link) => link.abort(i32::from(code)),
            None => exit(i32::from(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::World;

    /// A process that nobody answers.
    fn world(rank: usize, size: usize) -> World {
        World { rank, size, link: None }
    }

    #[test]
    fn shares_are_equal_and_make_up_the_whole_in_order() {
        for size in 1..=6 {
            for each in [1, 2, 5] {
                let shares: Vec<_> = (0..size).map(|rank| world(rank, size).share(size * each)).collect();
                assert!(shares.iter().all(|share| share.len() == each), "{shares:?}");
                assert_eq!(shares.into_iter().flatten().collect::<Vec<_>>(), (0..size * each).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    #[should_panic(expected = "7 cannot be shared out to 2 processes")]
    fn what_does_not_divide_is_refused() {
        let _ = world(0, 2).share(7);
    }

    #[test]
    fn alone_everything_is_as_it_was() {
        let (alone, mut values) = (World::alone(), [1.5, -2.0]);
        assert!(alone.is_alone() && alone.leads() && alone.any(true) && !alone.any(false));
        assert_eq!((alone.share(7), alone.gather(&values)), (0..7, values.to_vec()));
        alone.average(&mut values);
        alone.follow(&mut values);
        assert_eq!((values, alone.hear(b"words")), ([1.5, -2.0], b"words".to_vec()));
    }
}
