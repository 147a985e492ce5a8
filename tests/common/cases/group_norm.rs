//! Normalisation per sample: one pixel, one channel, one group and as many as channels, around a workgroup's places and
//! a run's steps, around the number of sets merged at once, more workgroups than a grid is wide, and a large mean
//! beside a small variance, where a careless variance cancels.

use sumi::{
    autograd::Var,
    ops::{
        elementwise::mul,
        norm as ops,
        reduce::{Axis, sum},
    },
    reference::norm as twin,
};

use super::{Case, Input, Run, Twin, normal, uniform};
use crate::common::compare::{Tolerance::Sum, largest};

/// `[N, H, W, C]`, groups, mean and standard deviation of what is normalised, and eps.
const SHAPES: [([usize; 4], usize, f32, f32, f32); 24] = [
    ([1, 1, 1, 1], 1, 0.5, 1.0, 1e-5),
    ([1, 1, 1, 5], 5, 0.5, 1.0, 1e-5),
    ([2, 1, 1, 6], 2, 0.5, 1.0, 1e-9),
    ([3, 1, 1, 4], 1, 0.5, 1.0, 1e-5),
    ([2, 33, 31, 1], 1, 0.5, 1.0, 1e-5),
    ([3, 5, 7, 13], 13, -1.0, 3.0, 1e-5),
    ([3, 5, 7, 13], 1, -1.0, 3.0, 1e-9),
    ([1, 3, 2, 3], 3, 0.0, 1.0, 1e-5),
    ([2, 4, 4, 64], 16, 0.0, 1.0, 1e-5),
    ([1, 4, 4, 64], 64, 0.0, 1.0, 1e-9),
    ([2, 9, 5, 65], 5, 0.0, 1.0, 1e-5),
    ([1, 3, 3, 130], 1, 0.0, 1.0, 1e-5),
    // Around one run of 32 steps.
    ([1, 31, 1, 64], 64, 0.0, 0.1, 1e-5),
    ([2, 32, 1, 64], 64, 0.0, 0.1, 1e-5),
    ([2, 33, 1, 64], 1, 0.0, 0.1, 1e-5),
    ([1, 5, 13, 32], 8, 0.0, 0.1, 1e-5),
    // Around 64 sets, from where on they are merged in stages.
    ([1, 64, 32, 64], 64, 0.3, 1.0, 1e-5),
    ([2, 2_049, 1, 64], 2, 0.3, 1.0, 1e-5),
    ([1, 140_001, 1, 3], 3, 0.3, 1.0, 1e-5),
    // More workgroups than fit in a row.
    ([65_537, 1, 1, 2], 1, 0.0, 1.0, 1e-5),
    ([2, 31, 67, 3], 3, 1_000.0, 0.01, 1e-5),
    ([2, 31, 67, 3], 1, 1_000.0, 0.01, 1e-9),
    ([3, 9, 1, 8], 4, -300.0, 0.1, 1e-5),
    ([1, 131_101, 1, 2], 1, 1_000.0, 0.01, 1e-5),
];

pub fn cases() -> Vec<Case> {
    let all = SHAPES.into_iter().enumerate();
    all.flat_map(|(seed, (shape, groups, mean, std, eps))| {
        let x = normal(seed as u64, shape);
        let x = Input { shape: x.shape, values: x.values.iter().map(|v| mean + std * v).collect() };
        Setting { shape, groups, eps }.cases(seed as u64, x, &format!("{shape:?} of {mean} ± {std}"))
    })
    .collect()
}

/// The sizes that runs and twins share.
#[derive(Clone, Copy)]
struct Setting {
    shape: [usize; 4],
    groups: usize,
    eps: f32,
}

