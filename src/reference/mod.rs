//! Definitional f64 twins of every kernel.
