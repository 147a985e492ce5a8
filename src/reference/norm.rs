//! Batch normalisation (Ioffe and Szegedy, 2015). Everything is seen as `x [rows, c]`: a picture batch `[N, H, W, C]`
//! has `rows = N·H·W`. Vectors of `c` values hold one number per channel.
//!
//! Group normalisation (Wu and He, 2018), where each sample has statistics of its own. Everything is seen as
//! `x [n, pixels, c]`, whose channel `ch` is of group `g = ch / (c / groups)`.

use super::check;

/// Per channel the mean `Σ x / rows` and `m2 = Σ (x − mean)²`, the numbers that merge without loss (Chan's formula):
/// `x [rows, c]` → `(mean [c], m2 [c])`.
pub fn batch_norm_stats(x: &[f64], rows: usize, c: usize) -> (Vec<f64>, Vec<f64>) {
    check("batch_norm_stats", "x", x.len(), &[rows, c]);
    let (mut mean, mut m2) = (vec![0.0; c], vec![0.0; c]);
    for (i, x) in x.iter().enumerate() {
        mean[i % c] += x / rows as f64;
    }
    for (i, x) in x.iter().enumerate() {
        m2[i % c] += (x - mean[i % c]).powi(2);
    }
    (mean, m2)
}

/// The `(mean, m2)` of `into` large sets of rows from those of `split` small ones (Chan's formula), where small set
/// `s` holds the rows `r = s (mod split)` and large set `t` the rows `r = t (mod into)`; `into` divides `split`:
/// `mean`, `m2 [split, c]` → `(mean [into, c], m2 [into, c])`. Sets without rows come out as 0.
pub fn batch_norm_merge(
    mean: &[f64],
    m2: &[f64],
    rows: usize,
    c: usize,
    split: usize,
    into: usize,
) -> (Vec<f64>, Vec<f64>) {
    check("batch_norm_merge", "mean", mean.len(), &[split, c]);
    check("batch_norm_merge", "m2", m2.len(), &[split, c]);
    let (mut merged_mean, mut merged_m2) = (vec![0.0; into * c], vec![0.0; into * c]);
    for i in 0..into * c {
        // (t, ch) of the large set, and the places of the small sets that make it up, with their number of rows.
        let (t, ch) = (i / c, i % c);
        let sets = || (t..split.min(rows)).step_by(into).map(|s| (s * c + ch, (rows - s).div_ceil(split) as f64));
        let count: f64 = sets().map(|(_, n)| n).sum();
        if count > 0.0 {
            merged_mean[i] = sets().map(|(at, n)| n * mean[at]).sum::<f64>() / count;
            merged_m2[i] = sets().map(|(at, n)| m2[at] + n * (mean[at] - merged_mean[i]).powi(2)).sum();
        }
    }
    (merged_mean, merged_m2)
}

/// What training mode derives from a batch's statistics; every vector `[c]`.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNormFinish {
    /// The batch's mean.
    pub mean: Vec<f64>,
    /// `1 / √(m2 / rows + eps)`: the variance that normalises is the biased one.
    pub rstd: Vec<f64>,
    /// `(1 − momentum) · running_mean + momentum · mean`.
    pub running_mean: Vec<f64>,
    /// `(1 − momentum) · running_var + momentum · m2 / (rows − 1)`: the variance that is kept is the unbiased one.
    /// One row has no variance to keep and counts as 0.
    pub running_var: Vec<f64>,
}

/// From the statistics of `rows` rows to what normalises them, and the running statistics' next values, as
/// `torch.nn.BatchNorm2d` in training mode. All slices `[c]`.
pub fn batch_norm_finish(
    mean: &[f64],
    m2: &[f64],
    running_mean: &[f64],
    running_var: &[f64],
    rows: usize,
    eps: f64,
    momentum: f64,
) -> BatchNormFinish {
    for (argument, slice) in [("m2", m2), ("running_mean", running_mean), ("running_var", running_var)] {
        check("batch_norm_finish", argument, slice.len(), &[mean.len()]);
    }
    let follow = |old: f64, new: f64| (1.0 - momentum) * old + momentum * new;
    let freedom = rows.max(2) as f64 - 1.0;
    BatchNormFinish {
        mean: mean.to_vec(),
        rstd: m2.iter().map(|m2| 1.0 / (m2 / rows as f64 + eps).sqrt()).collect(),
        running_mean: mean.iter().zip(running_mean).map(|(new, old)| follow(*old, *new)).collect(),
        running_var: m2.iter().zip(running_var).map(|(m2, old)| follow(*old, m2 / freedom)).collect(),
    }
}

/// `y = (x − mean) · rstd · gamma + beta`: `x [rows, c]`, the others `[c]` → `y [rows, c]`. Evaluation mode is this
/// with the running mean and `rstd = 1 / √(running_var + eps)`.
pub fn batch_norm(x: &[f64], mean: &[f64], rstd: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
    let c = channels("batch_norm", x, &[mean, rstd, gamma, beta]);
    x.iter().enumerate().map(|(i, x)| (x - mean[i % c]) * rstd[i % c] * gamma[i % c] + beta[i % c]).collect()
}

