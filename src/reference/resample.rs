//! Resampling: linear maps along the rows and columns of each picture. Channels last.
//!
//! [`resample2d`] is the kernel's definition, for any map; the others are definitions of the maps that have names, by
//! their own formulas.

use super::check;
use super::conv::{ConvTranspose2d, conv_transpose2d};

/// Along each axis, for each output the inputs that it is a sum of, with their weights: `x [n, h_in, w_in, c]` →
/// `y [n, h_out, w_out, c]`. `shape` is that of `x`:
///
/// `y[n,oh,ow,ch] = Σ v · u · x[n,ih,iw,ch]` over the `(ih, v)` of `down[oh]` and the `(iw, u)` of `across[ow]`.
pub fn resample2d(x: &[f64], shape: [usize; 4], down: &[Vec<(usize, f64)>], across: &[Vec<(usize, f64)>]) -> Vec<f64> {
    from_pixels("resample2d", x, shape, [down.len(), across.len()], |oh, ow, pixel| {
        let rows = down[oh].iter().map(|(ih, v)| {
            let columns = across[ow].iter().map(|(iw, u)| u * pixel(*ih, *iw));
            v * columns.sum::<f64>()
        });
        rows.sum()
    })
}

/// Mirror images around each picture (`torch.nn.ReflectionPad2d`): pixel `i` of the larger picture is that at distance
/// `|i − before|` from the first one, or the same distance short of the last as it lies beyond. `sides` are
/// `[top, bottom, left, right]`.
pub fn reflection_pad2d(x: &[f64], shape: [usize; 4], sides: [usize; 4]) -> Vec<f64> {
    let ([_, h, w, _], [top, bottom, left, right]) = (shape, sides);
    assert!(top.max(bottom) < h && left.max(right) < w, "reflection_pad2d: {sides:?} is too much for {shape:?}");
    let mirrored = |i: usize, before: usize, size: usize| {
        let place = i as i64 - before as i64;
        let last = size as i64 - 1;
        (if place < 0 {
            -place
        } else if place > last {
            last - (place - last)
        } else {
            place
        }) as usize
    };
    from_pixels("reflection_pad2d", x, shape, [top + h + bottom, left + w + right], |oh, ow, pixel| {
        pixel(mirrored(oh, top, h), mirrored(ow, left, w))
    })
}

/// Copies of the edges around each picture (`torch.nn.ReplicationPad2d`); `sides` are `[top, bottom, left, right]`.
pub fn replication_pad2d(x: &[f64], shape: [usize; 4], sides: [usize; 4]) -> Vec<f64> {
    let ([_, h, w, _], [top, bottom, left, right]) = (shape, sides);
    let clamped = |i: usize, before: usize, size: usize| (i as i64 - before as i64).clamp(0, size as i64 - 1) as usize;
    from_pixels("replication_pad2d", x, shape, [top + h + bottom, left + w + right], |oh, ow, pixel| {
        pixel(clamped(oh, top, h), clamped(ow, left, w))
    })
}

/// Each pixel `factor` by `factor` times (`torch.nn.functional.interpolate`, mode `nearest`).
pub fn upsample_nearest(x: &[f64], shape: [usize; 4], factor: usize) -> Vec<f64> {
    let [_, h, w, _] = shape;
    from_pixels("upsample_nearest", x, shape, [factor * h, factor * w], |oh, ow, pixel| pixel(oh / factor, ow / factor))
}

