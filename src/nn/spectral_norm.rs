//! Spectral normalisation (Miyato et al., 2018): a convolution whose weights are divided by their largest singular
//! value, so that as a linear map of patches it stretches nothing.

use std::cell::Cell;

use super::{Conv2d, ConvTranspose2d, Module, Parameter, init::Init};
use crate::{
    autograd::{Tape, Var},
    ops::{
        elementwise::{copy_into, mul, reciprocal, shift},
        matmul::{matmul, transpose_last},
        reduce::{Axis, expand, sum},
        rows::normalize,
        shape::reshape,
    },
    tensor::Tensor,
};

/// Norms below this count as this much, as in PyTorch.
const EPS: f32 = 1e-12;

/// `torch.nn.utils.spectral_norm` around a convolution, or around a transposed one without groups.
///
/// The weights are seen as the matrix `W [k_h · k_w · c_in / groups, c_out]`, PyTorch's transposed. With `u [c_out]`
/// and `v`, the buffers `weight_u` and `weight_v`, near its first singular vectors, `σ = vᵀ W u` is near the largest
/// singular value, and the convolution is done with `W / σ`. Each forward in training mode first takes one step of
/// power iteration, `v ← W u / ‖W u‖`, `u ← Wᵀ v / ‖Wᵀ v‖`; in evaluation mode they stay. For the gradient they are
/// constants.
///
/// `weight_v` has the order of our weights' first three extents; PyTorch's is `[c_in, k_h, k_w]`, flattened.
pub struct SpectralNorm {
    conv: Layer,
    u: Tensor,
    v: Tensor,
    training: Cell<bool>,
}

/// What is normalised.
enum Layer {
    Conv(Conv2d),
    Transposed(ConvTranspose2d),
}

impl Layer {
    fn weight(&self) -> &Parameter {
        match self {
            Self::Conv(conv) => conv.weight(),
            Self::Transposed(conv) => conv.weight(),
        }
    }

    fn bias(&self) -> Option<&Parameter> {
        match self {
            Self::Conv(conv) => conv.bias(),
            Self::Transposed(conv) => conv.bias(),
        }
    }

    /// Output channels: the last extent of a convolution's weights, the last but one of a transposed one's.
    fn c_out(&self) -> usize {
        let shape = self.weight().var().shape();
        match self {
            Self::Conv(_) => shape.channels(),
            Self::Transposed(_) => shape.dims()[2],
        }
    }

    /// The weights with their output channels last.
    fn matrix(&self, rows: usize) -> Var {
        let weight = self.weight().var();
        let columns = weight.shape().len() / rows;
        match self {
            Self::Conv(_) => reshape(&weight, [rows, columns]),
            Self::Transposed(_) => reshape(&transpose_last(&weight), [rows, columns]),
        }
    }

    fn forward_with(&self, x: &Var, weight: &Var) -> Var {
        match self {
            Self::Conv(conv) => conv.forward_with(x, weight),
            Self::Transposed(conv) => conv.forward_with(x, weight),
        }
    }
}

impl SpectralNorm {
    /// Normalises the weights of `conv`, in training mode; `u` and `v` begin as random directions.
    pub fn new(tape: &Tape, init: &mut Init, conv: Conv2d) -> Self {
        Self::around(tape, init, Layer::Conv(conv))
    }

    /// The same around a transposed convolution, which has no groups.
    pub fn transposed(tape: &Tape, init: &mut Init, conv: ConvTranspose2d) -> Self {
        Self::around(tape, init, Layer::Transposed(conv))
    }

    fn around(tape: &Tape, init: &mut Init, conv: Layer) -> Self {
        let (len, c_out) = (conv.weight().var().value().len(), conv.c_out());
        let mut random = |len| Tensor::from_slice(tape.gpu(), [len], &unit(init.normal(len, 0.0, 1.0)));
        let (u, v) = (random(c_out), random(len / c_out));
        Self { conv, u, v, training: Cell::new(true) }
    }

    /// The weights over their largest singular value, after a step of power iteration in training mode.
    fn normalized(&self) -> Var {
        let weight = self.conv.weight().var();
        let (tape, shape) = (weight.tape(), weight.shape());
        let (rows, columns) = (self.v.len(), self.u.len());
        let matrix = self.conv.matrix(rows);
        let v = self.next(tape, &self.v, || matmul(&matrix, &tape.constant(self.u.reshape([columns, 1]))));
        let row = matmul(&reshape(&v, [1, rows]), &matrix);
        let u = self.next(tape, &self.u, || row.detach());
        let sigma = sum(&mul(&row, &reshape(&u, [1, columns])), Axis::All);
        mul(&weight, &expand(&reciprocal(&sigma), Axis::All, shape))
    }

    /// A singular vector for this forward: in training mode the direction of the product, which the buffer keeps.
    fn next(&self, tape: &Tape, buffer: &Tensor, product: impl FnOnce() -> Var) -> Var {
        if self.training.get() {
            let next = tape.no_grad(|| direction(&product()));
            copy_into(next.value(), buffer);
            next
        } else {
            // A copy: the gradient needs it as it now is, and another forward may change it first.
            shift(&tape.constant(buffer.clone()), 0.0)
        }
    }
}

/// `x / max(‖x‖, eps)`, whatever the shape of `x`.
fn direction(x: &Var) -> Var {
    reshape(&normalize(&reshape(x, [1, x.shape().len()]), EPS), x.shape())
}

fn unit(mut x: Vec<f32>) -> Vec<f32> {
    let norm = x.iter().map(|x| x * x).sum::<f32>().sqrt().max(EPS);
    x.iter_mut().for_each(|x| *x /= norm);
    x
}

impl Module for SpectralNorm {
    fn forward(&self, x: &Var) -> Var {
        self.conv.forward_with(x, &self.normalized())
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        let weight = std::iter::once(("weight_orig".to_owned(), self.conv.weight().clone()));
        weight.chain(self.conv.bias().map(|bias| ("bias".to_owned(), bias.clone()))).collect()
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        vec![("weight_u".to_owned(), self.u.clone()), ("weight_v".to_owned(), self.v.clone())]
    }

    fn train(&self, training: bool) {
        self.training.set(training);
    }
}
