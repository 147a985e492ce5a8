//! Structural similarity (Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to
//! Structural Similarity", IEEE Transactions on Image Processing, 2004).

/// Taps of the window along each axis.
const WINDOW: usize = 11;

/// The window's standard deviation in pixels.
const SIGMA: f64 = 1.5;

/// (K₁ · 255)² and (K₂ · 255)² with K₁ = 0.01 and K₂ = 0.03: they keep quotients of small numbers steady.
const C1: f64 = 6.5025;
const C2: f64 = 58.5225;

/// The mean structural similarity of two pictures, [height, width, 3], at most 1.
///
/// Of their luma (0.299 red, 0.587 green, 0.114 blue, not rounded), as the paper's own program does; a Gaussian window
/// of 11×11 with σ = 1.5, only where it lies wholly inside the picture; variances divided by the weights' sum.
///
/// Panics where the lengths are not those of the size, or a side is smaller than 11.
pub fn ssim(got: &[u8], want: &[u8], size: [usize; 2]) -> f64 {
    let [height, width] = size;
    let fits = [got, want].iter().all(|picture| picture.len() == 3 * height * width);
    assert!(fits, "ssim: pictures of {} and {} bytes, not of {size:?}", got.len(), want.len());
    assert!(height >= WINDOW && width >= WINDOW, "ssim: pictures of {size:?} hold no window of 11×11");
    let (x, y) = (luma(got), luma(want));
    let mean_of = |value: &dyn Fn(f64, f64) -> f64| {
        let plane: Vec<f64> = x.iter().zip(&y).map(|(&x, &y)| value(x, y)).collect();
        windowed(&plane, size)
    };
    let (mean_x, mean_y) = (mean_of(&|x, _| x), mean_of(&|_, y| y));
    let (square_x, square_y, product) = (mean_of(&|x, _| x * x), mean_of(&|_, y| y * y), mean_of(&|x, y| x * y));
    let similarity = |place: usize| {
        let (mx, my) = (mean_x[place], mean_y[place]);
        let (vx, vy, vxy) = (square_x[place] - mx * mx, square_y[place] - my * my, product[place] - mx * my);
        (2.0 * mx * my + C1) * (2.0 * vxy + C2) / ((mx * mx + my * my + C1) * (vx + vy + C2))
    };
    (0..mean_x.len()).map(similarity).sum::<f64>() / mean_x.len() as f64
}

fn luma(picture: &[u8]) -> Vec<f64> {
    let weigh = |p: &[u8]| 0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2]);
    picture.chunks_exact(3).map(weigh).collect()
}

/// The Gaussian mean of a plane [height, width] in each window: [height − 10, width − 10]. First along, then down.
fn windowed(plane: &[f64], [height, width]: [usize; 2]) -> Vec<f64> {
    let window = window();
    let inner = width - WINDOW + 1;
    let along: Vec<f64> =
        plane.chunks_exact(width).flat_map(|row| row.windows(WINDOW).map(|part| dot(part, &window))).collect();
    let down = |place: usize| (0..WINDOW).map(|tap| window[tap] * along[place + tap * inner]).sum();
    (0..(height - WINDOW + 1) * inner).map(down).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Gaussian weights with sum 1.
fn window() -> [f64; WINDOW] {
    let weight = |tap: usize| (-(tap as f64 - 5.0).powi(2) / (2.0 * SIGMA * SIGMA)).exp();
    let total: f64 = (0..WINDOW).map(weight).sum();
    std::array::from_fn(|tap| weight(tap) / total)
}
