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

/// The verdict on gradients once they are clipped (`torch.nn.utils.clip_grad_norm_`), of sums of their squares and of
/// the verdict `[factor, whether the step is left out]` before: `factor · min(1, most / (norm + 10⁻⁶))`,
/// `norm = factor · √(Σ parts)`.
pub fn clip_factor(parts: &[f64], [factor, skip]: [f64; 2], most: f64) -> [f64; 2] {
    let norm = factor * parts.iter().sum::<f64>().sqrt();
    [factor * (most / (norm + 1e-6)).min(1.0), skip]
}

/// The next averages of parameters: `average ← decay · average + (1 − decay) · param`.
pub fn average(average: &[f64], param: &[f64], decay: f64) -> Vec<f64> {
    check("average", "param", param.len(), &[average.len()]);
    average.iter().zip(param).map(|(a, p)| decay * a + (1.0 - decay) * p).collect()
}

/// How many of `g[i]`, `g[i + parts]`, `g[i + 2 parts]`, … are not finite, counted in vec4s: for each `i` below
/// `parts`.
pub fn count_not_finite(g: &[f64], parts: usize) -> Vec<f64> {
    let mut counts = vec![0.0; parts];
    for (place, four) in g.chunks(4).enumerate() {
        counts[place % parts] += four.iter().filter(|value| !value.is_finite()).count() as f64;
    }
    counts
}

/// The verdict `[1 / scale, whether the step is left out]`, and the next state `[scale, good, found]`
/// (`torch.amp.GradScaler.unscale_`).
pub fn judge_gradients(parts: &[f64], [scale, good, found]: [f64; 3]) -> ([f64; 2], [f64; 3]) {
    let skip = if parts.iter().any(|count| *count > 0.0) { 1.0 } else { 0.0 };
    ([1.0 / scale, skip], [scale, good, skip.max(found)])
}

/// The next state `[scale, good, found]` (`torch.amp.GradScaler.update`).
pub fn update_loss_scale([scale, good, found]: [f64; 3], growth: f64, backoff: f64, interval: f64) -> [f64; 3] {
    match good + 1.0 {
        _ if found > 0.0 => [scale * backoff, 0.0, 0.0],
        good if good >= interval => [scale * growth, 0.0, 0.0],
        good => [scale, good, 0.0],
    }
}
