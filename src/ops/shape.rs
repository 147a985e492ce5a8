//! Other views of the same values: no kernel runs.

use crate::{autograd::Var, tensor::Shape};

/// The same values under another shape (`torch.reshape`). They share their memory.
///
/// # Panics
/// When the number of elements differs.
pub fn reshape(x: &Var, shape: impl Into<Shape>) -> Var {
    let before = x.shape();
    Var::from_op("reshape", x.value().reshape(shape), &[x], move |dy, _| vec![Some(reshape(dy, before))])
}