/// The picture as a surface of straight lines between its pixels' centres, seen at the centres of `to` pixels
/// (`torch.nn.functional.interpolate`, mode `bilinear`). Beyond the outermost centres it is level.
pub fn upsample_bilinear(x: &[f64], shape: [usize; 4], to: [usize; 2], align_corners: bool) -> Vec<f64> {
    let [_, h, w, _] = shape;
    let place = |i: usize, from: usize, to: usize| match align_corners {
        true => i as f64 * (from as f64 - 1.0) / (to as f64 - 1.0).max(1.0),
        false => ((i as f64 + 0.5) * from as f64 / to as f64 - 0.5).clamp(0.0, from as f64 - 1.0),
    };
    // The share of a pixel falls with its distance, to nothing at its neighbours.
    let share = |at: f64, pixel: usize| (1.0 - (at - pixel as f64).abs()).max(0.0);
    from_pixels("upsample_bilinear", x, shape, to, |oh, ow, pixel| {
        let (y, x) = (place(oh, h, to[0]), place(ow, w, to[1]));
        let each = (0..h).flat_map(|ih| (0..w).map(move |iw| (ih, iw)));
        each.map(|(ih, iw)| share(y, ih) * share(x, iw) * pixel(ih, iw)).sum()
    })
}

/// Means of `kernel` = `[k_h, k_w]` pixels, `stride` apart (`torch.nn.functional.avg_pool2d`).
pub fn avg_pool2d(x: &[f64], shape: [usize; 4], kernel: [usize; 2], stride: [usize; 2]) -> Vec<f64> {
    let [_, h, w, _] = shape;
    let [k_h, k_w] = kernel;
    assert!(k_h <= h && k_w <= w, "avg_pool2d: {kernel:?} does not fit {shape:?}");
    from_pixels("avg_pool2d", x, shape, [(h - k_h) / stride[0] + 1, (w - k_w) / stride[1] + 1], |oh, ow, pixel| {
        let each = (0..k_h).flat_map(|kh| (0..k_w).map(move |kw| (oh * stride[0] + kh, ow * stride[1] + kw)));
        each.map(|(ih, iw)| pixel(ih, iw)).sum::<f64>() / (k_h * k_w) as f64
    })
}

/// The same with `padding` rows and columns around each picture, which do not count
/// (`torch.nn.functional.avg_pool2d` with `count_include_pad=False`).
pub fn avg_pool2d_inside(
    x: &[f64],
    shape: [usize; 4],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
) -> Vec<f64> {
    from_pixels("avg_pool2d_inside", x, shape, pooled(shape, kernel, stride, padding), |oh, ow, pixel| {
        let inside = window(shape, kernel, stride, padding, oh, ow);
        inside.iter().map(|&(ih, iw)| pixel(ih, iw)).sum::<f64>() / inside.len() as f64
    })
}

/// What `v` has at the first pixel of each window, row by row, at which `x` is largest
/// (`torch.nn.functional.max_pool2d` where `v` is `x`). Windows of `kernel` lie `stride` apart, with `padding` rows and
/// columns around each picture that are never the largest. `shape` is that of `x` and of `v`.
pub fn max_pool2d(
    x: &[f64],
    v: &[f64],
    shape: [usize; 4],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
) -> Vec<f64> {
    check("max_pool2d", "v", v.len(), &shape);
    taken(x, shape, kernel, stride, padding).into_iter().map(|place| v[place]).collect()
}

/// The gradient of [`max_pool2d`] by what is taken: each element of `dy` added where it was taken. `shape` is that of
/// `x`.
pub fn max_pool2d_backward(
    x: &[f64],
    dy: &[f64],
    shape: [usize; 4],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
) -> Vec<f64> {
    let mut dx = vec![0.0; x.len()];
    let places = taken(x, shape, kernel, stride, padding);
    check("max_pool2d_backward", "dy", dy.len(), &[places.len()]);
    places.into_iter().zip(dy).for_each(|(place, dy)| dx[place] += dy);
    dx
}

