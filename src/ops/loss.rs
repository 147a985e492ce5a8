//! Losses: how far predictions `x` are from targets `t`, per element and as the mean over all of them.
//!
//! Constant targets are made by [`super::elementwise::full`]. Each loss per element has a kernel for its gradient by
//! `x`, an op of its own so that it can be differentiated again; the gradient by `t` is made of ops that exist already.

use bytemuck::{Pod, Zeroable};

use super::{
    activation::{relu_backward, sigmoid, sigmoid_backward},
    elementwise::{abs, affine, full, mul, neg, scale, sub},
    launch::{Count, pointwise},
    reduce::{Axis, View, mean, sum, sum_middle},
    shape::reshape,
    tile::fold,
};
use crate::{
    autograd::Var,
    gpu::Dispatch,
    tensor::{Shape, Tensor},
};

/// The mean of [`bce_with_logits`] (`torch.nn.BCEWithLogitsLoss`): shapes equal → `[]`.
pub fn bce_with_logits_loss(x: &Var, t: &Var) -> Var {
    mean(&bce_with_logits(x, t), Axis::All)
}

/// The mean of [`mse`] (`torch.nn.MSELoss`): shapes equal → `[]`.
pub fn mse_loss(x: &Var, t: &Var) -> Var {
    mean(&mse(x, t), Axis::All)
}

/// The mean of [`l1`] (`torch.nn.L1Loss`): shapes equal → `[]`.
pub fn l1_loss(x: &Var, t: &Var) -> Var {
    mean(&l1(x, t), Axis::All)
}

/// The mean of [`huber`] (`torch.nn.HuberLoss`): shapes equal → `[]`.
pub fn huber_loss(x: &Var, t: &Var, delta: f32) -> Var {
    mean(&huber(x, t, delta), Axis::All)
}

/// The mean of [`hinge`]: shapes equal → `[]`.
pub fn hinge_loss(x: &Var, t: &Var) -> Var {
    mean(&hinge(x, t), Axis::All)
}

/// Binary cross-entropy of the probability `sigmoid(x)` with the target `t` in 0 … 1, per element
/// (`torch.nn.functional.binary_cross_entropy_with_logits`): `ln(1 + eˣ) − t·x`.
pub fn bce_with_logits(x: &Var, t: &Var) -> Var {
    let value = pointwise("bce_with_logits", &Count::of(x.value()), &[x.value(), t.value()]);
    let (input, target) = (x.clone(), t.clone());
    Var::from_op("bce_with_logits", value, &[x, t], move |dy, needs| {
        vec![needs[0].then(|| bce_with_logits_backward(&input, &target, dy)), needs[1].then(|| neg(&mul(&input, dy)))]
    })
}

/// `(sigmoid(x) − t) · dy`: the gradient of [`bce_with_logits`] by `x`.
pub fn bce_with_logits_backward(x: &Var, t: &Var, dy: &Var) -> Var {
    let inputs = [x.value(), t.value(), dy.value()];
    let value = pointwise("bce_with_logits_backward", &Count::of(x.value()), &inputs);
    let (input, target, gradient) = (x.clone(), t.clone(), dy.clone());
    Var::from_op("bce_with_logits_backward", value, &[x, t, dy], move |g, needs| {
        vec![
            needs[0].then(|| sigmoid_backward(&sigmoid(&input), &mul(g, &gradient))),
            needs[1].then(|| neg(&mul(g, &gradient))),
            needs[2].then(|| bce_with_logits_backward(&input, &target, g)),
        ]
    })
}

/// Squared difference per element (`torch.nn.functional.mse_loss`): `(x − t)²`.
pub fn mse(x: &Var, t: &Var) -> Var {
    let value = pointwise("mse", &Count::of(x.value()), &[x.value(), t.value()]);
    let (input, target) = (x.clone(), t.clone());
    Var::from_op("mse", value, &[x, t], move |dy, needs| {
        // What pulls the one pushes the other.
        vec![needs[0].then(|| mse_backward(&input, &target, dy)), needs[1].then(|| mse_backward(&target, &input, dy))]
    })
}

