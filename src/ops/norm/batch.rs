//! Batch normalisation (Ioffe and Szegedy, 2015), forward and backward, in training and in evaluation mode.
//!
//! Everything is seen as `[rows, c]`: a batch of pictures `[N, H, W, C]` has `N·H·W` rows. The kernels see it as a line
//! of elements, four to an invocation, and go on at distance `split · c`, where the same channels come again.

use bytemuck::{Pod, Zeroable};

use crate::{
    autograd::Var,
    gpu::{Dispatch, Epilogue, Gpu},
    ops::{
        elementwise::{full, mul, reciprocal, scale, shift, sqrt, square, sub},
        reduce::{Axis, View, expand, mean, sum, sum_middle},
    },
    tensor::Tensor,
};

/// The statistics that batches leave behind, to normalise with in evaluation mode. `[C]` each.
#[derive(Debug, Clone)]
pub struct Running {
    /// Moving average of the batches' means.
    pub mean: Tensor,
    /// Moving average of the batches' unbiased variances.
    pub var: Tensor,
}

impl Running {
    /// Before the first batch: mean 0, variance 1.
    pub fn new(gpu: &Gpu, channels: usize) -> Self {
        let of = |value| Tensor::from_slice(gpu, [channels], &vec![value; channels]);
        Self { mean: of(0.0), var: of(1.0) }
    }
}

/// Normalises each channel to mean 0 and variance 1, then scales and shifts it (`torch.nn.functional.batch_norm`):
/// `x [.., C]`, `gamma [C]`, `beta [C]` → `x`'s shape.
///
/// In training mode with the mean and the biased variance of the batch, after which
/// `running ← (1 − momentum) · running + momentum · batch`, with the unbiased variance, in place. In evaluation mode
/// with the running statistics, which stay as they are. `eps` is added to the variance.
///
/// # Panics
/// When `gamma`, `beta` or the running statistics have not one number per channel.
pub fn batch_norm(x: &Var, gamma: &Var, beta: &Var, running: &Running, training: bool, momentum: f32, eps: f32) -> Var {
    let c = x.shape().channels();
    let vectors = [gamma.shape(), beta.shape(), running.mean.shape(), running.var.shape()];
    for shape in vectors {
        assert_eq!(shape.dims(), [c], "batch_norm: {:?} needs one number per channel, got {shape:?}", x.shape());
    }
    let (mean, rstd) = if training {
        batch_statistics(x.value(), running, momentum, eps)
    } else {
        running_statistics(x, running, eps)
    };
    let value = normalize(x.value(), &mean, &rstd, gamma.value(), beta.value());
    let forward = Forward { x: x.clone(), gamma: gamma.clone(), mean, rstd, training, eps };
    Var::from_op("batch_norm", value, &[x, gamma, beta], move |dy, needs| {
        if dy.tape().is_remembering() { forward.differentiable(dy, needs) } else { forward.fused(dy, needs) }
    })
}

/// What the backward needs of the forward.
struct Forward {
    x: Var,
    gamma: Var,
    mean: Tensor,
    rstd: Tensor,
    training: bool,
    eps: f32,
}

impl Forward {
    /// The gradients by `x`, `gamma` and `beta` in two passes over `x` and `dy`.
    fn fused(&self, dy: &Var, needs: &[bool]) -> Vec<Option<Var>> {
        let (x, tape) = (self.x.value(), dy.tape());
        let (sum_dy, sum_dy_xhat) = backward_reduce(x, dy.value(), &self.mean, &self.rstd);
        let dx = || {
            if self.training {
                return self.backward(dy.value(), &sum_dy, &sum_dy_xhat);
            }
            let none = full(tape.gpu(), self.mean.shape(), 0.0);
            self.backward(dy.value(), &none, &none)
        };
        vec![
            needs[0].then(|| tape.constant(dx())),
            needs[1].then(|| tape.constant(sum_dy_xhat.clone())),
            needs[2].then(|| tape.constant(sum_dy.clone())),
        ]
    }

