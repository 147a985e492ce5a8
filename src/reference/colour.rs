//! Colours: a pixel's three numbers through a matrix.

use super::check;

/// `y[p,c] = Σ_k matrix[c][k] · x[p,k] + shift[c]`: `x [pixels, 3]` → `y [pixels, 3]`.
pub fn mix_colours(x: &[f64], matrix: [[f64; 3]; 3], shift: [f64; 3]) -> Vec<f64> {
    check("mix_colours", "x", x.len(), &[x.len() / 3, 3]);
    let one = |pixel: &[f64], c: usize| (0..3).map(|k| matrix[c][k] * pixel[k]).sum::<f64>() + shift[c];
    x.chunks(3).flat_map(|pixel| [0, 1, 2].map(|c| one(pixel, c))).collect()
}
