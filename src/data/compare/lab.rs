//! CIE L*a*b* (1976), in which distances are about what an eye sees: sRGB (IEC 61966-2-1) seen under D65.

use std::sync::LazyLock;

/// X, Y and Z of linear red, green and blue.
const XYZ_OF_RGB: [[f64; 3]; 3] =
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]];

/// Linear red, green and blue of X, Y and Z: the inverse.
const RGB_OF_XYZ: [[f64; 3]; 3] = [
    [3.240481342, -1.537151516, -0.498536326],
    [-0.969254949, 1.875990001, 0.041555927],
    [0.055646639, -0.204041338, 1.057311069],
];

/// White under D65, for an observer of 2°.
const WHITE: [f64; 3] = [0.95047, 1.0, 1.08883];

/// Where the cube root passes into a straight line, (6/29)³, and the line's slope and offset.
const KNEE: f64 = 216.0 / 24389.0;
const SLOPE: f64 = 841.0 / 108.0;
const OFFSET: f64 = 4.0 / 29.0;

/// [L*, a*, b*] of an sRGB pixel: lightness 0 to 100, green to red, blue to yellow.
pub fn lab_of_rgb(rgb: [u8; 3]) -> [f64; 3] {
    let xyz = times(&XYZ_OF_RGB, rgb.map(|value| LINEAR[usize::from(value)]));
    let root = |t: f64| if t > KNEE { t.cbrt() } else { SLOPE * t + OFFSET };
    let [x, y, z] = [0, 1, 2].map(|axis| root(xyz[axis] / WHITE[axis]));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The sRGB pixel nearest to a colour in Lab; what no screen can show is clipped channel by channel.
pub fn rgb_of_lab([lightness, a, b]: [f64; 3]) -> [u8; 3] {
    let y = (lightness + 16.0) / 116.0;
    let cube = |t: f64| if t.powi(3) > KNEE { t.powi(3) } else { (t - OFFSET) / SLOPE };
    let relative = [y + a / 500.0, y, y - b / 200.0].map(cube);
    times(&RGB_OF_XYZ, [0, 1, 2].map(|axis| relative[axis] * WHITE[axis])).map(encode)
}

/// The mean distance of two pictures' colours, [height, width, 3]: ΔE of CIE 1976, the length of the difference in Lab,
/// averaged over the pixels. 2.3 is about the least that is noticed.
///
/// Panics where the lengths differ.
pub fn delta_e(got: &[u8], want: &[u8]) -> f64 {
    assert!(got.len() == want.len(), "delta_e: pictures of {} and {} bytes", got.len(), want.len());
    let pixel = |p: &[u8]| lab_of_rgb([p[0], p[1], p[2]]);
    let distance = |(a, b): (&[u8], &[u8])| {
        let (a, b) = (pixel(a), pixel(b));
        (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f64>().sqrt()
    };
    let pairs = got.chunks_exact(3).zip(want.chunks_exact(3));
    pairs.map(distance).sum::<f64>() / (got.len() / 3) as f64
}

/// The light of each byte, 0 to 1.
static LINEAR: LazyLock<[f64; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let value = byte as f64 / 255.0;
        if value > 0.04045 { ((value + 0.055) / 1.055).powf(2.4) } else { value / 12.92 }
    })
});

/// The byte of a light.
fn encode(linear: f64) -> u8 {
    let value = if linear > 0.0031308 { 1.055 * linear.powf(1.0 / 2.4) - 0.055 } else { 12.92 * linear };
    (255.0 * value).round().clamp(0.0, 255.0) as u8
}

fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| (0..3).map(|axis| row[axis] * vector[axis]).sum())
}