/// The two sums that every gradient of [`batch_norm`] needs, `x̂ = (x − mean) · rstd`: `x`, `dy [rows, c]` →
/// `(Σ dy [c], Σ dy·x̂ [c])`, which are also the gradients by `beta` and by `gamma`.
pub fn batch_norm_backward_reduce(x: &[f64], dy: &[f64], mean: &[f64], rstd: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let c = channels("batch_norm_backward_reduce", x, &[mean, rstd]);
    check("batch_norm_backward_reduce", "dy", dy.len(), &[x.len()]);
    let (mut sum_dy, mut sum_dy_xhat) = (vec![0.0; c], vec![0.0; c]);
    for (i, (x, dy)) in x.iter().zip(dy).enumerate() {
        sum_dy[i % c] += dy;
        sum_dy_xhat[i % c] += dy * (x - mean[i % c]) * rstd[i % c];
    }
    (sum_dy, sum_dy_xhat)
}

/// The gradient of training mode by its input, through the batch's mean and variance:
/// `dx = gamma · rstd · (dy − Σ dy / rows − x̂ · Σ dy·x̂ / rows)`, all `[rows, c]` or `[c]`. In evaluation mode the
/// statistics do not depend on `x`, and the same formula with zero sums is the gradient.
pub fn batch_norm_backward(
    x: &[f64],
    dy: &[f64],
    mean: &[f64],
    rstd: &[f64],
    gamma: &[f64],
    sum_dy: &[f64],
    sum_dy_xhat: &[f64],
) -> Vec<f64> {
    let c = channels("batch_norm_backward", x, &[mean, rstd, gamma, sum_dy, sum_dy_xhat]);
    check("batch_norm_backward", "dy", dy.len(), &[x.len()]);
    let rows = (x.len() / c) as f64;
    let one = |(i, (x, dy)): (usize, (&f64, &f64))| {
        let i = i % c;
        let xhat = (x - mean[i]) * rstd[i];
        gamma[i] * rstd[i] * (dy - sum_dy[i] / rows - xhat * sum_dy_xhat[i] / rows)
    };
    x.iter().zip(dy).enumerate().map(one).collect()
}

/// Per sample and channel the mean and `m2 = Σ (x − mean)²` over the pixels: `x [n, pixels, c]` →
/// `(mean [n, c], m2 [n, c])`.
pub fn group_norm_stats(x: &[f64], n: usize, c: usize) -> (Vec<f64>, Vec<f64>) {
    let pixels = x.len() / (n * c);
    check("group_norm_stats", "x", x.len(), &[n, pixels, c]);
    let of_samples: Vec<_> = x.chunks(pixels * c).map(|sample| batch_norm_stats(sample, pixels, c)).collect();
    let (means, m2s): (Vec<_>, Vec<_>) = of_samples.into_iter().unzip();
    (means.concat(), m2s.concat())
}

/// What is known of the sets of pixels that [`group_norm_merge`] makes, all `[n, into, c]`.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNormMerge {
    /// Pixels.
    pub count: Vec<f64>,
    /// Their mean; 0 without pixels.
    pub mean: Vec<f64>,
    /// `Σ (x − mean)²`.
    pub m2: Vec<f64>,
}

/// The statistics of `into` large sets from those of many small ones (Chan's formula), where large set `t` is the union
/// of the small sets `s = t (mod into)`: `count`, `mean`, `m2 [n, sets, c]` → `[n, into, c]`.
pub fn group_norm_merge(count: &[f64], mean: &[f64], m2: &[f64], n: usize, c: usize, into: usize) -> GroupNormMerge {
    let sets = count.len() / (n * c);
    for (argument, slice) in [("count", count), ("mean", mean), ("m2", m2)] {
        check("group_norm_merge", argument, slice.len(), &[n, sets, c]);
    }
    let mut merged =
        GroupNormMerge { count: vec![0.0; n * into * c], mean: vec![0.0; n * into * c], m2: vec![0.0; n * into * c] };
    for i in 0..n * into * c {
        let (sample, t, ch) = (i / (into * c), i / c % into, i % c);
        let small = || (t..sets).step_by(into).map(|s| (sample * sets + s) * c + ch);
        merged.count[i] = small().map(|at| count[at]).sum();
        merged.mean[i] = small().map(|at| count[at] * mean[at]).sum::<f64>() / merged.count[i].max(1.0);
        merged.m2[i] = small().map(|at| m2[at] + count[at] * (mean[at] - merged.mean[i]).powi(2)).sum();
    }
    merged
}

