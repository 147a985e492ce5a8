//! What the walk asks of a device.

use std::ops::Range;

use super::moments::Moments;
use crate::{
    autograd::{Tape, Var},
    gpu::Error,
    nn::{Module, Norm, Parameter, RowMap},
    ops::{
        elementwise::add,
        norm::{group_norm_with, statistics},
        shape::{concat_rows, reshape},
    },
    tensor::Tensor,
};

/// A device, or what counts in its place.
pub(super) trait Machine {
    /// A band on the device.
    type Value;
    /// A band in host memory.
    type Held;

    /// A band of `size` = `[rows, width, channels]` from host memory: of each part, those rows.
    fn upload(&self, parts: &[(&Self::Held, Range<usize>)], size: [usize; 3]) -> Self::Value;

    /// Two bands of a picture as one.
    fn join(&self, above: Self::Value, below: Self::Value) -> Self::Value;

    /// A layer on the input rows `held`, for the output rows `rows`.
    fn rows(&self, map: &dyn RowMap, x: Self::Value, held: Range<usize>, rows: Range<usize>) -> Self::Value;

    /// A normalisation with the statistics of the whole picture.
    fn norm(&self, norm: &Norm<'_>, moments: &Moments, x: Self::Value) -> Self::Value;

    /// A layer on pixels.
    fn pointwise(&self, layer: &dyn Module, x: Self::Value) -> Self::Value;

    /// The sum of two bands.
    fn add(&self, x: Self::Value, y: Self::Value) -> Self::Value;

    /// A band to host memory, and its statistics where they are wanted.
    fn download(&self, x: &Self::Value, moments: bool) -> Result<(Self::Held, Moments), Error>;
}

/// The device. Bands are `[1, rows, width, channels]`.
pub(super) struct Real<'t> {
    pub tape: &'t Tape,
}

impl Machine for Real<'_> {
    type Value = Var;
    type Held = Vec<f32>;

    fn upload(&self, parts: &[(&Vec<f32>, Range<usize>)], [rows, width, channels]: [usize; 3]) -> Var {
        let row = width * channels;
        let of = |(band, part): &(&Vec<f32>, Range<usize>)| band[part.start * row..part.end * row].to_vec();
        let shape = [1, rows, width, channels];
        let tensor = match parts {
            [(band, part)] if part.len() * row == band.len() => Tensor::from_slice(self.tape.gpu(), shape, band),
            _ => Tensor::from_slice(self.tape.gpu(), shape, &parts.iter().flat_map(of).collect::<Vec<f32>>()),
        };
        self.tape.constant(tensor)
    }

    fn join(&self, above: Var, below: Var) -> Var {
        let [_, _, width, channels] = above.shape().nhwc("join");
        let lines = |x: &Var| reshape(x, [x.shape().len() / (width * channels), width, channels]);
        let joined = concat_rows(&[lines(&above), lines(&below)]);
        let rows = joined.shape().dims()[0];
        reshape(&joined, [1, rows, width, channels])
    }

    fn rows(&self, map: &dyn RowMap, x: Var, held: Range<usize>, rows: Range<usize>) -> Var {
        map.band(&x, held, rows)
    }

    fn norm(&self, norm: &Norm<'_>, moments: &Moments, x: Var) -> Var {
        let groups = norm.groups.unwrap_or(x.shape().channels());
        let of_groups = moments.of_groups(groups, norm.eps);
        let [mean, rstd] = of_groups.map(|values| Tensor::from_slice(self.tape.gpu(), [1, groups], &values));
        let affine = norm.affine.map(|pair| pair.map(Parameter::var));
        group_norm_with(&x, &mean, &rstd, groups, affine.as_ref().map(|[gamma, beta]| (gamma, beta)))
    }

    fn pointwise(&self, layer: &dyn Module, x: Var) -> Var {
        layer.forward(&x)
    }

    fn add(&self, x: Var, y: Var) -> Var {
        add(&x, &y)
    }

    fn download(&self, x: &Var, moments: bool) -> Result<(Vec<f32>, Moments), Error> {
        let read = x.value().read();
        let statistics = moments.then(|| {
            let (mean, m2) = statistics(x.value());
            [mean.read(), m2.read()]
        });
        self.tape.gpu().submit()?;
        let band = read.wait()?;
        let moments = match statistics {
            Some([mean, m2]) => {
                let pixels = x.shape().len() / x.shape().channels();
                Moments::new(pixels, &mean.wait()?, &m2.wait()?)
            }
            None => Moments::default(),
        };
        Ok((band, moments))
    }
}
