//! Changes of pictures, penalties and the minibatch standard deviation; `make_small_data.py` tells what each tensor is.

use super::{File, Tensor};

/// The parameters of the discriminator.
pub const WEIGHTS: [&str; 4] = ["0.weight", "0.bias", "2.weight", "2.bias"];

/// Sizes of the batches whose standard deviation is there.
pub const BATCHES: [usize; 3] = [8, 3, 1];

/// The tensor of that name.
pub fn tensor(name: &str) -> Tensor {
    File::open(include_bytes!("small_data.safetensors")).tensor(name)
}
