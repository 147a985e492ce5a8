//! Trains a network.

fn main() {}