/// Of each window and channel the index of the first largest element.
fn taken(x: &[f64], shape: [usize; 4], kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Vec<usize> {
    check("max_pool2d", "x", x.len(), &shape);
    let ([n, h, w, c], [h_out, w_out]) = (shape, pooled(shape, kernel, stride, padding));
    let mut places = Vec::new();
    for n in 0..n {
        for oh in 0..h_out {
            for ow in 0..w_out {
                let inside = window(shape, kernel, stride, padding, oh, ow);
                for ch in 0..c {
                    let at = |&(ih, iw): &(usize, usize)| ((n * h + ih) * w + iw) * c + ch;
                    let better = |best: usize, next: usize| if x[next] > x[best] { next } else { best };
                    places.push(inside.iter().map(at).reduce(better).expect("a window touches the picture"));
                }
            }
        }
    }
    places
}

/// How many windows there are along each axis.
fn pooled([_, h, w, _]: [usize; 4], kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> [usize; 2] {
    let along = |size: usize, axis: usize| (size + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1;
    [along(h, 0), along(w, 1)]
}

/// The pixels of a window that are in the picture, row by row.
fn window(
    [_, h, w, _]: [usize; 4],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    oh: usize,
    ow: usize,
) -> Vec<(usize, usize)> {
    let along = |out: usize, size: usize, axis: usize| {
        let from_edge = out * stride[axis]..out * stride[axis] + kernel[axis];
        from_edge.filter_map(move |place| place.checked_sub(padding[axis]).filter(|place| *place < size))
    };
    along(oh, h, 0).flat_map(|ih| along(ow, w, 1).map(move |iw| (ih, iw))).collect()
}

/// Every other pixel of the picture blurred by `[1, 2, 1] / 4` along each axis, reflected at the edges.
pub fn blur_pool2d(x: &[f64], shape: [usize; 4]) -> Vec<f64> {
    const WEIGHTS: [f64; 3] = [0.25, 0.5, 0.25];
    let [n, h, w, c] = shape;
    let padded = reflection_pad2d(x, shape, [1; 4]);
    from_pixels("blur_pool2d", &padded, [n, h + 2, w + 2, c], [h.div_ceil(2), w.div_ceil(2)], |oh, ow, pixel| {
        let taps = |out: usize| WEIGHTS.iter().enumerate().map(move |(k, weight)| (2 * out + k, weight));
        taps(oh).flat_map(|(ih, v)| taps(ow).map(move |(iw, u)| (ih, iw, u * v))).map(|(i, j, v)| v * pixel(i, j)).sum()
    })
}

/// The transposed convolution of each channel, its edges repeated once, with `[1, 3, 3, 1] / 4` along each axis, stride
/// 2 and padding 2; a pixel is then cut off each side.
pub fn blur_upsample2d(x: &[f64], shape: [usize; 4]) -> Vec<f64> {
    const WEIGHTS: [f64; 4] = [0.25, 0.75, 0.75, 0.25];
    let [n, h, w, c] = shape;
    let padded = replication_pad2d(x, shape, [1; 4]);
    let weights: Vec<f64> =
        WEIGHTS.iter().flat_map(|v| WEIGHTS.iter().flat_map(move |u| std::iter::repeat_n(u * v, c))).collect();
    let config = ConvTranspose2d::new([n, h + 2, w + 2, c], c, [4, 4], [2, 2], [2, 2], [0, 0], [1, 1], c);
    super::conv::crop2d(&conv_transpose2d(&padded, &weights, &config), config.y_shape(), [1; 4])
}

/// A picture of `to` = `[h_out, w_out]` for each of `x`, each element from `of(oh, ow, pixel)`, where `pixel(ih, iw)`
/// is an element of the same channel of `x`.
fn from_pixels(
    op: &str,
    x: &[f64],
    shape: [usize; 4],
    to: [usize; 2],
    of: impl Fn(usize, usize, &dyn Fn(usize, usize) -> f64) -> f64,
) -> Vec<f64> {
    check(op, "x", x.len(), &shape);
    let ([n, h, w, c], [h_out, w_out]) = (shape, to);
    let mut y = Vec::with_capacity(n * h_out * w_out * c);
    for n in 0..n {
        for oh in 0..h_out {
            for ow in 0..w_out {
                y.extend((0..c).map(|ch| of(oh, ow, &|ih, iw| x[((n * h + ih) * w + iw) * c + ch])));
            }
        }
    }
    y
}
