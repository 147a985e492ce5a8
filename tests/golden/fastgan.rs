//! A narrow FastGAN; `make_fastgan.py` tells what each tensor is.

use super::{File, Tensor};

/// The tensor of that name.
pub fn tensor(name: &str) -> Tensor {
    File::open(include_bytes!("fastgan.safetensors")).tensor(name)
}
