//! Weights, noise and pictures that both sides compute from Philox numbers, instead of storing them. `make_dcgan.py`
//! holds the same formulas in Python.

use super::Tensor;
use sumi::reference::random::{normal, philox};

/// Numbers in one noise vector.
pub const NZ: usize = 100;

/// The initial weights of G and of D with `width` = ngf = ndf: convolutions N(0, 0.02), gammas N(1, 0.02), betas 0,
/// each rounded to float32. Each tensor is the draw of its place in G's list followed by D's, of step 0.
pub fn initial(width: usize, seed: u64) -> (Vec<Tensor>, Vec<Tensor>) {
    let mut draws = 0..;
    let mut make = |(name, shape): (String, Vec<usize>)| {
        let z = normal(shape.iter().product(), seed, 0, draws.next().expect("there are draws enough"));
        let value = |z: f64| match shape.len() {
            4 => 0.02 * z,
            _ if name.ends_with("bias") => 0.0,
            _ => 0.02 * z + 1.0,
        };
        let values = z.into_iter().map(|z| round(value(z))).collect();
        Tensor { name, shape, values }
    };
    let generator = generator_shapes(width).into_iter().map(&mut make).collect();
    (generator, discriminator_shapes(width).into_iter().map(&mut make).collect())
}

/// `z [batch, 1, 1, 100]` of a step, which counts from 1; float32 numbers.
pub fn noise(batch: usize, seed: u64, step: u64) -> Vec<f64> {
    normal(batch * NZ, seed, step, 0).into_iter().map(round).collect()
}

/// "Real" pictures `[batch, 64, 64, 3]` of a step, which counts from 1: per picture and channel a triangle wave of a
/// plane plus a bowl, all in integers.
pub fn pictures(batch: usize, seed: u64, step: u64) -> Vec<u8> {
    let words = philox(batch * 3 * 4, seed, step, 1);
    let byte = |n: usize, h: u32, w: u32, c: usize| {
        let [start, rise, run, bend]: [u32; 4] = words.as_chunks().0[n * 3 + c];
        let plane = start % 510 + rise % 9 * h + run % 9 * w;
        let bowl = bend % 4 * (h.abs_diff(32).pow(2) + w.abs_diff(32).pow(2)) / 32;
        let wave = (plane + bowl) % 510;
        wave.min(510 - wave) as u8
    };
    let pixels = (0..batch).flat_map(|n| (0..64).flat_map(move |h| (0..64).map(move |w| (n, h, w))));
    pixels.flat_map(|(n, h, w)| [0, 1, 2].map(|c| byte(n, h, w, c))).collect()
}

/// Bytes to −1 … 1, rounded to float32.
pub fn scaled(pictures: &[u8]) -> Vec<f64> {
    pictures.iter().map(|byte| round(f64::from(*byte) * 2.0 / 255.0 - 1.0)).collect()
}

/// G's tensors in order; weights `[k_h, k_w, c_out, c_in]`.
fn generator_shapes(ngf: usize) -> Vec<(String, Vec<usize>)> {
    let widths = [NZ, 8 * ngf, 4 * ngf, 2 * ngf, ngf, 3];
    let mut shapes = Vec::new();
    for (layer, pair) in widths.windows(2).enumerate() {
        let (c_in, c_out, place) = (pair[0], pair[1], 3 * layer);
        shapes.push((format!("generator.{place}.weight"), vec![4, 4, c_out, c_in]));
        if layer < 4 {
            shapes.push((format!("generator.{}.weight", place + 1), vec![c_out]));
            shapes.push((format!("generator.{}.bias", place + 1), vec![c_out]));
        }
    }
    shapes
}

/// D's tensors in order; weights `[k_h, k_w, c_in, c_out]`.
fn discriminator_shapes(ndf: usize) -> Vec<(String, Vec<usize>)> {
    let widths = [3, ndf, 2 * ndf, 4 * ndf, 8 * ndf, 1];
    let mut shapes = Vec::new();
    for (layer, pair) in widths.windows(2).enumerate() {
        let (c_in, c_out, place) = (pair[0], pair[1], (3 * layer).saturating_sub(1));
        shapes.push((format!("discriminator.{place}.weight"), vec![4, 4, c_in, c_out]));
        if (1..4).contains(&layer) {
            shapes.push((format!("discriminator.{}.weight", place + 1), vec![c_out]));
            shapes.push((format!("discriminator.{}.bias", place + 1), vec![c_out]));
        }
    }
    shapes
}

/// To the nearest number that float32 holds.
fn round(x: f64) -> f64 {
    f64::from(x as f32)
}
