//! The connection through MPI. Each function is one collective call, which every process has to make.

use ::mpi::{
    Threading,
    collective::SystemOperation,
    environment::Universe,
    initialize_with_threading,
    topology::SimpleCommunicator,
    traits::{Communicator, CommunicatorCollectives, Root},
};

/// Elements of one call: MPI counts in 32 bits, and a fixed number keeps the order of the sums.
const PORTION: usize = 1 << 24;

/// A connection that is open. MPI ends when it is dropped.
pub(super) struct Link {
    everybody: SimpleCommunicator,
    local_rank: usize,
    // Last, for it ends MPI.
    _universe: Universe,
}

impl Link {
    /// Rank, number of processes, connection; `None` where there is one process.
    pub(super) fn open() -> Option<(usize, usize, Self)> {
        // Other threads compute; only the one that opened the connection speaks.
        let (universe, _) = initialize_with_threading(Threading::Funneled).expect("MPI is begun once in a program");
        let everybody = universe.world();
        let (rank, size) = (everybody.rank(), everybody.size());
        let local_rank = everybody.split_shared(rank).rank() as usize;
        (size > 1).then(|| (rank as usize, size as usize, Self { everybody, local_rank, _universe: universe }))
    }

    pub(super) fn local_rank(&self) -> usize {
        self.local_rank
    }

    /// Makes each value the sum over all processes. The order is MPI's: for one number of processes and of values it is
    /// always the same.
    pub(super) fn sum(&self, values: &mut [f32]) {
        for portion in values.chunks_mut(PORTION) {
            let own = portion.to_vec();
            self.everybody.all_reduce_into(&own[..], portion, SystemOperation::sum());
        }
    }

    /// The values of each process behind each other.
    pub(super) fn gather(&self, values: &[f32], size: usize) -> Vec<f32> {
        let mut all = vec![0.0; values.len() * size];
        let mut received = Vec::new();
        for (number, portion) in values.chunks(PORTION / size).enumerate() {
            received.resize(portion.len() * size, 0.0);
            self.everybody.all_gather_into(portion, &mut received[..]);
            let first = number * (PORTION / size);
            for (rank, part) in received.chunks_exact(portion.len()).enumerate() {
                let place = rank * values.len() + first;
                all[place..place + part.len()].copy_from_slice(part);
            }
        }
        all
    }

    /// Overwrites the bytes with those of process 0.
    pub(super) fn broadcast(&self, bytes: &mut [u8]) {
        let first = self.everybody.process_at_rank(0);
        bytes.chunks_mut(PORTION).for_each(|portion| first.broadcast_into(portion));
    }

    pub(super) fn abort(&self, code: i32) -> ! {
        self.everybody.abort(code)
    }
}

impl Drop for Link {
    /// A process that panics would wait at MPI's end for the others, and they for it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.everybody.abort(101);
        }
    }
}
