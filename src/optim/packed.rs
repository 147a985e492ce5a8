//! Parameters behind each other in one buffer, so that one launch reaches them all.

use super::{
    clip::{clip_factor, sum_squares},
    loss_scale::{count_not_finite, judge_gradients},
};
use crate::{
    gpu::{Binding, Buffer, Gpu},
    nn::Parameter,
    ops::elementwise::{copy_into, copy_part, fill},
    parallel::World,
    tensor::Tensor,
};

/// Where parts of one buffer may start: WebGPU's coarsest alignment of a binding.
const ALIGNMENT: u64 = 256;

/// The parameters of an optimizer, and the places of their gradients and moments in packed memory.
///
/// The gaps that the alignment leaves are zero among the gradients; what lies in those of the values nobody reads.
pub(super) struct Packed {
    parameters: Vec<(String, Parameter)>,
    offsets: Vec<u64>,
    bytes: u64,
    values: Buffer,
    gradients: Buffer,
    gpu: Gpu,
    world: World,
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
        Self { parameters, offsets, bytes, values, gradients, gpu, world: World::alone() }
    }

    pub(super) fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    pub(super) fn parameters(&self) -> &[(String, Parameter)] {
        &self.parameters
    }

    /// The parameters' memory.
    pub(super) fn values(&self) -> Binding {
        (&self.values).into()
    }

    /// More memory of the same layout, zero.
    pub(super) fn moment(&self) -> Buffer {
        zeros(&self.gpu, self.bytes)
    }

    /// A copy of the parameters' memory.
    pub(super) fn copy(&self) -> Tensor {
        let copy = Tensor::empty(&self.gpu, [self.bytes as usize / 4]);
        copy_into(&self.whole(), &copy);
        copy
    }

    /// Overwrites the parameters with such a copy.
    pub(super) fn restore(&self, copy: &Tensor) {
        copy_into(copy, &self.whole());
    }

    fn whole(&self) -> Tensor {
        Tensor::view(&self.gpu, &self.values, 0, [self.bytes as usize / 4])
    }

    /// How many vec4s the memory holds, gaps included.
    pub(super) fn count(&self) -> u32 {
        (self.bytes / 16) as u32
    }

    /// From now on gradients are the means over these processes, which must have the same parameters.
    pub(super) fn average_over(&mut self, world: &World) {
        self.world = world.clone();
    }

    /// Puts the parameters' gradients behind each other and forgets them; where several processes train together, they
    /// are then the means over all.
    ///
    /// # Panics
    /// When a parameter has no gradient.
    pub(super) fn gather(&self) -> Binding {
        for ((name, parameter), offset) in self.parameters.iter().zip(&self.offsets) {
            let var = parameter.var();
            let gradient = var.grad().unwrap_or_else(|| panic!("the parameter '{name}' has no gradient"));
            let (from, to) = (gradient.value(), Tensor::view(&self.gpu, &self.gradients, *offset, var.shape()));
            match from.len() {
                // Whatever lies behind the last element must not come along: the norm is of the whole memory.
                count if !count.is_multiple_of(4) => copy_part(from, &to, count, 0, 0),
                _ => copy_into(from, &to),
            }
            var.zero_grad();
        }
        if !self.world.is_alone() {
            self.average();
        }
        (&self.gradients).into()
    }

    /// Through the host's memory, in which MPI speaks.
    fn average(&self) {
        // A device that failed says so again at the step's submit, and the program ends the other processes.
        let Ok(mut gradients) = self.gpu.fetch(&self.gradients) else { return };
        self.world.average(&mut gradients);
        let shape = [gradients.len()];
        let averaged = Tensor::from_slice(&self.gpu, shape, &gradients);
        copy_into(&averaged, &Tensor::view(&self.gpu, &self.gradients, 0, shape));
    }

    /// What is to be done with the gradients gathered last, `[2]`: what they are multiplied by, and whether the step is
    /// left out. A scaled loss ([`crate::autograd::Tape::scale_losses`]) is divided out again, and leaves a step out
    /// where a gradient is not finite; what is then longer than `max_norm` is shortened to it.
    pub(super) fn verdict(&self, max_norm: Option<f64>) -> Binding {
        let gathered = || Tensor::view(&self.gpu, &self.gradients, 0, [self.bytes as usize / 4]);
        let state = self.parameters[0].1.var().tape().loss_scale();
        let judged = state.map(|state| judge_gradients(&count_not_finite(&gathered()), &state));
        let untouched = || {
            let constant = self.gpu.constant(&[1.0_f32, 0.0].map(f32::to_bits));
            Tensor::view(&self.gpu, &constant, 0, [2])
        };
        let verdict = judged.unwrap_or_else(untouched);
        match max_norm {
            None => (&verdict).into(),
            Some(max_norm) => (&clip_factor(&sum_squares(&gathered()), &verdict, max_norm)).into(),
        }
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
