//! Matrices row by row: `x [rows, columns]`.

use super::check;

/// `y[r,c] = exp(x[r,c] − m) / Σ_j exp(x[r,j] − m)`, `m` the largest of the row (`torch.softmax`, `dim=1`): `x [rows,
/// columns]` → `y [rows, columns]`.
pub fn softmax(x: &[f64], columns: usize) -> Vec<f64> {
    by_rows("softmax", x, columns, |row| {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|x| (x - largest).exp()).sum();
        row.iter().map(|x| (x - largest).exp() / sum).collect()
    })
}

/// `dx[r,c] = y[r,c] · (dy[r,c] − Σ_j y[r,j] · dy[r,j])`, with `y` the softmax: `y`, `dy [rows, columns]` → `dx`.
pub fn softmax_backward(y: &[f64], dy: &[f64], columns: usize) -> Vec<f64> {
    check("softmax_backward", "dy", dy.len(), &[y.len()]);
    let products: Vec<f64> = y.iter().zip(dy).map(|(y, dy)| y * dy).collect();
    let sums: Vec<f64> = products.chunks(columns).map(|row| row.iter().sum()).collect();
    y.iter().zip(dy).enumerate().map(|(i, (y, dy))| y * (dy - sums[i / columns])).collect()
}

/// `y[r] = ln Σ_c exp(x[r,c]) − x[r,t[r]]` (`torch.nn.functional.cross_entropy`, `reduction="none"`): `x [rows,
/// columns]`, `t [rows]` → `y [rows]`. With the row's largest number taken out first, so that nothing overflows.
pub fn cross_entropy(x: &[f64], t: &[u32], columns: usize) -> Vec<f64> {
    check("cross_entropy", "x", x.len(), &[t.len(), columns]);
    let loss = |(row, t): (&[f64], &u32)| {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|x| (x - largest).exp()).sum();
        sum.ln() + (largest - row[*t as usize])
    };
    x.chunks(columns).zip(t).map(loss).collect()
}

/// `dx[r,c] = (softmax(x)[r,c] − [c = t[r]]) · dy[r]`: `x [rows, columns]`, `t`, `dy [rows]` → `dx [rows, columns]`.
pub fn cross_entropy_backward(x: &[f64], t: &[u32], dy: &[f64], columns: usize) -> Vec<f64> {
    check("cross_entropy_backward", "dy", dy.len(), &[t.len()]);
    let mut dx = softmax(x, columns);
    for (r, row) in dx.chunks_mut(columns).enumerate() {
        row[t[r] as usize] -= 1.0;
        row.iter_mut().for_each(|v| *v *= dy[r]);
    }
    dx
}

/// `y[r] = x[r] / max(‖x[r]‖, eps)` (`torch.nn.functional.normalize`, `p=2, dim=1`): `x [rows, columns]` → `y`.
pub fn normalize(x: &[f64], columns: usize, eps: f64) -> Vec<f64> {
    by_rows("normalize", x, columns, |row| {
        let length = dot(row, row).sqrt().max(eps);
        row.iter().map(|x| x / length).collect()
    })
}

/// `dx[r] = (dy[r] − ŷ (ŷ · dy[r])) / n` with `n = ‖x[r]‖` and `ŷ = x[r] / n` where `n ≥ eps`, else `dy[r] / eps`: `x`,
/// `dy [rows, columns]` → `dx`.
pub fn normalize_backward(x: &[f64], dy: &[f64], columns: usize, eps: f64) -> Vec<f64> {
    check("normalize_backward", "dy", dy.len(), &[x.len()]);
    let row = |(x, dy): (&[f64], &[f64])| -> Vec<f64> {
        let n = dot(x, x).sqrt();
        let along = if n >= eps { dot(x, dy) / (n * n) } else { 0.0 };
        x.iter().zip(dy).map(|(x, dy)| (dy - x * along) / n.max(eps)).collect()
    };
    x.chunks(columns).zip(dy.chunks(columns)).flat_map(row).collect()
}

/// `y[m] = x[indices[m]]` (`torch.index_select`, `dim=0`): `x [.., columns]` → `y [indices.len(), columns]`.
pub fn gather_rows(x: &[f64], indices: &[u32], columns: usize) -> Vec<f64> {
    indices.iter().flat_map(|i| x[*i as usize * columns..][..columns].to_vec()).collect()
}

/// `dx[i] = Σ dy[m]` over the `m` with `indices[m] = i`: `dy [indices.len(), columns]` → `dx [rows, columns]`.
pub fn gather_rows_backward(dy: &[f64], indices: &[u32], rows: usize, columns: usize) -> Vec<f64> {
    check("gather_rows_backward", "dy", dy.len(), &[indices.len(), columns]);
    let mut dx = vec![0.0; rows * columns];
    for (m, i) in indices.iter().enumerate() {
        for c in 0..columns {
            dx[*i as usize * columns + c] += dy[m * columns + c];
        }
    }
    dx
}

/// `f` of each row; panics, naming `op`, when `x` is no whole number of rows.
fn by_rows(op: &str, x: &[f64], columns: usize, f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    check(op, "x", x.len(), &[x.len() / columns, columns]);
    x.chunks(columns).flat_map(f).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
