//! Matrix product and transposition.

use super::check;

/// `y[i,j] = Σ_p a[i,p] · b[p,j]` (`torch.matmul`): `a [m, k]`, `b [k, n]` → `y [m, n]`.
pub fn matmul(a: &[f64], b: &[f64], m: usize, k: usize, n: usize) -> Vec<f64> {
    check("matmul", "a", a.len(), &[m, k]);
    check("matmul", "b", b.len(), &[k, n]);
    let mut y = vec![0.0; m * n];
    for i in 0..m {
        for p in 0..k {
            for j in 0..n {
                y[i * n + j] += a[i * k + p] * b[p * n + j];
            }
        }
    }
    y
}

/// `y[b,q,r,j] = x[b, r, q·width + j]`, zeros behind the last column: `x [batch, rows, cols]` →
/// `y [batch, ⌈cols / width⌉, rows, width]`.
pub fn pack_panels(x: &[f64], batch: usize, rows: usize, cols: usize, width: usize) -> Vec<f64> {
    check("pack_panels", "x", x.len(), &[batch, rows, cols]);
    let panels = cols.div_ceil(width);
    let mut y = vec![0.0; batch * panels * rows * width];
    for b in 0..batch {
        for r in 0..rows {
            for c in 0..cols {
                y[((b * panels + c / width) * rows + r) * width + c % width] = x[(b * rows + r) * cols + c];
            }
        }
    }
    y
}

/// `y[b,c,r] = x[b,r,c]` (`x.transpose(1, 2)`): `x [batch, rows, cols]` → `y [batch, cols, rows]`.
pub fn transpose(x: &[f64], batch: usize, rows: usize, cols: usize) -> Vec<f64> {
    check("transpose", "x", x.len(), &[batch, rows, cols]);
    let mut y = vec![0.0; x.len()];
    for b in 0..batch {
        for r in 0..rows {
            for c in 0..cols {
                y[(b * cols + c) * rows + r] = x[(b * rows + r) * cols + c];
            }
        }
    }
    y
}