impl Setting {
    fn cases(self, seed: u64, x: Input, what: &str) -> Vec<Case> {
        let Self { shape: [n, h, w, c], groups, .. } = self;
        let (gamma, beta) = (normal(seed + 100, [c]), normal(seed + 200, [c]));
        let dy = normal(seed + 300, self.shape);
        let given = [normal(seed + 400, [n, groups]), uniform(seed + 500, [n, groups], 0.5, 2.0)];

        // Sizes of terms, for tolerances.
        let wide: Vec<f64> = x.values.iter().copied().map(f64::from).collect();
        let most = |values: &[f64]| values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        let (means, rstds) = self.twin_statistics(&wide);
        let of_group = |i: usize| i / (h * w * c) * groups + i % c / (c / groups);
        let rstd = most(&rstds);
        let deviation = most(&wide.iter().enumerate().map(|(i, x)| x - means[of_group(i)]).collect::<Vec<_>>());
        let xhat = 1.0
            + most(
                &wide
                    .iter()
                    .enumerate()
                    .map(|(i, x)| (x - means[of_group(i)]) * rstds[of_group(i)])
                    .collect::<Vec<_>>(),
            );
        let (largest_x, largest_dy) = (most(&wide), largest(&dy.values));
        let slope = rstd * largest(&gamma.values);
        // What is off in the mean of f32 numbers is off in every normalised value.
        let blurred = xhat + largest_x * rstd;
        // The means of a group's channels are rounded too before they are compared with each other.
        let apart = most(&self.twin_distances(&wide)) * rstd;
        let unsteady = 4.0 + xhat.powi(2) + apart * largest_x * rstd + (largest_x * rstd * 1e-4).powi(2);
        let of_y = |slope: f64| Sum { terms: 1, largest: 1.0 + slope * (0.5 * largest_x + deviation * unsteady) };
        let of_dx = |slope: f64| Sum { terms: 16, largest: slope * largest_dy * xhat * blurred };

        let case = |kernel, part: &str, inputs: &[&Input], run: Run, twin: Twin, tolerance| Case {
            kernel,
            label: format!("{part} {what} in {groups} groups"),
            inputs: inputs.iter().map(|input| (*input).clone()).collect(),
            run,
            twin,
            tolerance,
        };
        let (plain, affine): (&[&Input], &[&Input]) = (&[&x, &dy], &[&x, &dy, &gamma, &beta]);
        vec![
            case(
                "group_norm_stats",
                "mean",
                &[&x],
                Box::new(|v| vec![v[0].tape().constant(ops::statistics(v[0].value()).0)]),
                Box::new(move |v| vec![twin::group_norm_stats(&v[0], n, c).0]),
                Sum { terms: 1, largest: 2.0 * deviation },
            ),
            case(
                "group_norm_merge",
                "m2",
                &[&x],
                Box::new(|v| vec![v[0].tape().constant(ops::statistics(v[0].value()).1)]),
                Box::new(move |v| vec![merged_twin(&v[0], n, c)]),
                Sum { terms: h * w, largest: (2.0 * deviation).powi(2) },
            ),
            case(
                "group_norm_finish",
                "rstd",
                &[&x],
                Box::new(move |v| {
                    let (mean, m2) = ops::statistics(v[0].value());
                    vec![v[0].tape().constant(ops::group_statistics(&mean, &m2, h * w, groups, self.eps).1)]
                }),
                Box::new(move |v| vec![self.twin_statistics(&v[0]).1]),
                Sum { terms: 1, largest: rstd * unsteady },
            ),
            case(
                "group_norm",
                "affine",
                affine,
                Box::new(move |v| vec![ops::group_norm(&v[0], groups, Some((&v[2], &v[3])), self.eps)]),
                Box::new(move |v| vec![self.forward_twin(&v[0], &v[2], &v[3])]),
                of_y(slope),
            ),
            case(
                "group_norm",
                "plain",
                plain,
                Box::new(move |v| vec![ops::group_norm(&v[0], groups, None, self.eps)]),
                Box::new(move |v| vec![self.forward_twin(&v[0], &vec![1.0; c], &vec![0.0; c])]),
                of_y(rstd),
            ),
            case(
                "group_norm",
                "with given statistics",
                &[&x, &given[0], &given[1], &gamma, &beta],
                Box::new(move |v| {
                    let (mean, rstd) = (v[1].value(), v[2].value());
                    vec![ops::group_norm_with(&v[0], mean, rstd, groups, Some((&v[3], &v[4])))]
                }),
                Box::new(move |v| vec![twin::group_norm(&v[0], &v[1], &v[2], &v[3], &v[4], n)]),
                Sum { terms: 4, largest: 1.0 + 2.0 * largest(&gamma.values) * (largest_x + 4.0) },
            ),
            case(
                "group_norm_backward",
                "affine",
                affine,
                Box::new(move |v| vec![self.gradients(v).swap_remove(0)]),
                Box::new(move |v| vec![self.backward_twin(&v[0], &v[1], &v[2]).swap_remove(0)]),
                of_dx(slope),
            ),
            case(
                "group_norm_backward",
                "plain",
                plain,
                Box::new(move |v| self.gradients(v)),
                Box::new(move |v| vec![self.backward_twin(&v[0], &v[1], &vec![1.0; c]).swap_remove(0)]),
                of_dx(rstd),
            ),
            case(
                "group_norm_backward_reduce",
                "",
                affine,
                Box::new(move |v| self.gradients(v).split_off(1)),
                Box::new(move |v| self.backward_twin(&v[0], &v[1], &v[2]).split_off(1)),
                Sum { terms: n * h * w, largest: largest_dy * blurred },
            ),
        ]
    }

