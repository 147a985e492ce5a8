//! What the probes compute that measure a device.

use super::map;

/// `v ← scale · v + shift`, 16 · `rounds` times, on each element.
pub fn fma(x: &[f64], rounds: usize, scale: f64, shift: f64) -> Vec<f64> {
    map(x, |v| (0..16 * rounds).fold(v, |v, _| scale * v + shift))
}
