//! Networks, and nothing else: how they are trained stands in [`crate::train`].

pub mod dcgan;