    fn twin_statistics(self, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let [n, h, w, c] = self.shape;
        let (mean, m2) = twin::group_norm_stats(x, n, c);
        twin::group_norm_finish(&mean, &m2, h * w, c / self.groups, f64::from(self.eps))
    }

    /// How far the mean of each channel is from that of its group.
    fn twin_distances(self, x: &[f64]) -> Vec<f64> {
        let [n, _, _, c] = self.shape;
        let (of_channels, of_groups) = (twin::group_norm_stats(x, n, c).0, self.twin_statistics(x).0);
        of_channels.iter().enumerate().map(|(i, mean)| mean - of_groups[i / (c / self.groups)]).collect()
    }

    fn forward_twin(self, x: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
        let (mean, rstd) = self.twin_statistics(x);
        twin::group_norm(x, &mean, &rstd, gamma, beta, self.shape[0])
    }

    /// The gradients of `Σ y · dy` by x, and by gamma and beta where they are among the arguments.
    fn gradients(self, v: &[Var]) -> Vec<Var> {
        let leaf = |v: &Var| v.tape().leaf(v.value().clone());
        let inputs: Vec<Var> = [&v[0]].into_iter().chain(&v[2..]).map(leaf).collect();
        let affine = (inputs.len() > 1).then(|| (&inputs[1], &inputs[2]));
        let y = ops::group_norm(&inputs[0], self.groups, affine, self.eps);
        let found = sum(&mul(&y, &v[1]), Axis::All).gradients(&inputs, false);
        found.into_iter().map(|g| g.expect("y depends on all of them")).collect()
    }

    /// The gradients by x, gamma and beta.
    fn backward_twin(self, x: &[f64], dy: &[f64], gamma: &[f64]) -> Vec<Vec<f64>> {
        let [n, _, _, c] = self.shape;
        let (mean, rstd) = self.twin_statistics(x);
        let (sum_dy, sum_dy_xhat) = twin::group_norm_backward_reduce(x, dy, &mean, &rstd, n, c);
        let of_groups = |sums: &[f64]| -> Vec<f64> {
            let scaled: Vec<f64> = sums.iter().enumerate().map(|(i, sum)| sum * gamma[i % c]).collect();
            scaled.chunks(c / self.groups).map(|group| group.iter().sum()).collect()
        };
        let of_channels = |sums: &[f64]| (0..c).map(|ch| sums.iter().skip(ch).step_by(c).sum()).collect();
        let (level, tilt) = (of_groups(&sum_dy), of_groups(&sum_dy_xhat));
        let dx = twin::group_norm_backward(x, dy, &mean, &rstd, gamma, &level, &tilt, n);
        vec![dx, of_channels(&sum_dy_xhat), of_channels(&sum_dy)]
    }
}

/// As the kernels go about it: the statistics of single pixels, merged twice.
fn merged_twin(x: &[f64], n: usize, c: usize) -> Vec<f64> {
    let eight = twin::group_norm_merge(&vec![1.0; x.len()], x, &vec![0.0; x.len()], n, c, 8);
    twin::group_norm_merge(&eight.count, &eight.mean, &eight.m2, n, c, 1).m2
}
