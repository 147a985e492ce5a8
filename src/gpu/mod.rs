//! Devices behind one interface.

pub mod shader;
