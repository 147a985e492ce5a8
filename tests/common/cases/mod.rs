//! One list of cases for tests and benches: every kernel, at the shapes where kernels go wrong.

mod activation;
mod augment;
mod colour;
mod conv;
mod elementwise;
mod group_norm;
mod loss;
mod matmul;
mod norm;
mod optim;
mod probe;
mod random;
mod reduce;
mod resample;
mod rows;
mod shape;

use sumi::{autograd::Var, gpu::Gpu, philox::Philox, reference::half, tensor::Shape};

use super::compare::Tolerance;

/// An argument: a shape and its values.
#[derive(Clone)]
pub struct Input {
    pub shape: Shape,
    pub values: Vec<f32>,
}

/// What the device computes, from vars without history.
pub type Run = Box<dyn Fn(&[Var]) -> Vec<Var>>;

/// What the twin computes from the same values.
pub type Twin = Box<dyn Fn(&[Vec<f64>]) -> Vec<Vec<f64>>>;

/// A kernel at one shape.
pub struct Case {
    /// Stem of the shader.
    pub kernel: &'static str,
    /// What is special about it.
    pub label: String,
    pub inputs: Vec<Input>,
    pub run: Run,
    pub twin: Twin,
    pub tolerance: Tolerance,
}

/// All cases.
pub fn all() -> Vec<Case> {
    let families = [
        elementwise::cases(),
        activation::cases(),
        random::cases(),
        reduce::cases(),
        loss::cases(),
        norm::cases(),
        group_norm::cases(),
        matmul::cases(),
        conv::cases(),
        resample::cases(),
        optim::cases(),
        probe::cases(),
        rows::cases(),
        shape::cases(),
        colour::cases(),
        augment::cases(),
    ];
    families.into_iter().flatten().collect()
}

/// How many lanes a kernel over panels is asked to have: as many as are `wanted`, but on the native adapter, which has
/// the tiles of its own vectors only.
pub fn panel_lanes(gpu: &Gpu, wanted: u32) -> u32 {
    let adapter = gpu.adapter();
    adapter.lanes.filter(|_| !adapter.compiles()).unwrap_or(wanted)
}

/// Normally distributed values, the same on every machine.
pub fn normal(seed: u64, shape: impl Into<Shape>) -> Input {
    let shape = shape.into();
    let mut random = Philox::new(seed, 0);
    Input { shape, values: (0..shape.len()).map(|_| random.normal()).collect() }
}

/// Values between `low` and `high`.
pub fn uniform(seed: u64, shape: impl Into<Shape>, low: f32, high: f32) -> Input {
    let shape = shape.into();
    let mut random = Philox::new(seed, 0);
    Input { shape, values: (0..shape.len()).map(|_| low + (high - low) * random.uniform()).collect() }
}

/// A case whose kernel rounds what it is given to f16: so does the twin.
pub fn halved(case: Case) -> Case {
    let twin = case.twin;
    let rounded = |values: &Vec<f64>| values.iter().map(|value| half(*value)).collect();
    Case { twin: Box::new(move |v| twin(&v.iter().map(rounded).collect::<Vec<_>>())), ..case }
}

/// A kernel with one argument.
pub fn one(
    kernel: &'static str,
    x: &Input,
    op: impl Fn(&Var) -> Var + 'static,
    twin: impl Fn(&[f64]) -> Vec<f64> + 'static,
    tolerance: Tolerance,
) -> Case {
    Case {
        kernel,
        label: format!("{:?}", x.shape),
        inputs: vec![x.clone()],
        run: Box::new(move |v| vec![op(&v[0])]),
        twin: Box::new(move |v| vec![twin(&v[0])]),
        tolerance,
    }
}

/// A kernel with two arguments of one shape.
pub fn two(
    kernel: &'static str,
    inputs: Vec<Input>,
    op: impl Fn(&Var, &Var) -> Var + 'static,
    twin: impl Fn(&[f64], &[f64]) -> Vec<f64> + 'static,
    tolerance: Tolerance,
) -> Case {
    Case {
        kernel,
        label: format!("{:?}", inputs[0].shape),
        inputs,
        run: Box::new(move |v| vec![op(&v[0], &v[1])]),
        twin: Box::new(move |v| vec![twin(&v[0], &v[1])]),
        tolerance,
    }
}
