//! Reverse-mode differentiation in one file.
//!
//! A [`Var`] is a tensor that remembers how it was made: the inputs of its op, and a closure that turns the gradient of
//! the output into gradients of the inputs. [`Var::backward`] walks from a loss to its leaves, newest op first, which
//! is a correct order because an op is always younger than its inputs. The closures call the same ops as everybody
//! else, so with `create_graph` the gradients are differentiable in turn.
//!
//! The tape knows no op: the one thing it must do itself, adding two gradients of a value that was used twice, is
//! handed to it by `ops`.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fmt,
    rc::Rc,
};

use crate::{
    gpu::Gpu,
    tensor::{Shape, Tensor},
};

/// What the vars of one thread share: the device, whether ops are being remembered, and the count that orders them.
#[derive(Clone)]
pub struct Tape(Rc<Shared>);

struct Shared {
    gpu: Gpu,
    add: fn(&Var, &Var) -> Var,
    remembering: Cell<bool>,
    count: Cell<u64>,
    loss_scale: RefCell<Option<Tensor>>,
}

/// A tensor with its history. Cheap to clone; clones are the same node.
#[derive(Clone)]
pub struct Var(Rc<Node>);

struct Node {
    tape: Tape,
    age: u64,
    value: Tensor,
    requires_grad: bool,
    history: RefCell<History>,
    grad: RefCell<Option<Var>>,
}

enum History {
    /// Made by nobody: a parameter, an input, a constant.
    Leaf,
    /// Made by an op.
    Op(Origin),
    /// Made by an op whose memory backward has given back.
    Freed,
}

#[derive(Clone)]
struct Origin {
    op: &'static str,
    inputs: Vec<Var>,
    backward: Rc<Backward>,
}

/// Given the gradient of the output, and which inputs need one: the gradients of the inputs, in order.
pub type Backward = dyn Fn(&Var, &[bool]) -> Vec<Option<Var>>;

impl Tape {
    /// A tape on a device. `add` is the differentiable addition that sums gradients; see [`crate::ops::tape`].
    pub fn new(gpu: &Gpu, add: fn(&Var, &Var) -> Var) -> Self {
        let (remembering, count, loss_scale) = (Cell::new(true), Cell::new(0), RefCell::default());
        Self(Rc::new(Shared { gpu: gpu.clone(), add, remembering, count, loss_scale }))
    }

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.0.gpu
    }

    /// Lets every [`Var::backward`] begin with the first element of `state` in the place of 1, so that the gradients it
    /// leaves are so many times as large (loss scaling).
    pub fn scale_losses(&self, state: &Tensor) {
        self.0.loss_scale.replace(Some(state.clone()));
    }

    /// What was given to [`Tape::scale_losses`].
    pub fn loss_scale(&self) -> Option<Tensor> {
        self.0.loss_scale.borrow().clone()
    }

    /// A value that gradients are wanted for: a parameter, or an input that is to be differentiated.
    pub fn leaf(&self, value: Tensor) -> Var {
        self.var(value, true, History::Leaf)
    }

    /// A value that no gradient is wanted for.
    pub fn constant(&self, value: Tensor) -> Var {
        self.var(value, false, History::Leaf)
    }

    /// Runs `body` without remembering: what it computes has no history (`torch.no_grad`).
    pub fn no_grad<T>(&self, body: impl FnOnce() -> T) -> T {
        self.remembering(false, body)
    }

    /// Runs `body` remembering, also within [`Tape::no_grad`] (`torch.enable_grad`).
    pub fn enable_grad<T>(&self, body: impl FnOnce() -> T) -> T {
        self.remembering(true, body)
    }

    /// Whether ops are being remembered: false inside [`Tape::no_grad`], and in a backward without `create_graph`.
    pub fn is_remembering(&self) -> bool {
        self.0.remembering.get()
    }

    fn remembering<T>(&self, on: bool, body: impl FnOnce() -> T) -> T {
        let before = self.0.remembering.replace(on);
        let result = body();
        self.0.remembering.set(before);
        result
    }

    fn var(&self, value: Tensor, requires_grad: bool, history: History) -> Var {
        let age = self.0.count.get();
        self.0.count.set(age + 1);
        let (history, grad) = (RefCell::new(history), RefCell::default());
        Var(Rc::new(Node { tape: self.clone(), age, value, requires_grad, history, grad }))
    }
}

