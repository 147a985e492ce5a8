//! Random tensors, counter based: what is drawn depends on seed, step and place alone, so that a run goes on after a
//! resume, on any adapter, as if it had never stopped.

use std::cell::Cell;

use bytemuck::{Pod, Zeroable};

use crate::{
    gpu::{Buffer, Dispatch, Gpu},
    tensor::{Shape, Tensor},
};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    count: u32,
    draw: u32,
}

/// Draws are numbered from 1: the blocks that would be draw 0 are those of [`crate::philox::Philox`] on the host, where
/// the stream stands in the place of the step.
const FIRST_DRAW: u32 = 1;

/// The random numbers of one step: the n-th draw of step s under a seed is always the same.
pub struct Random {
    gpu: Gpu,
    state: Buffer,
    draws: Cell<u32>,
}

impl Random {
    /// The numbers of step `step` under `seed`.
    pub fn new(gpu: &Gpu, seed: u64, step: u64) -> Self {
        let state = gpu.upload(&[step as u32, (step >> 32) as u32, seed as u32, (seed >> 32) as u32]);
        Self { gpu: gpu.clone(), state, draws: Cell::new(FIRST_DRAW) }
    }

    /// Other numbers of the same step: those of stream `stream`, from 1, of which there are 65 535. What is drawn from
    /// one does not depend on how much is drawn from another.
    ///
    /// # Panics
    /// When `stream` is 65 536 or more.
    pub fn stream(gpu: &Gpu, seed: u64, step: u64, stream: u32) -> Self {
        assert!(stream < 1 << 16, "there are streams up to 65535, not {stream}");
        let random = Self::new(gpu, seed, step);
        random.draws.set((stream << 16) + FIRST_DRAW);
        random
    }

    /// Numbers from N(0, 1) (`torch.randn`).
    pub fn normal(&self, shape: impl Into<Shape>) -> Tensor {
        self.draw("normal", shape.into())
    }

    /// Numbers from [0, 1), each a multiple of 2⁻²⁴ (`torch.rand`).
    pub fn uniform(&self, shape: impl Into<Shape>) -> Tensor {
        self.draw("uniform", shape.into())
    }

    /// 32 random bits in each element. They are integers: read them back as bits, do not calculate with them.
    pub fn philox(&self, shape: impl Into<Shape>) -> Tensor {
        self.draw("philox", shape.into())
    }

    fn draw(&self, kernel: &'static str, shape: Shape) -> Tensor {
        let output = Tensor::empty(&self.gpu, shape);
        let count = shape.len().div_ceil(4);
        let params = Params { count: count as u32, draw: self.draws.replace(self.draws.get() + 1) };
        let dispatch = Dispatch::new(kernel, &params).invocations(count).bind(&self.state).bind(&output);
        self.gpu.dispatch(dispatch.work(40.0 * count as f64, 16.0 * count as f64));
        output
    }
}
