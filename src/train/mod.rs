//! Recipes: how networks are trained. The loop of each reads like the algorithm of its paper.
//!
//! [`dcgan`] computes; [`run`] makes a run of it that a person can start, watch, stop and continue: [`preset`] and
//! [`config`] say what is trained, [`report`] keeps the run's folder, [`checkpoint`] its state, [`sample`] draws from
//! it.

pub mod anime;
pub mod augment;
pub mod checkpoint;
pub mod config;
pub mod cut;
pub mod cyclegan;
pub mod dcgan;
mod error;
pub mod faces;
pub mod flags;
pub mod generator;
pub mod latent;
pub mod metric;
pub mod noise;
pub mod objective;
pub mod parallel;
pub mod penalty;
mod pending;
mod pictures;
pub mod plan;
pub mod preset;
pub mod recipe;
pub mod report;
pub mod run;
pub mod sample;
pub mod stylize;
pub mod translate;
pub mod update;
pub mod watch;

pub use error::Error;
