//! The definition of every kernel, in `f64` loops: what a shader of the same name has to compute.
//!
//! A twin is a formula, not a backend: it takes plain slices in the order of its kernel's bindings, then sizes and
//! hyper-parameters, and returns a new vector. It knows no tensor, no tape and no device, imports `std` alone, and
//! nothing in the engine imports it. PyTorch's `float64` anchors the twins, central differences prove each derivative
//! in `f64`, and the kernels are then compared with them in `f32`.
//!
//! Layout is the engine's: contiguous, channels last `[N, H, W, C]`, convolution weights `[k_h, k_w, c_in / groups,
//! c_out]`. Every function panics, naming itself, when a slice is not as long as its shape says.

pub mod activation;
pub mod augment;
pub mod colour;
pub mod conv;
pub mod elementwise;
pub mod loss;
pub mod matmul;
pub mod norm;
pub mod optim;
pub mod probe;
pub mod random;
pub mod reduce;
pub mod resample;
pub mod rows;

/// `f` over one slice, element by element.
fn map(x: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
    x.iter().map(|&x| f(x)).collect()
}

/// `f` over two slices of one length, element by element; panics, naming `op`, when the lengths differ.
fn zip(op: &str, x: &[f64], y: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    check(op, "second argument", y.len(), &[x.len()]);
    x.iter().zip(y).map(|(&x, &y)| f(x, y)).collect()
}

/// The nearest f16 (IEEE 754 binary16), ties to the even one; what is too large becomes infinite.
pub fn half(x: f64) -> f64 {
    // Neighbours lie 2^-10 of the power of two below apart, and at least 2^-24.
    let exponent = if x == 0.0 { -14 } else { x.abs().log2().floor().max(-14.0) as i32 };
    let step = 2.0_f64.powi(exponent - 10);
    let rounded = (x / step).round_ties_even() * step;
    if rounded.abs() > 65504.0 { f64::INFINITY.copysign(x) } else { rounded }
}

/// Panics, naming `op` and its argument, unless `len` elements fill `shape`.
fn check(op: &str, argument: &str, len: usize, shape: &[usize]) {
    let want: usize = shape.iter().product();
    assert!(len == want, "{op}: {argument} has {len} elements, but its shape {shape:?} holds {want}");
}

/// −1, 0 or 1; zero at zero, where `f64::signum` gives one.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}
