// Values to test with, and the way from arrays to vectors and back.

const N: usize = LANES as usize;

/// Where floats behave in a way of their own, and some between.
const FLOATS: [f32; 40] = [
    f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.1, 3.75, -3.25,
    1e-45, -1e-45, 1e-39, -1e-39, f32::MIN_POSITIVE, f32::MAX, f32::MIN, 3e9, 1e30, -1e30, 16777216.0,
    // Next to a half and to the last integers and a half.
    0.49999997, -0.49999997, f32::from_bits(0x4a7f_fffd), f32::from_bits(0xca7f_ffff), 8388607.5, -8388607.5, 8388608.0,
    // 2^31, -2^31, 2^32, and what comes before 2^31, -2^31 and 2^32.
    i32::MAX as f32, i32::MIN as f32, u32::MAX as f32, f32::from_bits(0x4eff_ffff), f32::from_bits(0xcf00_0001),
    f32::from_bits(0x4f7f_ffff),
];

/// The same for integers.
const INTEGERS: [u32; 24] = [
    0, 1, 2, 3, 7, 10, 31, 32, 33, 63, 64, 255, 65535, 65536, 16777217, 123456789, 0x7fff_fffe, 0x7fff_ffff,
    0x8000_0000, 0x8000_0001, 0xf000_0001, 0xffff_fff9, 0xffff_fffe, 0xffff_ffff,
];

/// The values in steps of N, the last ones with the first.
fn rows<T: Copy>(values: &[T]) -> impl Iterator<Item = [T; N]> {
    (0..values.len()).step_by(N).map(|start| std::array::from_fn(|l| values[(start + l) % values.len()]))
}

/// Integers that look random: a multiplicative generator modulo 2^64 (Knuth's constants), its upper half.
fn random(count: usize) -> Vec<u32> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 32) as u32
    };
    (0..count).map(|_| next()).collect()
}

/// Equal bits, or both NaN.
#[track_caller]
fn same(got: f32, wanted: f32, of: &dyn std::fmt::Debug) {
    let equal = got.to_bits() == wanted.to_bits() || (got.is_nan() && wanted.is_nan());
    assert!(equal, "{got:?} for {wanted:?}, of {of:?}");
}

/// An array as memory.
fn memory<T>(words: &mut [T]) -> Memory {
    assert_eq!(size_of::<T>(), 4);
    Memory::new(words.as_mut_ptr().cast(), words.len())
}

functions! {
    pub fn f(mut x: [f32; N]) -> F {
        // SAFETY: the array has a word per lane; here and below.
        unsafe { load_f(memory(&mut x), 0) }
    }
    pub fn i(mut x: [u32; N]) -> I {
        // SAFETY: see `f`.
        unsafe { load_i(memory(&mut x), 0) }
    }
    pub fn m(bits: u32) -> M { ne_i(and_i(shr_u(splat_i(bits), iota()), splat_i(1)), splat_i(0)) }
    pub fn floats(x: F) -> [f32; N] {
        let mut array = [0.0; N];
        // SAFETY: see `f`.
        unsafe { store_f(memory(&mut array), 0, x) };
        array
    }
    pub fn integers(x: I) -> [u32; N] {
        let mut array = [0; N];
        // SAFETY: see `f`.
        unsafe { store_i(memory(&mut array), 0, x) };
        array
    }
    pub fn truths(x: M) -> [bool; N] { integers(select_i(x, splat_i(1), splat_i(0))).map(|x| x == 1) }
}