impl Var {
    /// The output of an op. History is kept only while the tape remembers and an input wants a gradient.
    pub fn from_op(
        op: &'static str,
        value: Tensor,
        inputs: &[&Var],
        backward: impl Fn(&Var, &[bool]) -> Vec<Option<Var>> + 'static,
    ) -> Self {
        let tape = &inputs[0].0.tape;
        if !(tape.0.remembering.get() && inputs.iter().any(|v| v.requires_grad())) {
            return tape.constant(value);
        }
        let inputs = inputs.iter().map(|v| (*v).clone()).collect();
        tape.var(value, true, History::Op(Origin { op, inputs, backward: Rc::new(backward) }))
    }

    /// The tape it belongs to.
    pub fn tape(&self) -> &Tape {
        &self.0.tape
    }

    /// The tensor.
    pub fn value(&self) -> &Tensor {
        &self.0.value
    }

    /// The tensor's shape.
    pub fn shape(&self) -> Shape {
        self.0.value.shape()
    }

    /// Whether a gradient flows to it.
    pub fn requires_grad(&self) -> bool {
        self.0.requires_grad
    }

    /// The gradient that [`Var::backward`] has accumulated in this leaf.
    pub fn grad(&self) -> Option<Var> {
        self.0.grad.borrow().clone()
    }

    /// Forgets the accumulated gradient.
    pub fn zero_grad(&self) {
        self.0.grad.replace(None);
    }

    /// The same value without its history (`torch.Tensor.detach`).
    pub fn detach(&self) -> Self {
        self.0.tape.constant(self.0.value.clone())
    }

    /// Adds to each leaf's gradient that of this scalar, and frees the history as it goes.
    ///
    /// # Panics
    /// When this is not a scalar, or its history has been freed.
    pub fn backward(&self) {
        self.accumulate(Self::requires_grad);
    }

    /// As [`Var::backward`], but only the leaves among `inputs` get a gradient, and nothing is computed for others
    /// (`torch.Tensor.backward(inputs=…)`).
    ///
    /// # Panics
    /// As [`Var::backward`].
    pub fn backward_to(&self, inputs: &[Self]) {
        let path = between(self, inputs);
        self.accumulate(|var| path.contains(&var.0.age));
    }

    fn accumulate(&self, needed: impl Fn(&Self) -> bool) {
        let seed = match self.0.tape.loss_scale().and_then(|state| state.part(0, self.shape())) {
            Some(factor) => self.0.tape.constant(factor),
            None => self.seed(),
        };
        self.0.tape.no_grad(|| {
            walk(self, seed, true, needed, |var, gradient, is_leaf| {
                if is_leaf {
                    let sum = match var.grad() {
                        Some(before) => (var.0.tape.0.add)(&before, gradient),
                        None => gradient.clone(),
                    };
                    var.0.grad.replace(Some(sum));
                }
            });
        });
    }

    /// The gradients of this scalar with respect to `inputs` (`torch.autograd.grad`), whether leaves or not. With
    /// `create_graph` they have a history of their own and the history of this scalar is kept. An input that the scalar
    /// does not depend on gets `None`.
    ///
    /// # Panics
    /// When this is not a scalar, or its history has been freed.
    pub fn gradients(&self, inputs: &[Self], create_graph: bool) -> Vec<Option<Self>> {
        self.found(self.seed(), inputs, create_graph)
    }

    /// What the gradient `dy` of this, of its shape, makes of the gradients of `inputs` (`torch.autograd.grad(self,
    /// inputs, dy)`); frees the history.
    ///
    /// # Panics
    /// When the history has been freed.
    pub fn pull_back(&self, dy: &Self, inputs: &[Self]) -> Vec<Option<Self>> {
        self.found(dy.clone(), inputs, false)
    }

