//! Pictures changed by factors of their own, and how often that is done.

use super::{check, sign};

/// `y[n,k]` is `low[k] + span[k] · u[n,k+1]` where `u[n,0] < p`, with `⌊span[k] · u⌋` in it for whole numbers, and
/// `idle[k]` else: `u [N, 1 + K]` → `y [N, K]`.
pub fn draw_changes(u: &[f64], p: f64, low: &[f64], span: &[f64], idle: &[f64], is_whole: bool) -> Vec<f64> {
    let columns = low.len();
    check("draw_changes", "u", u.len(), &[u.len() / (columns + 1), columns + 1]);
    let of = |u: &[f64], k: usize| {
        let moved = span[k] * u[k + 1];
        if u[0] < p { low[k] + if is_whole { moved.floor() } else { moved } } else { idle[k] }
    };
    u.chunks(columns + 1).flat_map(|u| (0..columns).map(move |k| of(u, k)).collect::<Vec<_>>()).collect()
}

/// DiffAugment's `color` (Zhao et al., 2020), its three changes one after the other: `x [N, pixels, 3]`, `factors
/// [N, 3]` being brightness to add, saturation and contrast → `y [N, pixels, 3]`.
pub fn adjust_colour(x: &[f64], factors: &[f64], n: usize) -> Vec<f64> {
    check("adjust_colour", "factors", factors.len(), &[n, 3]);
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let one = |(x, factors): (&[f64], &[f64])| {
        let [brightness, saturation, contrast] = [factors[0], factors[1], factors[2]];
        let bright: Vec<f64> = x.iter().map(|x| x + brightness).collect();
        let vivid = |pixel: &[f64]| {
            let grey = mean(pixel);
            pixel.iter().map(|x| (x - grey) * saturation + grey).collect::<Vec<_>>()
        };
        let vivid: Vec<f64> = bright.chunks(3).flat_map(vivid).collect();
        let whole = mean(&vivid);
        vivid.iter().map(|x| (x - whole) * contrast + whole).collect::<Vec<_>>()
    };
    x.chunks(x.len() / n).zip(factors.chunks(3)).flat_map(one).collect()
}

/// `y[n,h,w,c] = x[n, h − shifts[n,0], w − shifts[n,1], c]` inside of `x`, else 0; `x` has `shape` = `[N, H, W, C]`.
pub fn translate(x: &[f64], shifts: &[f64], shape: [usize; 4]) -> Vec<f64> {
    let [n, h, w, c] = shape;
    check("translate", "x", x.len(), &shape);
    check("translate", "shifts", shifts.len(), &[n, 2]);
    let mut y = vec![0.0; x.len()];
    for (i, y) in y.iter_mut().enumerate() {
        let (sample, row, column) = (i / (h * w * c), i / (w * c) % h, i / c % w);
        let (row, column) = (row as i64 - shifts[2 * sample] as i64, column as i64 - shifts[2 * sample + 1] as i64);
        if (0..h as i64).contains(&row) && (0..w as i64).contains(&column) {
            *y = x[((sample * h + row as usize) * w + column as usize) * c + i % c];
        }
    }
    y
}

/// `x` with 0 in a rectangle of each picture, whose first row and column are `centres[n] − ⌊sides / 2⌋`; `x` has
/// `shape` = `[N, H, W, C]`.
pub fn cutout(x: &[f64], centres: &[f64], sides: [usize; 2], shape: [usize; 4]) -> Vec<f64> {
    let [n, h, w, c] = shape;
    check("cutout", "x", x.len(), &shape);
    check("cutout", "centres", centres.len(), &[n, 2]);
    let covers = |sample: usize, axis: usize, place: usize| {
        let first = centres[2 * sample + axis] as i64 - sides[axis] as i64 / 2;
        (first..first + sides[axis] as i64).contains(&(place as i64))
    };
    let kept = |(i, x): (usize, &f64)| {
        let (sample, row, column) = (i / (h * w * c), i / (w * c) % h, i / c % w);
        if covers(sample, 0, row) && covers(sample, 1, column) { 0.0 } else { *x }
    };
    x.iter().enumerate().map(kept).collect()
}

/// A call of the controller of adaptive discriminator augmentation (Karras et al., 2020) on `state` = `[p, sum of
/// signs, their number, calls]`; the new state.
pub fn adapt_probability(logits: &[f64], state: [f64; 4], interval: f64, wanted: f64, amount: f64) -> [f64; 4] {
    let [p, signs, number, calls] = state;
    let signs = signs + logits.iter().map(|logit| sign(*logit)).sum::<f64>();
    let (number, calls) = (number + logits.len() as f64, calls + 1.0);
    if calls < interval {
        return [p, signs, number, calls];
    }
    [(p + amount * sign(signs / number - wanted)).clamp(0.0, 1.0), 0.0, 0.0, 0.0]
}
