//! Noise that depends on the place alone, for the texture of skin, cloth and film.

use super::path::{Point, floor};

/// A number in [0, 1) for each cell of a grid, unlike its neighbours'.
pub fn speckle(x: i32, y: i32, key: u32) -> f32 {
    let mut h =
        (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77) ^ key.wrapping_mul(0xc2b2_ae3d);
    h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
    h ^= h >> 15;
    (h >> 8) as f32 / (1 << 24) as f32
}

/// Smooth noise from -1 to 1 whose blobs are about `grain` frame units across.
pub fn mottle(p: Point, grain: f32, key: u32) -> f32 {
    let (x, y) = (p.x / grain, p.y / grain);
    let (i, j) = (floor(x), floor(y));
    let (u, v) = (x - i as f32, y - j as f32);
    let (u, v) = (u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v));
    let row = |j: i32| speckle(i, j, key) * (1.0 - u) + speckle(i + 1, j, key) * u;
    2.0 * (row(j) * (1.0 - v) + row(j + 1) * v) - 1.0
}
