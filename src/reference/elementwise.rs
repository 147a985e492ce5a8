//! One output element from the input elements at the same place. Every argument and result has one shape, whatever it
//! is.

use super::{map, sign, zip};

/// `y = a + b` (`torch.add`).
pub fn add(a: &[f64], b: &[f64]) -> Vec<f64> {
    zip("add", a, b, |a, b| a + b)
}

/// `y = a − b` (`torch.sub`).
pub fn sub(a: &[f64], b: &[f64]) -> Vec<f64> {
    zip("sub", a, b, |a, b| a - b)
}

/// `y = a · b` (`torch.mul`).
pub fn mul(a: &[f64], b: &[f64]) -> Vec<f64> {
    zip("mul", a, b, |a, b| a * b)
}

/// `y = scale · x + shift`, with two numbers.
pub fn affine(x: &[f64], scale: f64, shift: f64) -> Vec<f64> {
    map(x, |x| scale * x + shift)
}

/// `y = x²` (`torch.square`).
pub fn square(x: &[f64]) -> Vec<f64> {
    map(x, |x| x * x)
}

/// `y = √x` (`torch.sqrt`).
pub fn sqrt(x: &[f64]) -> Vec<f64> {
    map(x, f64::sqrt)
}

/// `y = |x|` (`torch.abs`).
pub fn abs(x: &[f64]) -> Vec<f64> {
    map(x, f64::abs)
}

/// `dx = sign(x) · dy`; zero at the kink, as PyTorch.
pub fn abs_backward(x: &[f64], dy: &[f64]) -> Vec<f64> {
    zip("abs_backward", x, dy, |x, dy| sign(x) * dy)
}

/// `y = eˣ` (`torch.exp`).
pub fn exp(x: &[f64]) -> Vec<f64> {
    map(x, f64::exp)
}

/// `y = ln x` (`torch.log`).
pub fn log(x: &[f64]) -> Vec<f64> {
    map(x, f64::ln)
}

/// `y = 1 / x` (`torch.reciprocal`).
pub fn reciprocal(x: &[f64]) -> Vec<f64> {
    map(x, f64::recip)
}

/// `len` times `value` (`torch.full`).
pub fn fill(len: usize, value: f64) -> Vec<f64> {
    vec![value; len]
}

/// `y = x` (`torch.clone`).
pub fn copy(x: &[f64]) -> Vec<f64> {
    x.to_vec()
}

/// `y[target + i] = x[source + i]` for `i < count`; the rest of `y` stays as it is.
pub fn copy_part(x: &[f64], y: &[f64], count: usize, source: usize, target: usize) -> Vec<f64> {
    let mut y = y.to_vec();
    y[target..target + count].copy_from_slice(&x[source..source + count]);
    y
}

/// The first `len` bytes of `words`, four to a word and the lowest first, from 0 … 255 to −1 … 1: `y = 2 · byte / 255
/// − 1`.
pub fn unpack_bytes(words: &[u32], len: usize) -> Vec<f64> {
    assert!(
        len <= 4 * words.len(),
        "unpack_bytes: {len} bytes wanted, but {} words hold {}",
        words.len(),
        4 * words.len()
    );
    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
    bytes.take(len).map(|byte| f64::from(byte) * 2.0 / 255.0 - 1.0).collect()
}

/// `y[r, target + c] = x[r, source + c]` for `c < count`: `x [rows, from]`, `y [rows, to]`; the rest of `y` stays as it
/// is.
pub fn copy_columns(
    x: &[f64],
    y: &[f64],
    [from, to]: [usize; 2],
    count: usize,
    source: usize,
    target: usize,
) -> Vec<f64> {
    let mut y = y.to_vec();
    for (y, x) in y.chunks_mut(to).zip(x.chunks(from)) {
        y[target..target + count].copy_from_slice(&x[source..source + count]);
    }
    y
}
