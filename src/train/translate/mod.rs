//! What the recipes from picture to picture have in common: two sets of pictures that nobody has paired, a's (such as
//! photographs) and b's (such as anime), and a generator from one to the other.

pub mod measure;
mod nce;
mod parts;
mod pool;
mod recipe;
mod settings;

pub(super) use self::recipe::read;
pub use self::{
    nce::{Positions, patch_nce, positions},
    parts::Parts,
    pool::ImagePool,
    settings::{Common, Flags},
};

use super::{pending::Pending, recipe::Trained};
use crate::{
    gpu::{self, Gpu},
    ops::elementwise::unpack_bytes,
    tensor::Tensor,
};

/// Pictures of one step, `[N, H, W, 3]` in [-1, 1].
pub struct Batches {
    /// What is translated.
    pub a: Tensor,
    /// What it is to look like.
    pub b: Tensor,
    /// Others of that kind with their edges smoothed, where the recipe wants them.
    pub smooth: Option<Tensor>,
}

/// A recipe from picture to picture, without its pictures.
pub trait Translator: Trained {
    /// The values that all such recipes have.
    fn common(&self) -> &Common;

    /// The names of a step's figures.
    fn columns(&self) -> &'static [&'static str];

    /// One step, when the part `progress` of the run lies behind. Records and submits; does not wait.
    ///
    /// # Errors
    /// When the device failed.
    fn step(&mut self, batches: &Batches, progress: f64) -> Result<Pending, gpu::Error>;

    /// What becomes of pictures `[N, H, W, 3]` of the kind a: a column of the sample sheet each, the translation first.
    /// Drawn with the averages of the weights where they are kept.
    fn draw(&self, a: &Tensor) -> Vec<Tensor>;

    /// The networks in a sentence.
    fn introduction(&self) -> String;
}

/// Bytes `[N, H, W, 3]` of pictures of `size` as a tensor.
fn unpacked(gpu: &Gpu, bytes: &[u8], [height, width]: [usize; 2]) -> Tensor {
    unpack_bytes(gpu, [bytes.len() / (3 * height * width), height, width, 3], bytes)
}
