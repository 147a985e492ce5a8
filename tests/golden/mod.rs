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
//! - `cyclegan_step.safetensors` and `cut_step.safetensors`, made by `make_cyclegan.py` and `make_cut.py`, read by
//!   [`cyclegan::steps`] and [`cut::steps`]: training steps of tiny networks, for teacher-forced tests likewise.
//! - `weights/*.pth` and `networks.safetensors`, made by `make_networks.py`, read by [`networks`]: weight files as
//!   `torch.save` writes them, and what the networks in them make of a few pictures.
//! - `fastgan.safetensors`, made by `make_fastgan.py`, read by [`fastgan::tensor`]: what FastGAN's networks make of
//!   noise and of pictures.
//! - `small_data.safetensors`, made by `make_small_data.py`, read by [`small_data::tensor`]: what is made of pictures
//!   where there are few of them, and penalties.
//!
//! - `inception.safetensors`, made by `make_inception.py`, read by [`inception::golden`].
//!
//! Numbers are f64. Those that start a step are float32 numbers in step 1 and at full width; in later steps the engine
//! rounds them. Everything but the `.pth` files is in the engine's layout: pictures and feature maps NHWC, convolution
//! weights `[k_h, k_w, c_in, c_out]`, those of transposed convolutions `[k_h, k_w, c_out, c_in]`, linear ones
//! `[in, out]`. A tensor's name is `<network>.<name in PyTorch>`, the networks being named as in the published code. In
//! DCGAN that is `<network>.<place>.<weight|bias>` with the place in the layer list of PyTorch's example, activations
//! counted: G is 0 conv, 1 norm, 2 relu, 3 conv, … 12 conv, 13 tanh; D is 0 conv, 1 leaky_relu, 2 conv, 3 norm,
//! 4 leaky_relu, … 11 conv. Gamma is the norm's `weight`, beta its `bias`.

pub mod cut;
pub mod cyclegan;
pub mod dcgan;
pub mod fastgan;
pub mod formula;
pub mod inception;
pub mod networks;
pub mod small_data;

use safetensors::{Dtype, SafeTensors};
use sumi::reference::optim::adam;

/// Adam's learning rate, betas and eps, in all goldens.
pub const ADAM: [f64; 4] = [2e-4, 0.5, 0.999, 1e-8];

/// A named tensor in the engine's layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// A network between two steps. Moments go with the weights, tensor by tensor; zero before the first step.
#[derive(Clone, Debug)]
pub struct State {
    pub weights: Vec<Tensor>,
    pub m: Vec<Vec<f64>>,
    pub v: Vec<Vec<f64>>,
}

impl State {
    fn at_rest(weights: Vec<Tensor>) -> Self {
        let zero: Vec<Vec<f64>> = weights.iter().map(|w| vec![0.0; w.values.len()]).collect();
        Self { weights, m: zero.clone(), v: zero }
    }

    /// After Adam's step `number` on `gradients`.
    fn updated(&self, gradients: &[Tensor], number: u64) -> Self {
        let [lr, beta1, beta2, eps] = ADAM;
        let mut next = self.clone();
        for (i, gradient) in gradients.iter().enumerate() {
            let (w, m, v) = (&self.weights[i].values, &self.m[i], &self.v[i]);
            (next.weights[i].values, next.m[i], next.v[i]) =
                adam(w, &gradient.values, m, v, number, lr, beta1, beta2, eps);
        }
        next
    }
}

/// What to measure the errors of a gradient by: the largest entry of it; where it is zero, being that of a bias before
/// an instance norm, the largest entry of its weight's.
pub fn yardstick(gradients: &[Tensor], name: &str) -> f64 {
    let largest = |name: &str| {
        let gradient =
            gradients.iter().find(|g| g.name == name).unwrap_or_else(|| panic!("there is no gradient {name}"));
        gradient.values.iter().fold(0.0, |most: f64, v| most.max(v.abs()))
    };
    match largest(name) {
        0.0 => largest(&name.replace("bias", "weight")),
        own => own,
    }
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
struct File<'a> {
    tensors: SafeTensors<'a>,
    /// The parameters of all networks as PyTorch lists them, where the file says.
    order: Vec<String>,
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Self {
        let (_, header) = SafeTensors::read_metadata(bytes).expect("the golden file is in safetensors format");
        let order = header.metadata().as_ref().and_then(|entries| entries.get("order")).map_or("", String::as_str);
        Self {
            tensors: SafeTensors::deserialize(bytes).expect("the golden file is in safetensors format"),
            order: order.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// All numbers of one tensor, of either precision.
    fn numbers(&self, name: &str) -> Vec<f64> {
        let view = self.tensors.tensor(name).unwrap_or_else(|_| panic!("the golden file has no tensor {name}"));
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

    fn shape(&self, name: &str) -> Vec<usize> {
        self.tensors.tensor(name).unwrap_or_else(|_| panic!("the golden file has no tensor {name}")).shape().to_vec()
    }

    fn tensor(&self, name: &str) -> Tensor {
        Tensor { name: name.to_owned(), shape: self.shape(name), values: self.numbers(name) }
    }

    /// Entry `index` of a tensor's first axis.
    fn at(&self, name: &str, index: usize) -> Vec<f64> {
        let len = self.shape(name)[1..].iter().product();
        self.numbers(name)[index * len..][..len].to_vec()
    }

    /// The names of a network's parameters, in PyTorch's order.
    fn names(&self, network: &str) -> impl Iterator<Item = &String> {
        self.order.iter().filter(move |name| name.strip_prefix(network).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Of every parameter `name` of a network the tensor `<kind>.<name>`.
    fn network(&self, kind: &str, network: &str) -> Vec<Tensor> {
        let of = |name: &String| Tensor { name: name.clone(), ..self.tensor(&format!("{kind}.{name}")) };
        self.names(network).map(of).collect()
    }

    /// Of every parameter `name` of a network entry `index` of the tensor `<kind>.<name>`.
    fn network_at(&self, kind: &str, network: &str, index: usize) -> Vec<Tensor> {
        let of = |name: &String| {
            let stored = format!("{kind}.{name}");
            Tensor { name: name.clone(), shape: self.shape(&stored)[1..].to_vec(), values: self.at(&stored, index) }
        };
        self.names(network).map(of).collect()
    }

    /// Fails where weights are not those of which entry `index` of `<kind>.<name>` is a sample: states are recomputed
    /// from stored gradients, and must arrive where PyTorch's own Adam did.
    fn assert_samples(&self, kind: &str, state: &State, index: usize) {
        for Tensor { name, values, .. } in &state.weights {
            let stored = self.at(&format!("{kind}.{name}"), index);
            let got = dcgan::sample(values, stored.len());
            assert_eq!(got.len(), stored.len(), "{name}");
            for (got, want) in got.iter().zip(&stored) {
                assert!((got - want).abs() <= 1e-9, "{name} before step {}: {got} is not {want}", index + 1);
            }
        }
    }
}
