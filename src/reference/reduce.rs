//! Sums over a middle axis, and the spreading that is their adjoint. Sums over everything, per sample and per channel
//! are special cases: `[1, N·H·W·C, 1]`, `[N, H·W·C, 1]`, `[1, N·H·W, C]`.

use super::check;

/// `y[o,i] = Σ_r x[o,r,i]` (`x.sum(1)`): `x [outer, reduce, inner]` → `y [outer, inner]`.
pub fn sum(x: &[f64], outer: usize, reduce: usize, inner: usize) -> Vec<f64> {
    check("sum", "x", x.len(), &[outer, reduce, inner]);
    let mut y = vec![0.0; outer * inner];
    for o in 0..outer {
        for r in 0..reduce {
            for i in 0..inner {
                y[o * inner + i] += x[(o * reduce + r) * inner + i];
            }
        }
    }
    y
}

/// `y[o,r,i] = x[o,i]` (`x[:, None].expand(-1, reduce, -1)`): `x [outer, inner]` → `y [outer, reduce, inner]`.
pub fn expand(x: &[f64], outer: usize, reduce: usize, inner: usize) -> Vec<f64> {
    check("expand", "x", x.len(), &[outer, inner]);
    let mut y = vec![0.0; outer * reduce * inner];
    for o in 0..outer {
        for r in 0..reduce {
            for i in 0..inner {
                y[(o * reduce + r) * inner + i] = x[o * inner + i];
            }
        }
    }
    y
}

/// `y[r,ch] = x[r,ch] + bias[ch]` (`x + bias`): `x [rows, c]`, `bias [c]` → `y [rows, c]`.
pub fn add_channels(x: &[f64], bias: &[f64], rows: usize, c: usize) -> Vec<f64> {
    check("add_channels", "x", x.len(), &[rows, c]);
    check("add_channels", "bias", bias.len(), &[c]);
    (0..rows * c).map(|i| x[i] + bias[i % c]).collect()
}
