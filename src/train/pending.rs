//! Scalars that are to be logged, gathered on the device so that one read brings them all.

use crate::{
    autograd::Var,
    gpu::{Error, Readback},
    ops::elementwise::copy_into,
    tensor::Tensor,
};

/// Elements from one scalar to the next: a tensor may start at every 256th byte of a buffer.
const STRIDE: usize = 64;

/// Scalars on their way from the device, or known already.
pub struct Pending(State);

enum State {
    Coming(Readback),
    Known(Vec<f32>),
}

impl Pending {
    /// Records the read of these scalars.
    pub(crate) fn new(scalars: &[&Var]) -> Self {
        let gpu = scalars[0].tape().gpu();
        let buffer = gpu.buffer(scalars.len() * STRIDE * 4);
        for (place, scalar) in scalars.iter().enumerate() {
            copy_into(scalar.value(), &Tensor::view(gpu, &buffer, (place * STRIDE * 4) as u64, []));
        }
        Self(State::Coming(gpu.read(&buffer)))
    }

    /// Scalars that need no device.
    pub(crate) fn known(figures: Vec<f32>) -> Self {
        Self(State::Known(figures))
    }

    /// The figures if they have arrived, else `None`; never waits.
    ///
    /// # Errors
    /// When the device failed.
    pub fn try_take(&self) -> Result<Option<Vec<f32>>, Error> {
        match &self.0 {
            State::Coming(readback) => Ok(readback.try_take()?.map(Self::picked)),
            State::Known(figures) => Ok(Some(figures.clone())),
        }
    }

    /// Waits for the figures.
    ///
    /// # Errors
    /// When the device failed.
    pub fn wait(&self) -> Result<Vec<f32>, Error> {
        match &self.0 {
            State::Coming(readback) => readback.wait().map(Self::picked),
            State::Known(figures) => Ok(figures.clone()),
        }
    }

    fn picked(values: Vec<f32>) -> Vec<f32> {
        values.into_iter().step_by(STRIDE).collect()
    }
}
