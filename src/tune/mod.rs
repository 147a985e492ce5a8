//! Which tiles are the fastest on this adapter, found out by measuring, for `bench tune`.
//!
//! [`fn@questions`] tells what networks ask the ops to choose; a [`Problem`] is one such question with numbers to
//! compute on; [`fn@measure`] tries what can be chosen, holds each result against the kernel by definition, and keeps
//! what is reliably faster than the rule's choice. [`crate::gpu::Cache`] keeps the outcome for later runs.

mod measure;
mod problem;
mod questions;

pub use self::{
    measure::{Dropped, Effort, Finding, Listener, measure, merged},
    problem::{Problem, describe},
    questions::questions,
};
