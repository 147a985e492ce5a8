//! The twins themselves: are the definitions right? No GPU.
//!
//! - `philox`: published known-answer vectors, and the distributions made from them.
//! - `adjoints`: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩ for everything linear; transposed convolution against the input gradient it is.
//! - `derivatives`: every backward twin against central differences of its forward.
//! - `pytorch`: every family against numbers from PyTorch in float64.
//! - `statistics`: those of parts, merged, against those of the whole.
//! - `dcgan`: the twins composed to whole training steps, against PyTorch in float64.

mod adjoints;
mod dcgan;
mod derivatives;
mod philox;
pub mod pytorch;
mod statistics;

use sumi::reference::random;

/// `len` numbers in −1 … 1, the same on every run; `draw` tells apart the arguments of one case.
fn noise(len: usize, draw: u32) -> Vec<f64> {
    random::uniform(len, 2015, 1, draw).into_iter().map(|u| 2.0 * u - 1.0).collect()
}

/// Σ a·b.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "a dot product takes two vectors of one length");
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Panics, naming the first bad place, unless `got` is within `absolute + relative · |want|` of `want` everywhere.
fn assert_close(what: &str, got: &[f64], want: &[f64], relative: f64, absolute: f64) {
    assert_eq!(got.len(), want.len(), "{what}: the lengths differ");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let (error, allowed) = ((got - want).abs(), absolute + relative * want.abs());
        assert!(
            error <= allowed,
            "{what}[{i}]: got {got:e}, want {want:e}, {:.3} times the tolerance",
            error / allowed
        );
    }
}
