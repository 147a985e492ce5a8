//! Losses: how far predictions `x` are from targets `t`, per element and as the mean over all of them.
//!
//! Constant targets are made by [`super::elementwise::full`]. Each loss per element has a kernel for its gradient by
//! `x`, an op of its own so that it can be differentiated again; the gradient by `t` is made of ops that exist already.

use super::{
    activation::{relu_backward, sigmoid, sigmoid_backward},
    elementwise::{affine, mul, neg, scale},
    launch::{Count, pointwise},
    reduce::{Axis, mean},
};
use crate::autograd::Var;

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
