//! How much work one submit may hold: drivers kill work that runs for seconds, so we aim at a tenth of one.

use std::time::Instant;

use crate::gpu::{AdapterKind, Work};

/// Seconds of work in one submit, about.
pub(super) const SUBMIT_SECONDS: f64 = 0.1;

/// An estimate of the device's speed, learnt from the submits that have finished.
pub(super) struct Pace {
    /// Units of cost per second.
    speed: f64,
}

/// The cost of a launch in units near one flop: a byte of memory is worth several, and every launch costs something.
pub(super) fn cost(work: Work) -> f64 {
    work.flops + 4.0 * work.bytes + 1e5
}

impl Pace {
    pub(super) fn new(kind: AdapterKind) -> Self {
        // A careful first guess: too low only means a few short submits until the first has been measured.
        Self { speed: if kind == AdapterKind::Software { 2e9 } else { 5e11 } }
    }

    /// The cost that fills a submit.
    pub(super) fn budget(&self) -> f64 {
        self.speed * SUBMIT_SECONDS
    }

    /// Takes in that work of `cost`, submitted at `begun`, is now done.
    pub(super) fn learn(&mut self, cost: f64, begun: Instant) {
        let seconds = begun.elapsed().as_secs_f64();
        // A short submit says more about latency than about speed; and it may have waited for one before it, so the
        // estimate is only ever too low.
        if cost > 0.1 * self.budget() && seconds > 0.0 {
            let seen = (cost / seconds).clamp(self.speed / 4.0, self.speed * 4.0);
            self.speed += 0.3 * (seen - self.speed);
        }
    }
}