    fn found(&self, dy: Self, inputs: &[Self], create_graph: bool) -> Vec<Option<Self>> {
        let mut found = vec![None; inputs.len()];
        let path = between(self, inputs);
        let needed = |var: &Var| path.contains(&var.0.age);
        self.0.tape.remembering(create_graph, || {
            walk(self, dy, !create_graph, needed, |var, gradient, _| {
                for (slot, input) in found.iter_mut().zip(inputs) {
                    if Rc::ptr_eq(&input.0, &var.0) {
                        *slot = Some(gradient.clone());
                    }
                }
            });
        });
        found
    }

    /// Runs the backward of the op that made this; `None` for a leaf.
    fn propagate(
        &self,
        gradient: &Self,
        free: bool,
        needed: impl Fn(&Self) -> bool,
    ) -> Option<(Vec<Self>, Vec<Option<Self>>)> {
        let Origin { op, inputs, backward } = {
            let mut history = self.0.history.borrow_mut();
            let origin = match &*history {
                History::Leaf => return None,
                History::Freed => panic!("backward came a second time to a history that it has freed"),
                History::Op(origin) => origin.clone(),
            };
            if !origin.inputs.iter().any(&needed) {
                return Some((Vec::new(), Vec::new()));
            }
            if free {
                *history = History::Freed;
            }
            origin
        };
        let needs: Vec<bool> = inputs.iter().map(needed).collect();
        let gradients = backward(gradient, &needs);
        assert_eq!(gradients.len(), inputs.len(), "{op}: backward returns a gradient for each input");
        let kept = gradients.into_iter().zip(&needs).map(|(g, needed)| g.filter(|_| *needed)).collect();
        Some((inputs, kept))
    }

    fn seed(&self) -> Self {
        assert_eq!(self.0.value.len(), 1, "backward starts from a scalar, not from {:?}", self.shape());
        self.0.tape.constant(Tensor::from_slice(self.0.tape.gpu(), self.shape(), &[1.0]))
    }
}

/// Carries gradients from `root` towards the leaves, the youngest var first. Shows `visit` each var's whole gradient,
/// and whether it is a leaf. Only vars that are `needed` get one.
fn walk(root: &Var, seed: Var, free: bool, needed: impl Fn(&Var) -> bool, mut visit: impl FnMut(&Var, &Var, bool)) {
    // Ordered by age: when a var's turn comes, everything that used it has been younger and is done.
    let mut waiting = BTreeMap::from([(root.0.age, (root.clone(), seed))]);
    while let Some((_, (var, gradient))) = waiting.pop_last() {
        let Some((inputs, gradients)) = var.propagate(&gradient, free, &needed) else {
            visit(&var, &gradient, true);
            continue;
        };
        visit(&var, &gradient, false);
        for (input, gradient) in inputs.into_iter().zip(gradients) {
            let Some(gradient) = gradient else { continue };
            assert_eq!(gradient.shape(), input.shape(), "a gradient must have the shape of its value");
            let sum = match waiting.remove(&input.0.age) {
                Some((_, before)) => (input.0.tape.0.add)(&before, &gradient),
                None => gradient,
            };
            waiting.insert(input.0.age, (input, sum));
        }
    }
}

/// The ages of all vars between `root` and `inputs`, both included.
fn between(root: &Var, inputs: &[Var]) -> BTreeSet<u64> {
    let mut seen = BTreeMap::new();
    let mut open = vec![root.clone()];
    while let Some(var) = open.pop() {
        if seen.contains_key(&var.0.age) {
            continue;
        }
        let parents = match &*var.0.history.borrow() {
            History::Op(origin) => origin.inputs.clone(),
            _ => Vec::new(),
        };
        seen.insert(var.0.age, parents.iter().map(|p| p.0.age).collect::<Vec<_>>());
        open.extend(parents);
    }
    let mut found: BTreeSet<u64> = inputs.iter().map(|v| v.0.age).collect();
    // Oldest first, so that a var's inputs have been judged before it.
    for (age, parents) in seen {
        if parents.iter().any(|p| found.contains(p)) {
            found.insert(age);
        }
    }
    found
}

impl fmt::Debug for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let maker = match &*self.0.history.borrow() {
            History::Leaf => "leaf",
            History::Op(origin) => origin.op,
            History::Freed => "freed",
        };
        write!(f, "Var {:?} ({maker})", self.shape())
    }
}
