//! Losses per element, not yet summed or averaged (PyTorch's `reduction="none"`), and their gradients by the
//! prediction `x`. `x`, the target `t` and `dy` have one shape, whatever it is.

use super::{activation::logistic, check, sign, zip};

/// Binary cross-entropy of the probability `sigmoid(x)` with the target `t` in 0 … 1
/// (`torch.nn.functional.binary_cross_entropy_with_logits`): `max(x, 0) − x·t + ln(1 + e^−|x|)`, which never overflows.
pub fn bce_with_logits(x: &[f64], t: &[f64]) -> Vec<f64> {
    zip("bce_with_logits", x, t, |x, t| x.max(0.0) - x * t + (-x.abs()).exp().ln_1p())
}

/// `dx = (sigmoid(x) − t) · dy`.
pub fn bce_with_logits_backward(x: &[f64], t: &[f64], dy: &[f64]) -> Vec<f64> {
    derivative("bce_with_logits_backward", x, t, dy, |x, t| logistic(x) - t)
}

/// Squared difference (`torch.nn.functional.mse_loss`): `(x − t)²`.
pub fn mse(x: &[f64], t: &[f64]) -> Vec<f64> {
    zip("mse", x, t, |x, t| (x - t).powi(2))
}

/// `dx = 2 (x − t) · dy`.
pub fn mse_backward(x: &[f64], t: &[f64], dy: &[f64]) -> Vec<f64> {
    derivative("mse_backward", x, t, dy, |x, t| 2.0 * (x - t))
}

/// Absolute difference (`torch.nn.functional.l1_loss`): `|x − t|`.
pub fn l1(x: &[f64], t: &[f64]) -> Vec<f64> {
    zip("l1", x, t, |x, t| (x - t).abs())
}

/// `dx = sign(x − t) · dy`; zero where they are equal, as PyTorch.
pub fn l1_backward(x: &[f64], t: &[f64], dy: &[f64]) -> Vec<f64> {
    derivative("l1_backward", x, t, dy, |x, t| sign(x - t))
}

/// Hinge loss of a critic (Lim and Ye, 2017): `max(1 − t·x, 0)`, with `t` = 1 for real and −1 for fake.
pub fn hinge(x: &[f64], t: &[f64]) -> Vec<f64> {
    zip("hinge", x, t, |x, t| (1.0 - t * x).max(0.0))
}

/// `dx = −t · dy` where `t·x < 1`, else 0; zero at the kink, as PyTorch's relu.
pub fn hinge_backward(x: &[f64], t: &[f64], dy: &[f64]) -> Vec<f64> {
    derivative("hinge_backward", x, t, dy, |x, t| if 1.0 - t * x > 0.0 { -t } else { 0.0 })
}

/// Squared near the target, absolute far from it (`torch.nn.functional.huber_loss`; Huber, 1964), with `d = x − t`:
/// `d² / 2` where `|d| ≤ delta`, else `delta (|d| − delta / 2)`.
pub fn huber(x: &[f64], t: &[f64], delta: f64) -> Vec<f64> {
    zip("huber", x, t, |x, t| {
        let d = (x - t).abs();
        if d <= delta { d * d / 2.0 } else { delta * (d - delta / 2.0) }
    })
}

/// `dx = clamp(x − t, −delta, delta) · dy`.
pub fn huber_backward(x: &[f64], t: &[f64], dy: &[f64], delta: f64) -> Vec<f64> {
    derivative("huber_backward", x, t, dy, |x, t| (x - t).clamp(-delta, delta))
}

/// Half of the squared differences of neighbouring pixels, each axis divided by the number of its differences
/// (AnimeGANv2's), in parts, of which the loss is the sum: `x [n, h, w, c]` → the pixel's differences to the next one
/// below and to the right, `[n, h, w, c]`. An axis of one pixel has no differences.
pub fn total_variation(x: &[f64], [n, h, w, c]: [usize; 4]) -> Vec<f64> {
    check("total_variation", "x", x.len(), &[n, h, w, c]);
    let mut parts = vec![0.0; x.len()];
    differences([n, h, w, c], |from, to, share| parts[from] += share * (x[to] - x[from]).powi(2) / 2.0);
    parts
}

/// The gradient of the sum of [`total_variation`] times `dy`: `x [n, h, w, c]` → `dx [n, h, w, c]`.
pub fn total_variation_backward(x: &[f64], dy: f64, [n, h, w, c]: [usize; 4]) -> Vec<f64> {
    check("total_variation_backward", "x", x.len(), &[n, h, w, c]);
    let mut dx = vec![0.0; x.len()];
    differences([n, h, w, c], |from, to, share| {
        let slope = share * (x[to] - x[from]) * dy;
        dx[to] += slope;
        dx[from] -= slope;
    });
    dx
}

/// Shows `each` every two elements that are neighbours, the upper or left one first, and 1 / the number of such pairs
/// along that axis.
fn differences([n, h, w, c]: [usize; 4], mut each: impl FnMut(usize, usize, f64)) {
    for i in 0..n * h * w * c {
        let (ih, iw) = (i / c / w % h, i / c % w);
        if ih + 1 < h {
            each(i, i + w * c, 1.0 / (n * (h - 1) * w * c) as f64);
        }
        if iw + 1 < w {
            each(i, i + c, 1.0 / (n * h * (w - 1) * c) as f64);
        }
    }
}

/// `slope(x, t) · dy`, element by element.
fn derivative(op: &str, x: &[f64], t: &[f64], dy: &[f64], slope: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    check(op, "dy", dy.len(), &[x.len()]);
    zip(op, x, t, slope).iter().zip(dy).map(|(slope, dy)| slope * dy).collect()
}