    fn backward(&self, dy: &Tensor, sum_dy: &Tensor, sum_dy_xhat: &Tensor) -> Tensor {
        let x = self.x.value();
        let dx = Tensor::empty(x.gpu(), x.shape());
        let (params, invocations) = Lines::of(x, rows_of(x).div_ceil(ROWS_IN_APPLY).next_multiple_of(4));
        let dispatch = Dispatch::new("batch_norm_backward", &params).invocations(invocations);
        let vectors = [&self.mean, &self.rstd, self.gamma.value(), sum_dy, sum_dy_xhat];
        let dispatch = vectors.into_iter().fold(dispatch.bind(x).bind(dy), Dispatch::bind).bind(&dx);
        x.gpu().dispatch(dispatch.work(5.0 * x.len() as f64, 12.0 * x.len() as f64));
        dx
    }

    /// The same gradients by ops that can be differentiated again, statistics included.
    fn differentiable(&self, dy: &Var, needs: &[bool]) -> Vec<Option<Var>> {
        let (x, gamma, tape) = (&self.x, &self.gamma, dy.tape());
        let spread = |per_channel: &Var| expand(per_channel, Axis::PerChannel, x.shape());
        let over_rows = 1.0 / rows_of(x.value()) as f32;

        let (centred, rstd) = if self.training {
            let centred = sub(x, &spread(&mean(x, Axis::PerChannel)));
            let var = mean(&square(&centred), Axis::PerChannel);
            (centred, reciprocal(&sqrt(&shift(&var, self.eps))))
        } else {
            (sub(x, &spread(&tape.constant(self.mean.clone()))), tape.constant(self.rstd.clone()))
        };
        let xhat = mul(&centred, &spread(&rstd));
        let sum_dy = sum(dy, Axis::PerChannel);
        let sum_dy_xhat = sum(&mul(dy, &xhat), Axis::PerChannel);

        let dx = || {
            let mut inner = dy.clone();
            if self.training {
                inner = sub(&inner, &spread(&scale(&sum_dy, over_rows)));
                inner = sub(&inner, &mul(&xhat, &spread(&scale(&sum_dy_xhat, over_rows))));
            }
            mul(&inner, &spread(&mul(gamma, &rstd)))
        };
        vec![needs[0].then(dx), needs[1].then(|| sum_dy_xhat.clone()), needs[2].then(|| sum_dy.clone())]
    }
}

/// Rows that one invocation of a reduction sees, about: enough to be worth its result, few enough to keep all cores
/// busy and the error small.
const ROWS_IN_REDUCTION: usize = 32;

/// Rows that one invocation of an elementwise pass sees: enough to be worth fetching the channels' numbers.
const ROWS_IN_APPLY: usize = 8;

/// Sets of rows that one invocation brings together.
const SETS: usize = 64;

fn rows_of(x: &Tensor) -> usize {
    x.len() / x.shape().channels()
}

/// Into how many sets of rows a reduction is split. Powers of two, so that larger sets are unions of smaller ones, and
/// no fewer than four, so that a whole number of vec4s lies between elements of one set.
fn sets(rows: usize) -> usize {
    (rows / ROWS_IN_REDUCTION).next_power_of_two().max(4)
}

/// Params of the kernels that go through `x` in steps of whole rows.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Lines {
    length: u32,
    stride: u32,
    c: u32,
}

/// Params of the kernel that normalises.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Apply {
    lines: Lines,
    epilogue: Epilogue,
}

