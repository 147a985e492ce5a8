// Matrices in memory: a word to each number.

functions! {
    /// The matrix whose first number is word `first`, with so many words from a row to the next and from a column to
    /// the next.
    pub unsafe fn load_c(memory: Memory, first: u32, down: u32, across: u32) -> C {
        let mut c = zero_c();
        for (row, vectors) in c.chunks_exact_mut(ROW).enumerate() {
            for (v, numbers) in vectors.iter_mut().enumerate() {
                let at = first + row as u32 * down + v as u32 * LANES * across;
                // SAFETY: the caller answers for the access; here and below.
                *numbers = unsafe {
                    match across {
                        1 => load_f(memory, at),
                        _ => gather_f(memory, linear(at, across), splat_m(true)),
                    }
                };
            }
        }
        c
    }
    /// Puts a matrix there.
    pub unsafe fn store_c(memory: Memory, first: u32, down: u32, across: u32, c: &C) {
        for (row, vectors) in c.chunks_exact(ROW).enumerate() {
            for (v, numbers) in vectors.iter().enumerate() {
                let at = first + row as u32 * down + v as u32 * LANES * across;
                // SAFETY: see `load_c`.
                unsafe {
                    match across {
                        1 => store_f(memory, at, *numbers),
                        _ => scatter_f(memory, linear(at, across), *numbers, splat_m(true)),
                    }
                }
            }
        }
    }
}
