//! What PyTorch computed in float64, typed; no engine here. Each file's format is told by the script that makes it.
//!
//! - `reference.json`, made by `make_reference.py`: every op at small odd shapes; read by `reference::pytorch`.
//! - `dcgan_steps.safetensors`, made by `make_dcgan.py`, read by [`dcgan::steps`]: ten training steps of a narrow
//!   DCGAN-64, for a **teacher-forced** test. Of each [`dcgan::Step`], give the engine the weights and moments of
//!   `generator` and `discriminator`, its `noise` and `pictures`; compare the losses and both networks' gradients;
//!   run G's half against the weights of `discriminator_after`; and give the fused Adam a golden state with golden
//!   gradients, to compare with the state after. `float32` holds how far PyTorch's own float32 is off, forced and
//!   running free.
//! - `dcgan_full_width.safetensors`, by the same script, read by [`dcgan::full_width`]: D's first half-step at ngf =
//!   ndf = 64, the gradients as [`Digest`]s.
//!
//! Numbers are f64. Those that start a step are float32 numbers in step 1 and at full width; in later steps the engine
//! rounds them. Everything is in the engine's layout: pictures and feature maps NHWC, convolution weights
//! `[k_h, k_w, c_in, c_out]`, those of transposed convolutions `[k_h, k_w, c_out, c_in]`. A tensor's name is
//! `<network>.<place>.<weight|bias>` with the place in the layer list of PyTorch's example, activations counted: G is
//! 0 conv, 1 norm, 2 relu, 3 conv, … 12 conv, 13 tanh; D is 0 conv, 1 leaky_relu, 2 conv, 3 norm, 4 leaky_relu, … 11
//! conv. Gamma is the norm's `weight`, beta its `bias`.

pub mod dcgan;
pub mod formula;

use safetensors::{Dtype, SafeTensors};

/// A named tensor in the engine's layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// What is kept of a tensor too large to keep.
#[derive(Clone, Debug)]
pub struct Digest {
    pub name: String,
    /// All entries, or as many as were kept of them: those that [`dcgan::sample`] takes.
    pub sample: Vec<f64>,
    /// The largest magnitude of all entries.
    pub max: f64,
    /// The L2 norm of all entries.
    pub norm: f64,
}

/// A golden file, opened.
struct File<'a>(SafeTensors<'a>);

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Self {
        Self(SafeTensors::deserialize(bytes).expect("the golden file is in safetensors format"))
    }

    /// All numbers of one tensor, of either precision.
    fn numbers(&self, name: &str) -> Vec<f64> {
        let view = self.0.tensor(name).unwrap_or_else(|_| panic!("the golden file has no tensor {name}"));
        let data = view.data();
        match view.dtype() {
            Dtype::F32 => data.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            other => panic!("{name}: golden tensors are F32 or F64, this is {other:?}"),
        }
    }

    /// Row `index` of a tensor `[.., N]`.
    fn row<const N: usize>(&self, name: &str, index: usize) -> [f64; N] {
        self.numbers(name).as_chunks().0[index]
    }
}