/// From the statistics of channels of `pixels` each to those of groups of channels, `1 / √(m2 / count + eps)` with the
/// biased variance: `mean`, `m2 [n, c]` → `(mean [n, groups], rstd [n, groups])`, where `size` is `c / groups`.
pub fn group_norm_finish(mean: &[f64], m2: &[f64], pixels: usize, size: usize, eps: f64) -> (Vec<f64>, Vec<f64>) {
    check("group_norm_finish", "m2", m2.len(), &[mean.len()]);
    let of_group = |(mean, m2): (&[f64], &[f64])| {
        let middle = mean.iter().sum::<f64>() / size as f64;
        let between: f64 = mean.iter().map(|mean| pixels as f64 * (mean - middle).powi(2)).sum();
        let var = (m2.iter().sum::<f64>() + between) / (pixels * size) as f64;
        (middle, 1.0 / (var + eps).sqrt())
    };
    mean.chunks(size).zip(m2.chunks(size)).map(of_group).unzip()
}

/// `y = (x − mean) · rstd · gamma + beta`: `x [n, pixels, c]`, `mean`, `rstd [n, groups]`, `gamma`, `beta [c]` →
/// `y [n, pixels, c]`.
pub fn group_norm(x: &[f64], mean: &[f64], rstd: &[f64], gamma: &[f64], beta: &[f64], n: usize) -> Vec<f64> {
    let c = channels("group_norm", x, &[gamma, beta]);
    let xhat = normalized(x, mean, rstd, n, c);
    xhat.iter().enumerate().map(|(i, xhat)| xhat * gamma[i % c] + beta[i % c]).collect()
}

/// The two sums that every gradient of [`group_norm`] is made of, `x̂ = (x − mean) · rstd`: `x`, `dy [n, pixels, c]`,
/// `mean`, `rstd [n, groups]` → `(Σ dy [n, c], Σ dy·x̂ [n, c])` over the pixels. Added up over the samples they are the
/// gradients by `beta` and by `gamma`.
pub fn group_norm_backward_reduce(
    x: &[f64],
    dy: &[f64],
    mean: &[f64],
    rstd: &[f64],
    n: usize,
    c: usize,
) -> (Vec<f64>, Vec<f64>) {
    check("group_norm_backward_reduce", "dy", dy.len(), &[x.len()]);
    let length = x.len() / n;
    let (mut sum_dy, mut sum_dy_xhat) = (vec![0.0; n * c], vec![0.0; n * c]);
    for (i, (xhat, dy)) in normalized(x, mean, rstd, n, c).iter().zip(dy).enumerate() {
        let at = i / length * c + i % c;
        sum_dy[at] += dy;
        sum_dy_xhat[at] += dy * xhat;
    }
    (sum_dy, sum_dy_xhat)
}

/// The gradient of [`group_norm`] by its input, through the group's mean and variance:
/// `dx = rstd · (gamma · dy − level / count − x̂ · tilt / count)`, where `level [n, groups]` is the group's `Σ
/// gamma·dy`,
/// `tilt [n, groups]` its `Σ gamma·dy·x̂` and `count` its number of elements; the others as in [`group_norm`].
pub fn group_norm_backward(
    x: &[f64],
    dy: &[f64],
    mean: &[f64],
    rstd: &[f64],
    gamma: &[f64],
    level: &[f64],
    tilt: &[f64],
    n: usize,
) -> Vec<f64> {
    let c = channels("group_norm_backward", x, &[gamma]);
    check("group_norm_backward", "dy", dy.len(), &[x.len()]);
    for (argument, slice) in [("level", level), ("tilt", tilt)] {
        check("group_norm_backward", argument, slice.len(), &[rstd.len()]);
    }
    let count = (x.len() / rstd.len()) as f64;
    let (length, groups) = (x.len() / n, rstd.len() / n);
    let one = |(i, (xhat, dy)): (usize, (&f64, &f64))| {
        let g = i / length * groups + i % c / (c / groups);
        rstd[g] * (gamma[i % c] * dy - level[g] / count - xhat * tilt[g] / count)
    };
    normalized(x, mean, rstd, n, c).iter().zip(dy).enumerate().map(one).collect()
}

/// `x̂ = (x − mean) · rstd`: `x [n, pixels, c]`, `mean`, `rstd [n, groups]` → `[n, pixels, c]`.
fn normalized(x: &[f64], mean: &[f64], rstd: &[f64], n: usize, c: usize) -> Vec<f64> {
    let groups = mean.len() / n;
    check("group_norm", "rstd", rstd.len(), &[n, groups]);
    check("group_norm", "x", x.len(), &[n, x.len() / (n * c), c]);
    let length = x.len() / n;
    let group = |i: usize| i / length * groups + i % c / (c / groups);
    x.iter().enumerate().map(|(i, x)| (x - mean[group(i)]) * rstd[group(i)]).collect()
}

/// The number of channels: the length that all of `vectors` share and that divides `x`; panics, naming `op`, if none
/// does.
fn channels(op: &str, x: &[f64], vectors: &[&[f64]]) -> usize {
    let lengths: Vec<usize> = vectors.iter().map(|v| v.len()).collect();
    let c = lengths[0];
    let fits = c > 0 && x.len().is_multiple_of(c) && lengths.iter().all(|len| *len == c);
    assert!(fits, "{op}: {} elements do not go with channel vectors of {lengths:?}", x.len());
    c
}
