//! Normalisation as a layer.

use std::cell::Cell;

use super::{Layer, Module, Norm, Parameter, init::Init};
use crate::{
    autograd::{Tape, Var},
    ops::{
        elementwise::full,
        norm::{Running, batch_norm, group_norm, instance_norm},
    },
    tensor::Tensor,
};

/// `torch.nn.BatchNorm2d`: eps 1e-5, momentum 0.1.
pub struct BatchNorm2d {
    weight: Parameter,
    bias: Parameter,
    running: Running,
    training: Cell<bool>,
}

impl BatchNorm2d {
    /// A layer with weights from N(1, `std`²) and zero biases, in training mode.
    pub fn new(tape: &Tape, init: &mut Init, channels: usize, std: f32) -> Self {
        Self {
            weight: Parameter::new(tape, [channels], &init.normal(channels, 1.0, std)),
            bias: Parameter::new(tape, [channels], &vec![0.0; channels]),
            running: Running { mean: full(tape.gpu(), [channels], 0.0), var: full(tape.gpu(), [channels], 1.0) },
            training: Cell::new(true),
        }
    }
}

impl Module for BatchNorm2d {
    fn forward(&self, x: &Var) -> Var {
        batch_norm(x, &self.weight.var(), &self.bias.var(), &self.running, self.training.get(), 0.1, 1e-5)
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        vec![("weight".to_owned(), self.weight.clone()), ("bias".to_owned(), self.bias.clone())]
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        vec![
            ("running_mean".to_owned(), self.running.mean.clone()),
            ("running_var".to_owned(), self.running.var.clone()),
        ]
    }

    fn train(&self, training: bool) {
        self.training.set(training);
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        // In training its statistics are those of the batch, and they move the running ones.
        (!self.training.get()).then(|| vec![Layer::Pointwise(self)])
    }
}

/// `torch.nn.InstanceNorm2d` without running statistics: each sample's channels are normalised over their pixels.
pub struct InstanceNorm2d {
    affine: Option<Affine>,
    eps: f32,
}

impl InstanceNorm2d {
    /// A layer, which scales by 1 and shifts by 0 at first where it is `affine`. PyTorch's `eps` is 1e-5.
    pub fn new(tape: &Tape, channels: usize, affine: bool, eps: f32) -> Self {
        Self { affine: affine.then(|| Affine::new(tape, channels)), eps }
    }
}

impl Module for InstanceNorm2d {
    fn forward(&self, x: &Var) -> Var {
        match &self.affine {
            Some(Affine { weight, bias }) => instance_norm(x, Some((&weight.var(), &bias.var())), self.eps),
            None => instance_norm(x, None, self.eps),
        }
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        self.affine.iter().flat_map(Affine::parameters).collect()
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        let affine = self.affine.as_ref().map(|Affine { weight, bias }| [weight, bias]);
        Some(vec![Layer::Norm(Norm { groups: None, affine, eps: self.eps })])
    }
}

/// `torch.nn.GroupNorm`: each sample's groups of channels are normalised over their pixels, then each channel is scaled
/// and shifted. One group is layer normalisation over channels and pixels.
pub struct GroupNorm {
    groups: usize,
    affine: Affine,
    eps: f32,
}

impl GroupNorm {
    /// A layer, which scales by 1 and shifts by 0 at first. PyTorch's `eps` is 1e-5.
    ///
    /// # Panics
    /// When `groups` do not divide the channels.
    pub fn new(tape: &Tape, groups: usize, channels: usize, eps: f32) -> Self {
        let divide = groups > 0 && channels.is_multiple_of(groups);
        assert!(divide, "GroupNorm: {groups} groups do not divide {channels} channels");
        Self { groups, affine: Affine::new(tape, channels), eps }
    }
}

impl Module for GroupNorm {
    fn forward(&self, x: &Var) -> Var {
        let Affine { weight, bias } = &self.affine;
        group_norm(x, self.groups, Some((&weight.var(), &bias.var())), self.eps)
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        self.affine.parameters().into()
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        let Affine { weight, bias } = &self.affine;
        Some(vec![Layer::Norm(Norm { groups: Some(self.groups), affine: Some([weight, bias]), eps: self.eps })])
    }
}

/// Scale and shift of each channel, `[C]` both.
struct Affine {
    weight: Parameter,
    bias: Parameter,
}

impl Affine {
    fn new(tape: &Tape, channels: usize) -> Self {
        let of = |value| Parameter::new(tape, [channels], &vec![value; channels]);
        Self { weight: of(1.0), bias: of(0.0) }
    }

    fn parameters(&self) -> [(String, Parameter); 2] {
        [("weight".to_owned(), self.weight.clone()), ("bias".to_owned(), self.bias.clone())]
    }
}