impl Lines {
    /// For `split` sets of rows; and the invocations it takes.
    fn of(x: &Tensor, split: usize) -> (Self, usize) {
        let c = x.shape().channels();
        let stride = split * c;
        (Self { length: x.len() as u32, stride: stride as u32, c: c as u32 }, stride / 4)
    }
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Merge {
    rows: u32,
    c: u32,
    split: u32,
    into: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Finish {
    rows: u32,
    c: u32,
    split: u32,
    momentum: f32,
    eps: f32,
}

/// Mean and 1 / √(var + eps) of the batch; the running statistics follow it.
fn batch_statistics(x: &Tensor, running: &Running, momentum: f32, eps: f32) -> (Tensor, Tensor) {
    let (gpu, c, rows) = (x.gpu(), x.shape().channels(), rows_of(x));
    let pair = |split| (Tensor::empty(gpu, [split, c]), Tensor::empty(gpu, [split, c]));
    let bytes = |split: usize| 8.0 * (split * c) as f64;

    let mut split = sets(rows);
    let (mut means, mut m2s) = pair(split);
    let (params, invocations) = Lines::of(x, split);
    let stats = Dispatch::new("batch_norm_stats", &params).invocations(invocations);
    let work = (4.0 * x.len() as f64, 4.0 * x.len() as f64 + bytes(split));
    gpu.dispatch(stats.bind(x).bind(&means).bind(&m2s).work(work.0, work.1));

    while split > SETS {
        let into = split / SETS;
        let (fewer_means, fewer_m2s) = pair(into);
        let params = Merge { rows: rows as u32, c: c as u32, split: split as u32, into: into as u32 };
        let merge = Dispatch::new("batch_norm_merge", &params).invocations(into * c);
        let merge = merge.bind(&means).bind(&m2s).bind(&fewer_means).bind(&fewer_m2s);
        gpu.dispatch(merge.work(10.0 * (split * c) as f64, bytes(split + into)));
        (means, m2s, split) = (fewer_means, fewer_m2s, into);
    }

    let (mean, rstd) = (Tensor::empty(gpu, [c]), Tensor::empty(gpu, [c]));
    let params = Finish { rows: rows as u32, c: c as u32, split: split as u32, momentum, eps };
    let finish = Dispatch::new("batch_norm_finish", &params).invocations(c);
    let bindings = [x, &means, &m2s, &running.mean, &running.var, &mean, &rstd];
    let finish = bindings.into_iter().fold(finish, Dispatch::bind);
    gpu.dispatch(finish.work(10.0 * (split * c) as f64, bytes(split + 3)));
    (mean, rstd)
}

/// The running mean and 1 / √(running var + eps).
fn running_statistics(x: &Var, running: &Running, eps: f32) -> (Tensor, Tensor) {
    let tape = x.tape();
    // A copy, because the backward needs this mean even if a batch in training mode comes first.
    let mean = shift(&tape.constant(running.mean.clone()), 0.0);
    let rstd = reciprocal(&sqrt(&shift(&tape.constant(running.var.clone()), eps)));
    (mean.value().clone(), rstd.value().clone())
}

fn normalize(x: &Tensor, mean: &Tensor, rstd: &Tensor, gamma: &Tensor, beta: &Tensor) -> Tensor {
    let y = Tensor::empty(x.gpu(), x.shape());
    let (lines, invocations) = Lines::of(x, rows_of(x).div_ceil(ROWS_IN_APPLY).next_multiple_of(4));
    let params = Apply { lines, epilogue: Epilogue::NONE };
    let dispatch = Dispatch::new("batch_norm", &params).invocations(invocations);
    let dispatch = [mean, rstd, gamma, beta].into_iter().fold(dispatch.bind(x), Dispatch::bind);
    let dispatch = dispatch.epilogue(false, gamma).bind(&y);
    x.gpu().dispatch(dispatch.work(3.0 * x.len() as f64, 8.0 * x.len() as f64));
    y
}

/// Σ dy and Σ dy·x̂ of each channel.
fn backward_reduce(x: &Tensor, dy: &Tensor, mean: &Tensor, rstd: &Tensor) -> (Tensor, Tensor) {
    let (gpu, c, split) = (x.gpu(), x.shape().channels(), sets(rows_of(x)));
    let (plain, weighted) = (Tensor::empty(gpu, [split, c]), Tensor::empty(gpu, [split, c]));
    let (params, invocations) = Lines::of(x, split);
    let dispatch = Dispatch::new("batch_norm_backward_reduce", &params).invocations(invocations);
    let dispatch = [x, dy, mean, rstd, &plain, &weighted].into_iter().fold(dispatch, Dispatch::bind);
    gpu.dispatch(dispatch.work(4.0 * x.len() as f64, 8.0 * (x.len() + split * c) as f64));
    let view = View { outer: 1, reduce: split, inner: c };
    (sum_middle(&plain, view, [c]), sum_middle(&weighted, view, [c]))
}
