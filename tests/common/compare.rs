//! How far a kernel's f32 result may be from its twin's f64 one: three classes, no others.

/// A class of tolerance.
#[derive(Debug, Clone, Copy)]
pub enum Tolerance {
    /// One unit in the last place: one operation that IEEE 754 rounds correctly.
    Exact,
    /// A few operations and at most a transcendental function.
    Pointwise,
    /// A sum of `terms` products, none larger than `largest`: rounding grows with the square root of their number.
    Sum {
        /// Number of terms.
        terms: usize,
        /// Bound of one term's size.
        largest: f64,
    },
}

impl Tolerance {
    fn allowed(self, want: f64) -> f64 {
        match self {
            Self::Exact => want.abs() * f64::from(f32::EPSILON) + f64::from(f32::MIN_POSITIVE),
            Self::Pointwise => 1e-6 + 1e-5 * want.abs(),
            Self::Sum { terms, largest } => {
                4.0 * f64::from(f32::EPSILON) * (terms as f64).sqrt() * largest + 1e-6 * want.abs()
            }
        }
    }
}

/// Compares an adapter's results with another's: within what the tolerance allows one of them, around the second.
///
/// # Panics
/// As [`assert_close`].
pub fn assert_agree(what: &str, got: &[f32], other: &[f32], tolerance: Tolerance) {
    let other: Vec<f64> = other.iter().copied().map(f64::from).collect();
    assert_close(&format!("{what}, against the CPU"), got, &other, tolerance);
}

/// Compares element by element.
///
/// # Panics
/// At the first element that is too far off, with its place, both values and the error over what is allowed.
pub fn assert_close(what: &str, got: &[f32], want: &[f64], tolerance: Tolerance) {
    assert_eq!(got.len(), want.len(), "{what}: number of elements");
    let want_count = want.len();
    for (index, (got, want)) in got.iter().zip(want).enumerate() {
        let (error, allowed) = ((f64::from(*got) - want).abs(), tolerance.allowed(*want));
        // Written so that a NaN fails.
        let close = error <= allowed;
        assert!(
            close,
            "{what}: element {index} of {}: got {got}, want {want}, off by {error:e}, \
             {:.1} times what {tolerance:?} allows{}",
            want_count,
            error / allowed,
            if got.is_nan() { " (NaN: never written, or computed from something never written)" } else { "" },
        );
    }
}

/// The largest magnitude, a bound for terms of sums.
pub fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0.0, |most, v| f64::from(v.abs()).max(most))
}
