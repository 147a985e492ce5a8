//! Penalties on the discriminator's slope, which keep it from growing steep where it has seen few pictures.
//!
//! Both are functions of gradients, and what is minimised is differentiated once more: the tape keeps the gradients'
//! own history, so there is nothing else to it. Where a picture has several logits, `D(x)` is their sum.

use crate::{
    autograd::Var,
    ops::{
        elementwise::{add, mul, scale, shift, sqrt, square, sub},
        reduce::{Axis, expand, mean, sum},
    },
};

/// Added to squared lengths before the root is taken, whose slope at 0 is infinite.
const EPS: f32 = 1e-12;

/// `½ E ‖∇D(x)‖²` over real pictures `x [N, H, W, C]`: R1 without its weight γ (Mescheder, Geiger and Nowozin, 2018).
/// It is 0 where D is flat around what it has seen. What `discriminator` does to pictures before it judges them counts
/// as part of it.
///
/// # Panics
/// When what `discriminator` returns does not depend on its pictures.
pub fn r1(discriminator: &dyn Fn(&Var) -> Var, real: &Var) -> Var {
    let gradient = slope(discriminator, real);
    scale(&sum(&square(&gradient), Axis::All), 0.5 / pictures(real) as f32)
}

/// `E (‖∇D(y)‖ − 1)²` at `y = mix · real + (1 − mix) · fake`, pictures `[N, H, W, C]` both and `mix [N]` from U(0, 1):
/// WGAN-GP's without its weight λ (Gulrajani et al., 2017).
///
/// # Panics
/// When the shapes differ, or what `discriminator` returns does not depend on its pictures.
pub fn gradient_penalty(discriminator: &dyn Fn(&Var) -> Var, real: &Var, fake: &Var, mix: &Var) -> Var {
    let between = real.tape().no_grad(|| {
        let share = expand(mix, Axis::PerSample, real.shape());
        add(fake, &mul(&share, &sub(real, fake)))
    });
    let gradient = slope(discriminator, &between);
    let length = sqrt(&shift(&sum(&square(&gradient), Axis::PerSample), EPS));
    mean(&square(&shift(&length, -1.0)), Axis::All)
}

/// `∇D(x)` of each picture, with a history.
fn slope(discriminator: &dyn Fn(&Var) -> Var, x: &Var) -> Var {
    let x = x.tape().leaf(x.value().clone());
    let logits = sum(&discriminator(&x), Axis::All);
    let mut gradients = logits.gradients(&[x], true);
    gradients.remove(0).expect("what the discriminator returns depends on its pictures")
}

fn pictures(x: &Var) -> usize {
    x.shape().dims()[0]
}
