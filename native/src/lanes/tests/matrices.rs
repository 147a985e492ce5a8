// Numbers of 16 bits, and matrices of 16 by 16.

/// The f32 of an f16's bits.
fn of_half(bits: u32) -> f32 {
    let (exponent, fraction) = (bits >> 10 & 31, (bits & 1023) as f32);
    let size = match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent as i32 - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

functions! {
    /// A matrix number by number: row r, column c at 16 r + c.
    pub fn numbers(c: &C) -> Vec<f32> {
        let mut all = Vec::new();
        for row in c {
            all.extend(floats(*row));
        }
        all
    }
}

tests! {
    fn every_half_is_kept_and_what_lies_between_goes_to_the_nearer() {
        let half = |x: f32| floats(half_f(splat_f(x)))[0];
        let mut before = of_half(0);
        for bits in 1..=0x7bff_u32 {
            let x = of_half(bits);
            assert_eq!((half(x), half(-x)), (x, -x));
            // The middle is exact in f32, and so are its neighbours.
            let middle = (before + x) / 2.0;
            let even = if bits % 2 == 0 { x } else { before };
            assert_eq!(half(middle), even, "{middle} between {before} and {x}");
            assert_eq!((half(middle.next_down()), half(middle.next_up())), (before, x));
            before = x;
        }
        assert_eq!(before, 65504.0);
        // 2^16 would be the next: from the middle on it is the nearer, and infinite.
        assert_eq!((half(65519.99), half(65520.0), half(-1e30)), (65504.0, f32::INFINITY, f32::NEG_INFINITY));
        assert_eq!((half(f32::INFINITY), half(1e-30)), (f32::INFINITY, 0.0));
        assert_eq!(half(-1e-30).to_bits(), (-0.0_f32).to_bits());
        assert!(half(f32::NAN).is_nan() && half(-f32::NAN).is_nan());
    }
    fn matrices_are_loaded_and_stored_both_ways() {
        let mut words: Vec<u32> = (0..400_u32).map(|word| (word as f32).to_bits()).collect();
        let at = |first: u32, down: u32, across: u32| -> Vec<f32> {
            (0..256).map(|i| (first + i / 16 * down + i % 16 * across) as f32).collect()
        };
        // SAFETY: the memory has all words that are named; here and below.
        unsafe {
            assert_eq!(numbers(&load_c(memory(&mut words), 7, 20, 1)), at(7, 20, 1));
            assert_eq!(numbers(&load_c(memory(&mut words), 3, 1, 24)), at(3, 1, 24));
            let c = load_c(memory(&mut words), 0, 16, 1);
            for (down, across) in [(20, 1), (1, 24)] {
                let mut stored = vec![f32::NAN.to_bits(); 400];
                store_c(memory(&mut stored), 5, down, across, &c);
                assert_eq!(numbers(&load_c(memory(&mut stored), 5, down, across)), at(0, 16, 1));
                assert_eq!(stored.iter().filter(|word| !f32::from_bits(**word).is_nan()).count(), 256);
            }
        }
    }
    fn products_of_matrices() {
        // Small whole numbers, so that every order of additions gives the same.
        let mut words: Vec<u32> = (0..768_u32).map(|i| ((i * i % 13) as f32 - 6.0).to_bits()).collect();
        // SAFETY: see above.
        let [a, b, c] = unsafe { [0, 256, 512].map(|first| load_c(memory(&mut words), first, 16, 1)) };
        let got = numbers(&multiply_add_c(&a, &b, &c));
        let of = |first: usize, row: usize, column: usize| f32::from_bits(words[first + 16 * row + column]);
        for (i, got) in got.into_iter().enumerate() {
            let (row, column) = (i / 16, i % 16);
            let sum: f32 = (0..16).map(|k| of(0, row, k) * of(256, k, column)).sum();
            assert_eq!(got, sum + of(512, row, column));
        }
        assert!(numbers(&zero_c()).iter().all(|zero| *zero == 0.0));
    }
}
