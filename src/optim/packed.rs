//! Parameters behind each other in one buffer, so that one launch reaches them all.

use crate::{
    autograd::Tape,
    gpu::{Binding, Buffer, Gpu},
    nn::Parameter,
    ops::elementwise::{copy_into, fill},
    tensor::Tensor,
};

/// Where parts of one buffer may start: WebGPU's coarsest alignment of a binding.
const ALIGNMENT: u64 = 256;

/// The parameters of an optimizer, and the places of their gradients and moments in packed memory.
///
/// The gaps that the alignment leaves are zero and stay zero under every update.
pub(super) struct Packed {
    parameters: Vec<(String, Parameter)>,
    offsets: Vec<u64>,
    bytes: u64,
    values: Buffer,
    gradients: Buffer,
    gpu: Gpu,
}

impl Packed {
    /// Moves the parameters' values into packed memory; the parameters are views of it from now on.
    pub(super) fn new(parameters: Vec<(String, Parameter)>) -> Self {
        let gpu = parameters.first().expect("an optimizer has parameters").1.var().tape().gpu().clone();
        let mut offsets = Vec::with_capacity(parameters.len());
        let mut bytes = 0;
        for (_, parameter) in &parameters {
            offsets.push(bytes);
            bytes = (bytes + parameter.var().value().len() as u64 * 4).next_multiple_of(ALIGNMENT);
        }
        let (values, gradients) = (zeros(&gpu, bytes), zeros(&gpu, bytes));
        for ((_, parameter), offset) in parameters.iter().zip(&offsets) {
            let before = parameter.var();
            let view = Tensor::view(&gpu, &values, *offset, before.shape());
            copy_into(before.value(), &view);
            parameter.set(before.tape().leaf(view));
        }
        Self { parameters, offsets, bytes, values, gradients, gpu }
    }

    pub(super) fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// The parameters' tape.
    pub(super) fn tape(&self) -> Tape {
        self.parameters[0].1.var().tape().clone()
    }

    /// The parameters' memory.
    pub(super) fn values(&self) -> Binding {
        (&self.values).into()
    }

    /// More memory of the same layout, zero.
    pub(super) fn moment(&self) -> Buffer {
        zeros(&self.gpu, self.bytes)
    }

    /// How many vec4s the memory holds, gaps included.
    pub(super) fn count(&self) -> u32 {
        (self.bytes / 16) as u32
    }

    /// Puts the parameters' gradients behind each other and forgets them.
    ///
    /// # Panics
    /// When a parameter has no gradient.
    pub(super) fn gather(&self) -> Binding {
        for ((name, parameter), offset) in self.parameters.iter().zip(&self.offsets) {
            let var = parameter.var();
            let gradient = var.grad().unwrap_or_else(|| panic!("the parameter '{name}' has no gradient"));
            copy_into(gradient.value(), &Tensor::view(&self.gpu, &self.gradients, *offset, var.shape()));
            var.zero_grad();
        }
        (&self.gradients).into()
    }

    /// The gradients gathered last, behind each other with their gaps.
    pub(super) fn gathered(&self) -> Tensor {
        Tensor::view(&self.gpu, &self.gradients, 0, [self.bytes as usize / 4])
    }

    /// Each parameter's part of the gradients gathered last.
    pub(super) fn gradients(&self) -> Vec<(String, Tensor)> {
        self.parts(&self.gradients)
    }

    /// Each parameter's part of a moment, by the parameter's name.
    pub(super) fn parts(&self, moment: &Buffer) -> Vec<(String, Tensor)> {
        let part = |((name, parameter), offset): (&(String, Parameter), &u64)| {
            (name.clone(), Tensor::view(&self.gpu, moment, *offset, parameter.var().shape()))
        };
        self.parameters.iter().zip(&self.offsets).map(part).collect()
    }

    /// Forgets all gradients.
    pub(super) fn zero_grad(&self) {
        for (_, parameter) in &self.parameters {
            parameter.var().zero_grad();
        }
    }
}

fn zeros(gpu: &Gpu, bytes: u64) -> Buffer {
    let buffer = gpu.buffer(bytes as usize);
    fill(&Tensor::view(gpu, &buffer, 0, [bytes as usize / 4]), 0.0);
    buffer
}
