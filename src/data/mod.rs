//! Pictures: folders of them, built-in drawn portraits, and batches.

pub mod portraits;
