//! Normalisation: over the batch, with statistics of each channel, and per sample, with statistics of groups of
//! channels.

mod batch;
mod group;

pub use self::{
    batch::{Running, batch_norm},
    group::{group_norm, group_norm_with, group_statistics, instance_norm, layer_norm, statistics},
};
