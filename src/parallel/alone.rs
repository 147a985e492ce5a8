//! The connection of a build without MPI: there is none, and what it would do needs no code.

/// Has no values.
pub(super) enum Link {}

impl Link {
    pub(super) fn open() -> Option<(usize, usize, Self)> {
        None
    }

    pub(super) fn local_rank(&self) -> usize {
        match *self {}
    }

    pub(super) fn sum(&self, _: &mut [f32]) {
        match *self {}
    }

    pub(super) fn gather(&self, _: &[f32], _: usize) -> Vec<f32> {
        match *self {}
    }

    pub(super) fn broadcast(&self, _: &mut [u8]) {
        match *self {}
    }

    pub(super) fn abort(&self, _: i32) -> ! {
        match *self {}
    }
}
