//! Recipes: how networks are trained. The loop of each reads like the algorithm of its paper.

pub mod dcgan;
pub mod objective;
mod pending;
