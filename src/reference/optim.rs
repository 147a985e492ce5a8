//! Optimizers: one update of every parameter from its gradient. All slices of one call have the parameters' length.

use super::check;

/// Adam (Kingma and Ba, 2015) with PyTorch's placing of the bias correction; `step` counts from 1. Returns the next
/// `(param, m, v)`:
///
/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
/// `p ← p − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps)`.
#[expect(clippy::too_many_arguments, reason = "the state and the arguments of torch.optim.Adam")]
pub fn adam(
    param: &[f64],
    grad: &[f64],
    m: &[f64],
    v: &[f64],
    step: u64,
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    for (argument, slice) in [("grad", grad), ("m", m), ("v", v)] {
        check("adam", argument, slice.len(), &[param.len()]);
    }
    assert!(step > 0, "adam: steps count from 1, for the bias correction divides by 1 - beta^step");
    let (correction1, correction2) = (1.0 - beta1.powf(step as f64), 1.0 - beta2.powf(step as f64));
    let m: Vec<f64> = m.iter().zip(grad).map(|(m, g)| beta1 * m + (1.0 - beta1) * g).collect();
    let v: Vec<f64> = v.iter().zip(grad).map(|(v, g)| beta2 * v + (1.0 - beta2) * g * g).collect();
    let update = |m: f64, v: f64| lr / correction1 * m / (v.sqrt() / correction2.sqrt() + eps);
    let param = param.iter().zip(m.iter().zip(&v)).map(|(p, (m, v))| p - update(*m, *v)).collect();
    (param, m, v)
}

/// Gradient descent with momentum in PyTorch's form (`torch.optim.SGD`, dampening 0). Returns the next `(param,
/// velocity)`:
///
/// `velocity ← momentum · velocity + g`, `p ← p − lr · velocity`.
pub fn sgd(param: &[f64], grad: &[f64], velocity: &[f64], lr: f64, momentum: f64) -> (Vec<f64>, Vec<f64>) {
    check("sgd", "grad", grad.len(), &[param.len()]);
    check("sgd", "velocity", velocity.len(), &[param.len()]);
    let velocity: Vec<f64> = velocity.iter().zip(grad).map(|(u, g)| momentum * u + g).collect();
    let param = param.iter().zip(&velocity).map(|(p, u)| p - lr * u).collect();
    (param, velocity)
}

/// Sums of squares of `x`, whose elements belong together in fours: part `s` of `split` has the fours with place
/// `i ≡ s (mod split)`.
pub fn sum_squares(x: &[f64], split: usize) -> Vec<f64> {
    let mut parts = vec![0.0; split];
    for (place, four) in x.chunks(4).enumerate() {
        parts[place % split] += four.iter().map(|v| v * v).sum::<f64>();
    }
    parts
}

/// What gradients are multiplied by so that their norm is at most `most` (`torch.nn.utils.clip_grad_norm_`), and their
/// norm, of sums of their squares: `min(1, most / (norm + 10⁻⁶))`, `norm = √(Σ parts)`.
pub fn clip_factor(parts: &[f64], most: f64) -> [f64; 2] {
    let norm = parts.iter().sum::<f64>().sqrt();
    [(most / (norm + 1e-6)).min(1.0), norm]
}

/// The next averages of parameters: `average ← decay · average + (1 − decay) · param`.
pub fn average(average: &[f64], param: &[f64], decay: f64) -> Vec<f64> {
    check("average", "param", param.len(), &[average.len()]);
    average.iter().zip(param).map(|(a, p)| decay * a + (1.0 - decay) * p).collect()
}
