//! Convolutions as layers.

use super::{
    Layer, Module, Parameter, RowMap, Rowwise,
    conv_rows::{ConvRows, ConvTransposeRows},
    init::Init,
};
use crate::{
    autograd::{Tape, Var},
    ops::conv::{self, Conv2d as Config, Geometry},
    tensor::Shape,
};

/// `torch.nn.Conv2d`. The weights are `[k_h, k_w, c_in / groups, c_out]`.
pub struct Conv2d {
    weight: Parameter,
    bias: Option<Parameter>,
    config: Config,
}

/// `torch.nn.ConvTranspose2d`. The weights are those of the convolution whose input gradient this is,
/// `[k_h, k_w, c_out / groups, c_in]`.
pub struct ConvTranspose2d {
    weight: Parameter,
    bias: Option<Parameter>,
    config: Config,
    output_padding: [usize; 2],
}

impl Conv2d {
    /// A layer with weights from N(0, `std`²), and zero biases if it has any.
    pub fn new(
        tape: &Tape,
        init: &mut Init,
        c_in: usize,
        c_out: usize,
        kernel: usize,
        config: Config,
        bias: bool,
        std: f32,
    ) -> Self {
        let shape = [kernel, kernel, c_in / config.groups, c_out];
        let weight = Parameter::drawn(tape, shape, |count| init.normal(count, 0.0, std));
        let bias = bias.then(|| Parameter::new(tape, [c_out], &vec![0.0; c_out]));
        Self { weight, bias, config }
    }

    /// The output with other weights than the layer's own, `[k_h, k_w, c_in / groups, c_out]`: what a layer around this
    /// one has made of them.
    ///
    /// # Panics
    /// When they do not fit the input.
    pub fn forward_with(&self, x: &Var, weight: &Var) -> Var {
        let bias = self.bias.as_ref().map(Parameter::var);
        conv::conv2d(x, weight, bias.as_ref(), &self.config)
    }

    /// The weights, `[k_h, k_w, c_in / groups, c_out]`.
    pub fn weight(&self) -> &Parameter {
        &self.weight
    }

    /// The bias `[c_out]`, if there is one.
    pub fn bias(&self) -> Option<&Parameter> {
        self.bias.as_ref()
    }
}

impl ConvTranspose2d {
    /// A layer with weights from N(0, `std`²), and zero biases if it has any.
    pub fn new(
        tape: &Tape,
        init: &mut Init,
        c_in: usize,
        c_out: usize,
        kernel: usize,
        config: Config,
        output_padding: usize,
        bias: bool,
        std: f32,
    ) -> Self {
        let shape = [kernel, kernel, c_out / config.groups, c_in];
        let weight = Parameter::drawn(tape, shape, |count| init.normal(count, 0.0, std));
        let bias = bias.then(|| Parameter::new(tape, [c_out], &vec![0.0; c_out]));
        Self { weight, bias, config, output_padding: [output_padding; 2] }
    }

    /// The output with other weights than the layer's own, `[k_h, k_w, c_out / groups, c_in]`.
    ///
    /// # Panics
    /// When they do not fit the input.
    pub fn forward_with(&self, x: &Var, weight: &Var) -> Var {
        let bias = self.bias.as_ref().map(Parameter::var);
        conv::conv_transpose2d(x, weight, bias.as_ref(), &self.config, self.output_padding)
    }

    /// The weights, `[k_h, k_w, c_out / groups, c_in]`.
    pub fn weight(&self) -> &Parameter {
        &self.weight
    }

    /// The bias `[c_out]`, if there is one.
    pub fn bias(&self) -> Option<&Parameter> {
        self.bias.as_ref()
    }
}

fn named(weight: &Parameter, bias: Option<&Parameter>) -> Vec<(String, Parameter)> {
    let weight = std::iter::once(("weight".to_owned(), weight.clone()));
    weight.chain(bias.map(|b| ("bias".to_owned(), b.clone()))).collect()
}

impl Module for Conv2d {
    fn forward(&self, x: &Var) -> Var {
        self.forward_with(x, &self.weight.var())
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        named(&self.weight, self.bias.as_ref())
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Rows(self)])
    }
}

impl Rowwise for Conv2d {
    fn rows(&self, input: [usize; 3]) -> Box<dyn RowMap + '_> {
        let geometry = Geometry::of_convolution("Conv2d", shape(input), self.weight.var().shape(), &self.config);
        Box::new(ConvRows { weight: &self.weight, bias: self.bias.as_ref(), geometry })
    }
}

impl Module for ConvTranspose2d {
    fn forward(&self, x: &Var) -> Var {
        self.forward_with(x, &self.weight.var())
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        named(&self.weight, self.bias.as_ref())
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Rows(self)])
    }
}

impl Rowwise for ConvTranspose2d {
    fn rows(&self, input: [usize; 3]) -> Box<dyn RowMap + '_> {
        let weight = self.weight.var().shape();
        let geometry =
            Geometry::of_transpose("ConvTranspose2d", shape(input), weight, &self.config, self.output_padding);
        Box::new(ConvTransposeRows { weight: &self.weight, bias: self.bias.as_ref(), geometry })
    }
}

/// A single picture of this size.
fn shape([height, width, channels]: [usize; 3]) -> Shape {
    Shape::from([1, height, width, channels])
}
