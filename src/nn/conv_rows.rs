//! Convolutions on some of a picture's rows.

use std::ops::Range;

use super::{Parameter, RowMap};
use crate::{
    autograd::Var,
    ops::{
        conv::{Conv2d as Config, Geometry, conv_transpose2d, conv2d, pad2d},
        shape::{reshape, slice_rows},
    },
};

/// A convolution on pictures of one size.
pub(super) struct ConvRows<'a> {
    pub weight: &'a Parameter,
    pub bias: Option<&'a Parameter>,
    pub geometry: Geometry,
}

/// A transposed convolution on pictures of one size; the geometry is that of the convolution it is the input gradient
/// of, so that its input is the geometry's output.
pub(super) struct ConvTransposeRows<'a> {
    pub weight: &'a Parameter,
    pub bias: Option<&'a Parameter>,
    pub geometry: Geometry,
}

/// How far the kernel reaches beyond its first row.
fn reach(geometry: &Geometry) -> usize {
    geometry.config.dilation[0] * (geometry.kernel[0] - 1)
}

impl ConvRows<'_> {
    /// Input rows of output rows, counted from the first row of the padding.
    fn padded_inputs_of(&self, rows: &Range<usize>) -> Range<usize> {
        let stride = self.geometry.config.stride[0];
        rows.start * stride..(rows.end - 1) * stride + reach(&self.geometry) + 1
    }
}

impl RowMap for ConvRows<'_> {
    fn output(&self) -> [usize; 3] {
        let Geometry { output: [h, w], c_out, .. } = self.geometry;
        [h, w, c_out]
    }

    fn inputs_of(&self, rows: Range<usize>) -> Range<usize> {
        let (padding, height) = (self.geometry.config.padding[0], self.geometry.input[0]);
        let Range { start, end } = self.padded_inputs_of(&rows);
        let inside = |row: usize| row.saturating_sub(padding).min(height);
        inside(start)..inside(end)
    }

    fn band(&self, x: &Var, held: Range<usize>, rows: Range<usize>) -> Var {
        assert_eq!(held, self.inputs_of(rows.clone()), "Conv2d: these are not the inputs of the rows {rows:?}");
        let (config, height) = (self.geometry.config, self.geometry.input[0]);
        let Range { start, end } = self.padded_inputs_of(&rows);
        // Zeros above and below are those of this band alone.
        let above = config.padding[0].saturating_sub(start);
        let below = end.saturating_sub((config.padding[0] + height).max(start));
        let x = if above + below > 0 { &pad2d(x, [above, below, 0, 0]) } else { x };
        let config = Config { padding: [0, config.padding[1]], ..config };
        conv2d(x, &self.weight.var(), self.bias.map(Parameter::var).as_ref(), &config)
    }

    fn flops_of_row(&self) -> f64 {
        self.geometry.flops() / self.geometry.output[0] as f64
    }
}

impl ConvTransposeRows<'_> {
    /// The first input row of an output row. Counted from the first row of the padding, input `o` reaches the outputs
    /// from `o · stride` to `o · stride + reach`, so output `i` has inputs from `⌈(i + padding − reach) / stride⌉` to
    /// `⌊(i + padding) / stride⌋`. Rounded down here: one more does no harm, and begins at the output or above it even
    /// where strides leave gaps.
    fn first_input_of(&self, row: usize) -> usize {
        let Config { padding, stride, .. } = self.geometry.config;
        (row + padding[0]).saturating_sub(reach(&self.geometry)) / stride[0]
    }
}

impl RowMap for ConvTransposeRows<'_> {
    fn output(&self) -> [usize; 3] {
        let Geometry { input: [h, w], c_in, .. } = self.geometry;
        [h, w, c_in]
    }

    fn inputs_of(&self, rows: Range<usize>) -> Range<usize> {
        let Config { padding, stride, .. } = self.geometry.config;
        let end = (rows.end - 1 + padding[0]) / stride[0] + 1;
        self.first_input_of(rows.start)..end.min(self.geometry.output[0])
    }

    fn band(&self, x: &Var, held: Range<usize>, rows: Range<usize>) -> Var {
        assert_eq!(
            held,
            self.inputs_of(rows.clone()),
            "ConvTranspose2d: these are not the inputs of the rows {rows:?}"
        );
        let Config { padding, stride, .. } = self.geometry.config;
        let config = Config { padding: [0, padding[1]], ..self.geometry.config };
        // What the held rows make, from the first to the last row that they reach, counted as the padding counts.
        let first = held.start * stride[0];
        let end = (held.end - 1) * stride[0] + reach(&self.geometry) + 1;
        let wanted = rows.start + padding[0]..rows.end + padding[0];
        let beyond = wanted.end.saturating_sub(end);
        let extra = [beyond, self.extra_columns()];
        let y = conv_transpose2d(x, &self.weight.var(), self.bias.map(Parameter::var).as_ref(), &config, extra);
        let [_, made, width, channels] = y.shape().nhwc("ConvTranspose2d");
        if made == rows.len() {
            return y;
        }
        let lines = reshape(&y, [made, width * channels]);
        let kept = slice_rows(&lines, wanted.start - first..wanted.end - first);
        reshape(&kept, [1, rows.len(), width, channels])
    }

    fn flops_of_row(&self) -> f64 {
        self.geometry.flops() / self.geometry.input[0] as f64
    }
}

impl ConvTransposeRows<'_> {
    /// The output padding along the rows' length, which the geometry has taken into its input's width.
    fn extra_columns(&self) -> usize {
        let Geometry { input, output, kernel, config, .. } = self.geometry;
        let reach = config.dilation[1] * (kernel[1] - 1);
        input[1] + 2 * config.padding[1] - ((output[1] - 1) * config.stride[1] + reach + 1)
    }
}
