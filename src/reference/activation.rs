//! Activations and their derivatives. A backward twin takes what its kernel takes: the input `x` where the derivative
//! is easiest in it, the output `y` where it is easiest in that (sigmoid, tanh). One shape throughout, whatever it
//! is.

use super::{map, zip};

/// `y = max(x, 0)` (`torch.relu`).
pub fn relu(x: &[f64]) -> Vec<f64> {
    map(x, |x| x.max(0.0))
}

/// `dx = dy` where `x > 0`, else 0; zero at the kink, as PyTorch.
pub fn relu_backward(x: &[f64], dy: &[f64]) -> Vec<f64> {
    zip("relu_backward", x, dy, |x, dy| if x > 0.0 { dy } else { 0.0 })
}

/// `y = x` where `x > 0`, else `negative_slope · x` (`torch.nn.functional.leaky_relu`).
pub fn leaky_relu(x: &[f64], negative_slope: f64) -> Vec<f64> {
    map(x, |x| if x > 0.0 { x } else { negative_slope * x })
}

/// `dx = dy` where `x > 0`, else `negative_slope · dy`; the slope at the kink, as PyTorch.
pub fn leaky_relu_backward(x: &[f64], dy: &[f64], negative_slope: f64) -> Vec<f64> {
    zip("leaky_relu_backward", x, dy, |x, dy| if x > 0.0 { dy } else { negative_slope * dy })
}

/// `y = 1 / (1 + e⁻ˣ)` (`torch.sigmoid`).
pub fn sigmoid(x: &[f64]) -> Vec<f64> {
    map(x, logistic)
}

/// `dx = y (1 − y) dy`, with `y` the sigmoid's output.
pub fn sigmoid_backward(y: &[f64], dy: &[f64]) -> Vec<f64> {
    zip("sigmoid_backward", y, dy, |y, dy| y * (1.0 - y) * dy)
}

/// `y = tanh x` (`torch.tanh`).
pub fn tanh(x: &[f64]) -> Vec<f64> {
    map(x, f64::tanh)
}

/// `dx = (1 − y²) dy`, with `y` the output of tanh.
pub fn tanh_backward(y: &[f64], dy: &[f64]) -> Vec<f64> {
    zip("tanh_backward", y, dy, |y, dy| (1.0 - y * y) * dy)
}

/// `y = ln(1 + eˣ)` (`torch.nn.functional.softplus`), as `max(x, 0) + ln(1 + e^−|x|)`, which never overflows.
pub fn softplus(x: &[f64]) -> Vec<f64> {
    map(x, |x| x.max(0.0) + (-x.abs()).exp().ln_1p())
}

/// `dx = sigmoid(x) · dy`.
pub fn softplus_backward(x: &[f64], dy: &[f64]) -> Vec<f64> {
    zip("softplus_backward", x, dy, |x, dy| logistic(x) * dy)
}

/// `y = x · sigmoid(x)` (`torch.nn.functional.silu`).
pub fn silu(x: &[f64]) -> Vec<f64> {
    map(x, |x| x * logistic(x))
}

/// `dx = s (1 + x (1 − s)) dy`, with `s` the sigmoid of `x`.
pub fn silu_backward(x: &[f64], dy: &[f64]) -> Vec<f64> {
    zip("silu_backward", x, dy, |x, dy| logistic(x) * (1.0 + x * (1.0 - logistic(x))) * dy)
}

/// `1 / (1 + e⁻ˣ)`, written for each sign so that the exponential never overflows.
pub(super) fn logistic(x: f64) -> f64 {
    if x >= 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}
