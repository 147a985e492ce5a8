//! Scalars that are to be logged, gathered on the device so that one read brings them all.

use crate::{
    autograd::Var,
    gpu::{Error, Readback},
    ops::elementwise::copy_into,
    tensor::Tensor,
};

/// Elements from one scalar to the next: a tensor may start at every 256th byte of a buffer.
const STRIDE: usize = 64;

/// Scalars on their way from the device.
pub struct Pending {
    readback: Readback,
}

impl Pending {
    /// Records the read of these scalars.
    pub(crate) fn new(scalars: &[&Var]) -> Self {
        let gpu = scalars[0].tape().gpu();
        let buffer = gpu.buffer(scalars.len() * STRIDE * 4);
        for (place, scalar) in scalars.iter().enumerate() {
            copy_into(scalar.value(), &Tensor::view(gpu, &buffer, (place * STRIDE * 4) as u64, []));
        }
        Self { readback: gpu.read(&buffer) }
    }

    /// The figures if they have arrived, else `None`; never waits.
    ///
    /// # Errors
    /// When the device failed.
    pub fn try_take(&self) -> Result<Option<Vec<f32>>, Error> {
        Ok(self.readback.try_take()?.map(Self::picked))
    }

    /// Waits for the figures.
    ///
    /// # Errors
    /// When the device failed.
    pub fn wait(&self) -> Result<Vec<f32>, Error> {
        self.readback.wait().map(Self::picked)
    }

    fn picked(values: Vec<f32>) -> Vec<f32> {
        values.into_iter().step_by(STRIDE).collect()
    }
}
