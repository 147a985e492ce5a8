//! Cooperative matrices and f16.

use super::{check, numbers};

/// The nearest f16, ties to the even one.
fn half(x: f32) -> f32 {
    let x = f64::from(x);
    let exponent = if x == 0.0 { -14.0 } else { x.abs().log2().floor().max(-14.0) };
    let step = 2.0_f64.powf(exponent - 10.0);
    let rounded = (x / step).round_ties_even() * step;
    (if rounded > 65504.0 { f64::INFINITY } else { rounded }) as f32
}

#[test]
fn products_of_matrices() {
    let x = numbers(512);
    let (a, b) = x.split_at(256);
    for n in [0, 1, 13] {
        check("matrices", [1; 3], &[n], &x, |_| {
            let product = |turned: bool| {
                let left = move |i: usize, k: usize| if turned { a[16 * k + i] } else { a[16 * i + k] };
                let sum = move |i: usize, j: usize| (0..16).map(|k| left(i, k) * b[16 * k + j]).sum::<u32>();
                (0..256).map(move |at| n * sum(at % 16, at / 16))
            };
            let scaled = |i: usize| (a[i] * 1000 + b[i]) as f32 * 1.037;
            product(false).chain(product(true)).chain((0..256).map(|i| half(scaled(i)).to_bits())).collect()
        });
    }
}
