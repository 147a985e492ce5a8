// Matrices of 16 by 16 numbers, row behind row in as many vectors as they take.

/// Vectors of a row.
pub const ROW: usize = 16 / LANES as usize;
/// A matrix.
pub type C = [F; 16 * ROW];

functions! {
    /// Zeros.
    pub fn zero_c() -> C { [splat_f(0.0); 16 * ROW] }
}

// A call, where the others become part of the kernel: it is long.
routines! {
    /// `a b + c`, the terms added one after another.
    pub fn multiply_add_c(a: &C, b: &C, c: &C) -> C {
        let mut sum = *c;
        for row in 0..16 {
            for k in 0..16 {
                let factor = splat_f(lane_f(a[row * ROW + k / LANES as usize], k as u32 % LANES));
                for v in 0..ROW {
                    sum[row * ROW + v] = fma_f(factor, b[k * ROW + v], sum[row * ROW + v]);
                }
            }
        }
        sum
    }
}
