//! The vector operations that translated kernels are written in.