/// `2 (x − t) · dy`: the gradient of [`mse`] by `x`.
pub fn mse_backward(x: &Var, t: &Var, dy: &Var) -> Var {
    let value = pointwise("mse_backward", &Count::of(x.value()), &[x.value(), t.value(), dy.value()]);
    let (input, target, gradient) = (x.clone(), t.clone(), dy.clone());
    Var::from_op("mse_backward", value, &[x, t, dy], move |g, needs| {
        vec![
            needs[0].then(|| scale(&mul(g, &gradient), 2.0)),
            needs[1].then(|| scale(&mul(g, &gradient), -2.0)),
            needs[2].then(|| mse_backward(&input, &target, g)),
        ]
    })
}

/// Absolute difference per element (`torch.nn.functional.l1_loss`): `|x − t|`.
pub fn l1(x: &Var, t: &Var) -> Var {
    let value = pointwise("l1", &Count::of(x.value()), &[x.value(), t.value()]);
    let (input, target) = (x.clone(), t.clone());
    Var::from_op("l1", value, &[x, t], move |dy, needs| {
        vec![needs[0].then(|| l1_backward(&input, &target, dy)), needs[1].then(|| l1_backward(&target, &input, dy))]
    })
}

/// `sign(x − t) · dy`: the gradient of [`l1`] by `x`; 0 where they are equal. The sign itself has no slope.
pub fn l1_backward(x: &Var, t: &Var, dy: &Var) -> Var {
    let value = pointwise("l1_backward", &Count::of(x.value()), &[x.value(), t.value(), dy.value()]);
    let (input, target) = (x.clone(), t.clone());
    Var::from_op("l1_backward", value, &[x, t, dy], move |g, needs| {
        vec![None, None, needs[2].then(|| l1_backward(&input, &target, g))]
    })
}

/// Hinge loss of a critic per element (Lim and Ye, 2017): `max(1 − t·x, 0)`, with `t` = 1 for real and −1 for fake.
pub fn hinge(x: &Var, t: &Var) -> Var {
    let value = pointwise("hinge", &Count::of(x.value()), &[x.value(), t.value()]);
    let (input, target) = (x.clone(), t.clone());
    Var::from_op("hinge", value, &[x, t], move |dy, needs| {
        // The loss is symmetric in its two arguments.
        vec![
            needs[0].then(|| hinge_backward(&input, &target, dy)),
            needs[1].then(|| hinge_backward(&target, &input, dy)),
        ]
    })
}

