//! Every differentiable op: its shape rule, its launch and its derivative, a family to a file.
//!
//! An op takes and returns [`Var`](crate::autograd::Var)s. The derivative of each stands beside it as a closure that
//! calls the same ops, so a gradient taken with `create_graph` can be differentiated again without a second line of
//! code.

pub mod activation;
pub mod augment;
pub mod colour;
pub mod conv;
pub mod elementwise;
mod launch;
pub mod loss;
pub mod matmul;
mod measured;
pub mod mixed;
pub mod norm;
pub mod panels;
pub mod probe;
pub mod random;
pub mod reduce;
mod register_tile;
pub mod resample;
pub mod rows;
pub mod shape;
mod tile;
mod variants;

use crate::{autograd::Tape, gpu::Gpu};

/// A tape on a device: [`Tape::new`] with the addition that sums gradients.
pub fn tape(gpu: &Gpu) -> Tape {
    Tape::new(gpu, elementwise::add)
}
