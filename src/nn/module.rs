//! What a layer is.

use std::{cell::RefCell, rc::Rc};

use super::Layer;
use crate::{
    autograd::{Tape, Var},
    ops::elementwise::copy_into,
    tensor::{Shape, Tensor},
};

/// A tensor that training changes (`torch.nn.Parameter`). Clones are the same parameter.
#[derive(Clone)]
pub struct Parameter(Rc<RefCell<Var>>);

impl Parameter {
    /// A parameter with these values.
    pub fn new(tape: &Tape, shape: impl Into<Shape>, values: &[f32]) -> Self {
        Self(Rc::new(RefCell::new(tape.leaf(Tensor::from_slice(tape.gpu(), shape, values)))))
    }

    /// A parameter of the values that `draw` draws, as many as it is given: see [`Tensor::made`].
    pub fn drawn(tape: &Tape, shape: impl Into<Shape>, draw: impl FnOnce(usize) -> Vec<f32>) -> Self {
        Self(Rc::new(RefCell::new(tape.leaf(Tensor::made(tape.gpu(), shape, draw)))))
    }

    /// A parameter that starts from a value on the device, without its history.
    pub fn from_var(var: &Var) -> Self {
        Self(Rc::new(RefCell::new(var.tape().leaf(var.value().clone()))))
    }

    /// The leaf to compute with.
    pub fn var(&self) -> Var {
        self.0.borrow().clone()
    }

    /// Puts another leaf in its place: an optimizer moves its parameters together.
    ///
    /// # Panics
    /// When the shape differs.
    pub fn set(&self, var: Var) {
        assert_eq!(self.var().shape(), var.shape(), "a parameter keeps its shape");
        self.0.replace(var);
    }

    /// Overwrites the values.
    ///
    /// # Panics
    /// When their number differs.
    pub fn load(&self, values: &[f32]) {
        let value = self.var().value().clone();
        copy_into(&Tensor::from_slice(value.gpu(), value.shape(), values), &value);
    }
}

/// A layer, or several (`torch.nn.Module`).
pub trait Module {
    /// The output for an input.
    fn forward(&self, x: &Var) -> Var;

    /// The parameters, each with its name (`named_parameters`).
    fn parameters(&self) -> Vec<(String, Parameter)> {
        Vec::new()
    }

    /// The tensors that are part of the state but are not trained, each with its name (`named_buffers`).
    fn buffers(&self) -> Vec<(String, Tensor)> {
        Vec::new()
    }

    /// Switches between training and evaluation (`train()`, `eval()`), where the layer knows a difference.
    fn train(&self, _training: bool) {}

    /// What it does to the rows of a picture, for [`super::bands`]; `None` where a picture has to be seen whole.
    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        None
    }
}

impl Module for Box<dyn Module> {
    fn forward(&self, x: &Var) -> Var {
        (**self).forward(x)
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        (**self).parameters()
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        (**self).buffers()
    }

    fn train(&self, training: bool) {
        (**self).train(training);
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        (**self).structure()
    }
}

/// Number of elements of all parameters of a module.
pub fn parameter_count(module: &dyn Module) -> usize {
    module.parameters().iter().map(|(_, p)| p.var().value().len()).sum()
}