/// `−t · dy` where `t·x < 1`, else 0: the gradient of [`hinge`] by `x`.
pub fn hinge_backward(x: &Var, t: &Var, dy: &Var) -> Var {
    let value = pointwise("hinge_backward", &Count::of(x.value()), &[x.value(), t.value(), dy.value()]);
    let (input, target, gradient) = (x.clone(), t.clone(), dy.clone());
    Var::from_op("hinge_backward", value, &[x, t, dy], move |g, needs| {
        let by_t = || neg(&relu_backward(&affine(&mul(&target, &input), -1.0, 1.0), &mul(g, &gradient)));
        vec![None, needs[1].then(by_t), needs[2].then(|| hinge_backward(&input, &target, g))]
    })
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Huber {
    count: u32,
    delta: f32,
}

impl Huber {
    fn of(x: &Var, delta: f32) -> Self {
        Self { count: Count::of(x.value()).count, delta }
    }
}

/// Squared near the target, absolute far from it, per element (`torch.nn.functional.huber_loss`; Huber, 1964): with
/// `d = x − t` it is `d² / 2` where `|d| ≤ delta`, else `delta (|d| − delta / 2)`.
pub fn huber(x: &Var, t: &Var, delta: f32) -> Var {
    let value = pointwise("huber", &Huber::of(x, delta), &[x.value(), t.value()]);
    let (input, target) = (x.clone(), t.clone());
    Var::from_op("huber", value, &[x, t], move |dy, needs| {
        vec![
            needs[0].then(|| huber_backward(&input, &target, dy, delta)),
            needs[1].then(|| huber_backward(&target, &input, dy, delta)),
        ]
    })
}

/// `clamp(x − t, −delta, delta) · dy`: the gradient of [`huber`] by `x`.
pub fn huber_backward(x: &Var, t: &Var, dy: &Var, delta: f32) -> Var {
    let inputs = [x.value(), t.value(), dy.value()];
    let value = pointwise("huber_backward", &Huber::of(x, delta), &inputs);
    let (input, target, gradient) = (x.clone(), t.clone(), dy.clone());
    Var::from_op("huber_backward", value, &[x, t, dy], move |g, needs| {
        // Inside of ±delta the slope is 1, outside 0.
        let inside = || {
            let room = affine(&abs(&sub(&input, &target)), -1.0, delta);
            relu_backward(&room, &mul(g, &gradient))
        };
        vec![
            needs[0].then(inside),
            needs[1].then(|| neg(&inside())),
            needs[2].then(|| huber_backward(&input, &target, g, delta)),
        ]
    })
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Variation {
    lines: u32,
    h: u32,
    line: u32,
    c: u32,
    down: f32,
    across: f32,
}

impl Variation {
    fn of(shape: Shape) -> Self {
        let [n, h, w, c] = shape.nhwc("total_variation");
        // An axis of one pixel has no differences to take the mean of.
        let share = |count: usize| if count == 0 { 0.0 } else { 1.0 / count as f32 };
        Self {
            lines: (n * h) as u32,
            h: h as u32,
            line: (w * c) as u32,
            c: c as u32,
            down: share(n * (h - 1) * w * c),
            across: share(n * h * (w - 1) * c),
        }
    }

    fn launch(self, name: &'static str, inputs: &[&Tensor]) -> Tensor {
        let x = inputs[0];
        let y = Tensor::empty(x.gpu(), x.shape());
        let [across, down] = fold(self.lines as usize);
        let dispatch = Dispatch::new(name, &self).workgroups(across, down, 1);
        let dispatch = inputs.iter().fold(dispatch, |dispatch, input| dispatch.bind(*input)).bind(&y);
        x.gpu().dispatch(dispatch.work(8.0 * x.len() as f64, 8.0 * x.len() as f64));
        y
    }
}

/// How much neighbouring pixels differ: half of the squared differences, their mean down plus their mean across
/// (AnimeGANv2's total variation loss), `x [N, H, W, C]` → `[]`:
/// `Σ (x[h+1] − x[h])² / (2 N (H−1) W C) + Σ (x[w+1] − x[w])² / (2 N H (W−1) C)`. An axis of one pixel adds nothing.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`.
pub fn total_variation(x: &Var) -> Var {
    let parts = Variation::of(x.shape()).launch("total_variation", &[x.value()]);
    let value = sum_middle(&parts, View { outer: 1, reduce: parts.len(), inner: 1 }, []);
    let input = x.clone();
    Var::from_op("total_variation", value, &[x], move |dy, _| vec![Some(total_variation_backward(&input, dy))])
}

/// The gradient of [`total_variation`] by `x [N, H, W, C]` for `dy []`: each pixel against the mean of its neighbours.
/// Linear in `x`, and its own adjoint.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, or `dy` is not one number.
pub fn total_variation_backward(x: &Var, dy: &Var) -> Var {
    assert_eq!(dy.value().len(), 1, "total_variation_backward: {:?} is no gradient of one loss", dy.shape());
    let variation = Variation::of(x.shape());
    let value = variation.launch("total_variation_backward", &[x.value(), dy.value()]);
    let (input, gradient) = (x.clone(), dy.clone());
    Var::from_op("total_variation_backward", value, &[x, dy], move |g, needs| {
        let by_dy = || {
            let one = g.tape().constant(full(g.tape().gpu(), gradient.shape(), 1.0));
            reshape(&sum(&mul(g, &total_variation_backward(&input, &one)), Axis::All), gradient.shape())
        };
        vec![needs[0].then(|| total_variation_backward(g, &gradient)), needs[1].then(by_dy)]
    })
}
