//! Philox 4×32-10, the one source of every random choice.
