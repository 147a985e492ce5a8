//! From WGSL text to the module a device compiles.
