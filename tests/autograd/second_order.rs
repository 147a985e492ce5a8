//! First and second derivatives through every family of ops.
//!
//! A composite is a scalar `s` of some inputs. Its gradient `g` by the first input is compared with f64 twins and with
//! a directional difference on the device; then a penalty on `g` (R1, or WGAN-GP's) is differentiated by every input
//! and compared with central differences of the same penalty made of the twins, in f64.

use sumi::{
    autograd::Var,
    ops::{
        self,
        activation::{leaky_relu, relu, sigmoid, silu, softplus, tanh},
        augment::{adjust_colour, cutout, translate},
        colour::{RGB_TO_YUV, rgb_to_yuv},
        conv::{Conv2d, conv_transpose2d, conv2d},
        elementwise::{abs, add, exp, log, mul, reciprocal, scale, shift, sqrt, square, sub},
        loss::{bce_with_logits_loss, hinge_loss, huber_loss, mse_loss, total_variation},
        matmul::matmul,
        norm::{Running, batch_norm, group_norm},
        reduce::{Axis, expand, mean, sum},
        resample::{blur_upsample2d, reflection_pad2d},
        rows::{Indices, Targets, cross_entropy, gather_rows, normalize, softmax},
        shape::{concat_channels, concat_rows, slice_channels, slice_rows},
    },
    reference::{
        activation as act, augment, colour, conv, elementwise as el, loss, matmul as mm, norm, reduce, resample, rows,
    },
    tensor::Tensor,
};

use crate::common::{
    cases::{Input, normal, uniform},
    families,
};

#[derive(Clone, Copy, PartialEq)]
enum Penalty {
    /// `Σ q g²` (R1 of Mescheder et al., 2018, has q = 1). With equal weights some terms cancel, and mistakes in them
    /// would not show: batch norm's gradients, for one, are orthogonal to its outputs.
    R1,
    /// `Σ_n (‖g_n‖ − 1)²` (Gulrajani et al., 2017).
    GradientNorm,
}

impl Penalty {
    fn on(self, g: &Var) -> Var {
        match self {
            Self::R1 => {
                let q: Vec<f32> = (0..g.shape().len()).map(|i| weight(i) as f32).collect();
                let q = g.tape().constant(Tensor::from_slice(g.tape().gpu(), g.shape(), &q));
                weighted(&square(g), &q)
            }
            Self::GradientNorm => sum(&square(&shift(&sqrt(&sum(&square(g), Axis::PerSample)), -1.0)), Axis::All),
        }
    }

    fn of(self, g: &[f64], samples: usize) -> f64 {
        match self {
            Self::R1 => g.iter().enumerate().map(|(i, g)| weight(i) * g * g).sum(),
            Self::GradientNorm => g.chunks(g.len() / samples).map(|g| (dot(g, g).sqrt() - 1.0).powi(2)).sum(),
        }
    }
}

/// From 0.5 to 1.5, without a pattern that an axis could share.
fn weight(i: usize) -> f64 {
    1.0 + 0.5 * (2.4 * i as f64).sin()
}

struct Composite {
    /// The first is what `s` is differentiated by for the penalty.
    inputs: Vec<Input>,
    scalar: fn(&[Var]) -> Var,
    /// The gradient of `s` by the first input.
    gradient: fn(&[Vec<f64>]) -> Vec<f64>,
    penalty: Penalty,
}

fn r1(inputs: Vec<Input>, scalar: fn(&[Var]) -> Var, gradient: fn(&[Vec<f64>]) -> Vec<f64>) {
    check(&Composite { inputs, scalar, gradient, penalty: Penalty::R1 });
}

fn check(composite: &Composite) {
    let Composite { inputs, scalar, gradient, penalty } = composite;
    let wide: Vec<Vec<f64>> = inputs.iter().map(|i| i.values.iter().copied().map(f64::from).collect()).collect();
    let first = gradient(&wide);
    let samples = inputs[0].shape.dims()[0];
    let second: Vec<Vec<f64>> =
        (0..inputs.len()).map(|i| numeric(&wide, i, |v| penalty.of(&gradient(v), samples))).collect();

    for gpu in families() {
        let tape = ops::tape(&gpu);
        let at = |values: &[Vec<f32>]| -> Vec<Var> {
            values.iter().zip(inputs).map(|(v, i)| tape.leaf(Tensor::from_slice(&gpu, i.shape, v))).collect()
        };
        let values: Vec<Vec<f32>> = inputs.iter().map(|i| i.values.clone()).collect();
        let leaves = at(&values);

        // The gradient with a history, and the one without: batch norm goes two ways here.
        let g = scalar(&leaves).gradients(&leaves[..1], true).remove(0).expect("s depends on its first input");
        assert_close("the gradient", &fetch(&g), &first, 3e-5);
        let plain = scalar(&leaves).gradients(&leaves, false);
        assert_close("the gradient without history", &fetch(plain[0].as_ref().unwrap()), &first, 3e-5);
        let with_history = scalar(&leaves).gradients(&leaves, true);
        for (plain, with_history) in plain.iter().zip(&with_history) {
            let (Some(plain), Some(with_history)) = (plain, with_history) else { continue };
            let want: Vec<f64> = fetch(with_history).into_iter().map(f64::from).collect();
            assert_close("both ways to a gradient", &fetch(plain), &want, 3e-5);
        }

        directional(&values, &first, |values| fetch(&scalar(&at(values)))[0]);

        let found = penalty.on(&g).gradients(&leaves, false);
        for (i, (found, want)) in found.iter().zip(&second).enumerate() {
            let got = found.as_ref().map_or(vec![0.0; want.len()], fetch);
            assert_close(&format!("the penalty's gradient by input {i}"), &got, want, 3e-5);
        }
    }
}

/// The slope of `s` on the device from one side of the point to the other, against the gradient.
fn directional(values: &[Vec<f32>], gradient: &[f64], s: impl Fn(&[Vec<f32>]) -> f32) {
    const STEP: f32 = 1.0 / 128.0;
    let size = dot(gradient, gradient).sqrt();
    let along = |step: f32| {
        let mut moved = values.to_vec();
        for (x, g) in moved[0].iter_mut().zip(gradient) {
            *x += step * (g / size) as f32;
        }
        f64::from(s(&moved))
    };
    let slope = (along(STEP) - along(-STEP)) / f64::from(2.0 * STEP);
    assert!((slope - size).abs() < 0.02 * size, "along its gradient s rises by {slope}, the gradient says {size}");
}

/// Central differences of `f` by the elements of one input.
fn numeric(inputs: &[Vec<f64>], which: usize, f: impl Fn(&[Vec<f64>]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let mut inputs = inputs.to_vec();
    (0..inputs[which].len())
        .map(|i| {
            let x = inputs[which][i];
            inputs[which][i] = x + STEP;
            let above = f(&inputs);
            inputs[which][i] = x - STEP;
            let below = f(&inputs);
            inputs[which][i] = x;
            (above - below) / (2.0 * STEP)
        })
        .collect()
}

fn fetch(x: &Var) -> Vec<f32> {
    x.value().to_vec().expect("the device works")
}

/// Compares with `relative` times the tensor's largest entry.
fn assert_close(what: &str, got: &[f32], want: &[f64], relative: f64) {
    assert_eq!(got.len(), want.len(), "{what}: number of elements");
    let allowed = relative * want.iter().fold(0.0, |most: f64, v| most.max(v.abs())) + 1e-6;
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(*got) - want).abs();
        let close = error <= allowed;
        assert!(close, "{what}: element {i}: got {got}, want {want}, {:.1} times what is allowed", error / allowed);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `Σ y · r`, so that no element counts like another.
fn weighted(y: &Var, r: &Var) -> Var {
    sum(&mul(y, r), Axis::All)
}

#[test]
fn activations() {
    let inputs = || vec![normal(1, [3, 7]), normal(2, [3, 7])];
    r1(inputs(), |v| weighted(&softplus(&v[0]), &v[1]), |v| act::softplus_backward(&v[0], &v[1]));
    r1(inputs(), |v| weighted(&tanh(&v[0]), &v[1]), |v| act::tanh_backward(&act::tanh(&v[0]), &v[1]));
    r1(inputs(), |v| weighted(&sigmoid(&v[0]), &v[1]), |v| act::sigmoid_backward(&act::sigmoid(&v[0]), &v[1]));
    r1(inputs(), |v| weighted(&silu(&v[0]), &v[1]), |v| act::silu_backward(&v[0], &v[1]));
    // Squared, because a straight line has no second derivative to get wrong.
    r1(
        inputs(),
        |v| weighted(&square(&leaky_relu(&v[0], 0.2)), &v[1]),
        |v| {
            let y = act::leaky_relu(&v[0], 0.2);
            act::leaky_relu_backward(&v[0], &el::affine(&el::mul(&y, &v[1]), 2.0, 0.0), 0.2)
        },
    );
    r1(
        inputs(),
        |v| weighted(&square(&relu(&v[0])), &v[1]),
        |v| el::affine(&el::mul(&act::relu(&v[0]), &v[1]), 2.0, 0.0),
    );
}

#[test]
fn elementwise() {
    let inputs = || vec![uniform(1, [3, 7], 0.5, 2.0), normal(2, [3, 7])];
    r1(inputs(), |v| weighted(&exp(&v[0]), &v[1]), |v| el::mul(&el::exp(&v[0]), &v[1]));
    r1(inputs(), |v| weighted(&log(&v[0]), &v[1]), |v| el::mul(&el::reciprocal(&v[0]), &v[1]));
    r1(
        inputs(),
        |v| weighted(&sqrt(&v[0]), &v[1]),
        |v| el::affine(&el::mul(&el::reciprocal(&el::sqrt(&v[0])), &v[1]), 0.5, 0.0),
    );
    r1(
        inputs(),
        |v| weighted(&reciprocal(&v[0]), &v[1]),
        |v| el::affine(&el::mul(&el::square(&el::reciprocal(&v[0])), &v[1]), -1.0, 0.0),
    );
    r1(
        vec![normal(3, [3, 7]), normal(4, [3, 7])],
        |v| weighted(&mul(&abs(&v[0]), &v[0]), &v[1]),
        |v| el::affine(&el::mul(&el::abs(&v[0]), &v[1]), 2.0, 0.0),
    );
}

#[test]
fn reductions() {
    let inputs = || vec![normal(1, [4, 3]), normal(2, [4]), normal(3, [3])];
    r1(
        inputs(),
        |v| weighted(&tanh(&mean(&square(&v[0]), Axis::PerSample)), &v[1]),
        |v| {
            let means = el::affine(&reduce::sum(&el::square(&v[0]), 4, 3, 1), 1.0 / 3.0, 0.0);
            let slopes = act::tanh_backward(&act::tanh(&means), &v[1]);
            el::affine(&el::mul(&v[0], &reduce::expand(&slopes, 4, 3, 1)), 2.0 / 3.0, 0.0)
        },
    );
    r1(
        inputs(),
        |v| weighted(&softplus(&sum(&square(&v[0]), Axis::PerChannel)), &v[2]),
        |v| {
            let slopes = act::softplus_backward(&reduce::sum(&el::square(&v[0]), 1, 4, 3), &v[2]);
            el::affine(&el::mul(&v[0], &reduce::expand(&slopes, 1, 4, 3)), 2.0, 0.0)
        },
    );
    r1(
        vec![normal(1, [4, 3]), normal(2, [4, 3])],
        |v| {
            let centred = sub(&v[0], &expand(&mean(&v[0], Axis::All), Axis::All, v[0].shape()));
            weighted(&mul(&square(&centred), &centred), &v[1])
        },
        |v| {
            let mean = |x: &[f64]| el::affine(&reduce::sum(x, 1, 12, 1), 1.0 / 12.0, 0.0);
            let centred = el::sub(&v[0], &reduce::expand(&mean(&v[0]), 1, 12, 1));
            let slopes = el::affine(&el::mul(&el::square(&centred), &v[1]), 3.0, 0.0);
            el::sub(&slopes, &reduce::expand(&mean(&slopes), 1, 12, 1))
        },
    );
}

#[test]
fn losses() {
    // Of x², so that the chain goes on behind the loss.
    r1(
        vec![normal(1, [7]), uniform(2, [7], 0.0, 1.0)],
        |v| bce_with_logits_loss(&square(&v[0]), &v[1]),
        |v| through_square(v, loss::bce_with_logits_backward),
    );
    r1(
        vec![normal(1, [7]), normal(2, [7])],
        |v| mse_loss(&square(&v[0]), &v[1]),
        |v| through_square(v, loss::mse_backward),
    );
    r1(
        vec![normal(1, [7]), normal(2, [7])],
        |v| hinge_loss(&square(&v[0]), &v[1]),
        |v| through_square(v, loss::hinge_backward),
    );
    r1(
        vec![normal(1, [7]), normal(2, [7])],
        |v| huber_loss(&square(&v[0]), &v[1], 0.7),
        |v| through_square(v, |x, t, dy| loss::huber_backward(x, t, dy, 0.7)),
    );
    r1(
        vec![normal(1, [2, 3, 4, 3])],
        |v| exp(&total_variation(&square(&v[0]))),
        |v| {
            let shape = [2, 3, 4, 3];
            let squared = el::square(&v[0]);
            let value: f64 = loss::total_variation(&squared, shape).iter().sum();
            let inner = loss::total_variation_backward(&squared, value.exp(), shape);
            el::affine(&el::mul(&v[0], &inner), 2.0, 0.0)
        },
    );
}

#[test]
fn shares_of_rows() {
    let inputs = || vec![normal(1, [3, 5]), normal(2, [3, 5])];
    r1(inputs(), |v| weighted(&softmax(&v[0]), &v[1]), |v| rows::softmax_backward(&rows::softmax(&v[0], 5), &v[1], 5));
    r1(
        vec![normal(1, [3, 5]), normal(2, [3])],
        |v| weighted(&tanh(&cross_entropy(&v[0], &Targets::new(v[0].tape().gpu(), &TARGETS, 5))), &v[1]),
        |v| {
            let y = act::tanh(&rows::cross_entropy(&v[0], &TARGETS, 5));
            rows::cross_entropy_backward(&v[0], &TARGETS, &act::tanh_backward(&y, &v[1]), 5)
        },
    );
}

const TARGETS: [u32; 3] = [4, 0, 2];

#[test]
fn lengths_of_rows() {
    // The second row is shorter than eps: it is divided by a constant.
    let mut x = normal(1, [3, 5]);
    x.values[5..10].iter_mut().for_each(|x| *x *= 0.1);
    r1(
        vec![x, normal(2, [3, 5])],
        |v| weighted(&tanh(&normalize(&v[0], 0.5)), &v[1]),
        |v| {
            let dy = act::tanh_backward(&act::tanh(&rows::normalize(&v[0], 5, 0.5)), &v[1]);
            rows::normalize_backward(&v[0], &dy, 5, 0.5)
        },
    );
}

#[test]
fn rows_picked_and_put_together() {
    const PICKED: [u32; 5] = [2, 0, 2, 3, 2];
    r1(
        vec![normal(1, [4, 3]), normal(2, [5, 3])],
        |v| weighted(&tanh(&gather_rows(&v[0], &Indices::new(v[0].tape().gpu(), &PICKED, 4))), &v[1]),
        |v| {
            let y = act::tanh(&rows::gather_rows(&v[0], &PICKED, 3));
            rows::gather_rows_backward(&act::tanh_backward(&y, &v[1]), &PICKED, 4, 3)
        },
    );
    // Rows 1 and 2 behind all of them.
    r1(
        vec![normal(1, [4, 3]), normal(2, [6, 3])],
        |v| weighted(&tanh(&concat_rows(&[v[0].clone(), slice_rows(&v[0], 1..3)])), &v[1]),
        |v| {
            let both: Vec<f64> = v[0].iter().chain(&v[0][3..9]).copied().collect();
            let dy = act::tanh_backward(&act::tanh(&both), &v[1]);
            let mut dx = dy[..12].to_vec();
            dx[3..9].iter_mut().zip(&dy[12..]).for_each(|(dx, dy)| *dx += dy);
            dx
        },
    );
}

#[test]
fn channels_picked_and_put_together() {
    // Channels 1 and 2 behind all of them.
    r1(
        vec![normal(1, [4, 3]), normal(2, [4, 5])],
        |v| weighted(&tanh(&concat_channels(&[v[0].clone(), slice_channels(&v[0], 1..3)])), &v[1]),
        |v| {
            let both: Vec<f64> = v[0].chunks(3).flat_map(|row| [row, &row[1..]].concat()).collect();
            let dy = act::tanh_backward(&act::tanh(&both), &v[1]);
            dy.chunks(5).flat_map(|dy| [dy[0], dy[1] + dy[3], dy[2] + dy[4]]).collect()
        },
    );
}

#[test]
fn colours() {
    r1(
        vec![normal(1, [1, 2, 2, 3]), normal(2, [1, 2, 2, 3])],
        |v| weighted(&tanh(&rgb_to_yuv(&v[0])), &v[1]),
        |v| {
            let matrix = RGB_TO_YUV.matrix.map(|row| row.map(f64::from));
            let turned = [0, 1, 2].map(|k| matrix.map(|row| row[k]));
            let y = act::tanh(&colour::mix_colours(&v[0], matrix, [0.0; 3]));
            colour::mix_colours(&act::tanh_backward(&y, &v[1]), turned, [0.0; 3])
        },
    );
}

/// What a picture is changed by, for two of them.
const FACTORS: [f32; 6] = [0.25, 1.75, 0.5, -0.5, 0.25, 1.5];
const PLACES: [f32; 4] = [1.0, -1.0, 0.0, 2.0];

fn per_picture(x: &Var, values: &[f32]) -> Tensor {
    Tensor::from_slice(x.tape().gpu(), [2, values.len() / 2], values)
}

/// The gradient of `Σ tanh(map(x)) · r`, where `adjoint` is the map's.
fn through_tanh(v: &[Vec<f64>], map: impl Fn(&[f64]) -> Vec<f64>, adjoint: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    adjoint(&act::tanh_backward(&act::tanh(&map(&v[0])), &v[1]))
}

#[test]
fn changes_of_pictures() {
    const SHAPE: [usize; 4] = [2, 3, 4, 3];
    let inputs = || vec![normal(1, SHAPE), normal(2, SHAPE)];
    r1(
        inputs(),
        |v| weighted(&tanh(&adjust_colour(&v[0], &per_picture(&v[0], &FACTORS))), &v[1]),
        |v| {
            let factors = FACTORS.map(f64::from);
            let mut dull = factors;
            (dull[0], dull[3]) = (0.0, 0.0);
            through_tanh(v, |x| augment::adjust_colour(x, &factors, 2), |dy| augment::adjust_colour(dy, &dull, 2))
        },
    );
    r1(
        inputs(),
        |v| weighted(&tanh(&translate(&v[0], &per_picture(&v[0], &PLACES))), &v[1]),
        |v| {
            let (there, back) = (PLACES.map(f64::from), PLACES.map(|shift| f64::from(-shift)));
            through_tanh(v, |x| augment::translate(x, &there, SHAPE), |dy| augment::translate(dy, &back, SHAPE))
        },
    );
    r1(
        inputs(),
        |v| weighted(&tanh(&cutout(&v[0], &per_picture(&v[0], &PLACES), [2, 1])), &v[1]),
        |v| {
            let mask = |x: &[f64]| augment::cutout(x, &PLACES.map(f64::from), [2, 1], SHAPE);
            through_tanh(v, mask, mask)
        },
    );
}

type LossBackward = fn(&[f64], &[f64], &[f64]) -> Vec<f64>;

/// The gradient by `x` of the mean loss of `x²`.
fn through_square(v: &[Vec<f64>], backward: LossBackward) -> Vec<f64> {
    let share = vec![1.0 / v[0].len() as f64; v[0].len()];
    el::affine(&el::mul(&v[0], &backward(&el::square(&v[0]), &v[1], &share)), 2.0, 0.0)
}

const EPS: f32 = 1e-5;

#[test]
fn batch_norm_in_training_mode() {
    r1(
        vec![normal(1, [3, 2, 2, 3]), normal(2, [3]), normal(3, [3]), normal(4, [3, 2, 2, 3])],
        |v| {
            let running = Running::new(v[0].tape().gpu(), 3);
            weighted(&tanh(&batch_norm(&v[0], &v[1], &v[2], &running, true, 0.1, EPS)), &v[3])
        },
        |v| {
            let (mean, m2) = norm::batch_norm_stats(&v[0], 12, 3);
            let rstd: Vec<f64> = m2.iter().map(|m2| (m2 / 12.0 + f64::from(EPS)).powf(-0.5)).collect();
            let y = act::tanh(&norm::batch_norm(&v[0], &mean, &rstd, &v[1], &v[2]));
            let dy = act::tanh_backward(&y, &v[3]);
            let (sum_dy, sum_dy_xhat) = norm::batch_norm_backward_reduce(&v[0], &dy, &mean, &rstd);
            norm::batch_norm_backward(&v[0], &dy, &mean, &rstd, &v[1], &sum_dy, &sum_dy_xhat)
        },
    );
}

#[test]
fn batch_norm_in_evaluation_mode() {
    const MEAN: [f32; 3] = [0.5, -0.25, 0.0];
    const VAR: [f32; 3] = [1.0, 0.5, 2.0];
    r1(
        vec![normal(1, [3, 2, 2, 3]), normal(2, [3]), normal(3, [3]), normal(4, [3, 2, 2, 3])],
        |v| {
            let of = |values: [f32; 3]| Tensor::from_slice(v[0].tape().gpu(), [3], &values);
            let running = Running { mean: of(MEAN), var: of(VAR) };
            weighted(&tanh(&batch_norm(&v[0], &v[1], &v[2], &running, false, 0.1, EPS)), &v[3])
        },
        |v| {
            let mean = MEAN.map(f64::from);
            let rstd = VAR.map(|var| f64::from(var + EPS).powf(-0.5));
            let y = act::tanh(&norm::batch_norm(&v[0], &mean, &rstd, &v[1], &v[2]));
            let none = [0.0; 3];
            norm::batch_norm_backward(&v[0], &act::tanh_backward(&y, &v[3]), &mean, &rstd, &v[1], &none, &none)
        },
    );
}

/// Groups of two of four channels, then the two ends; and once without an affine map.
#[test]
fn group_norms() {
    fn with<const GROUPS: usize>(v: &[Var]) -> Var {
        weighted(&tanh(&group_norm(&v[0], GROUPS, Some((&v[1], &v[2])), EPS)), &v[3])
    }
    fn gradient<const GROUPS: usize>(v: &[Vec<f64>]) -> Vec<f64> {
        group_norm_gradient(&v[0], &v[1], &v[2], &v[3], GROUPS)
    }
    let inputs = || vec![normal(1, [2, 3, 2, 4]), normal(2, [4]), normal(3, [4]), normal(4, [2, 3, 2, 4])];
    r1(inputs(), with::<2>, gradient::<2>);
    r1(inputs(), with::<4>, gradient::<4>);
    r1(inputs(), with::<1>, gradient::<1>);
    r1(
        vec![normal(1, [2, 3, 2, 4]), normal(4, [2, 3, 2, 4])],
        |v| weighted(&tanh(&group_norm(&v[0], 2, None, EPS)), &v[1]),
        |v| group_norm_gradient(&v[0], &[1.0; 4], &[0.0; 4], &v[1], 2),
    );
}

/// Of `Σ tanh(group_norm(x)) · r` by `x [2, 6, 4]`.
fn group_norm_gradient(x: &[f64], gamma: &[f64], beta: &[f64], r: &[f64], groups: usize) -> Vec<f64> {
    let (n, pixels, c) = (2, 6, 4);
    let (mean, m2) = norm::group_norm_stats(x, n, c);
    let (mean, rstd) = norm::group_norm_finish(&mean, &m2, pixels, c / groups, f64::from(EPS));
    let dy = act::tanh_backward(&act::tanh(&norm::group_norm(x, &mean, &rstd, gamma, beta, n)), r);
    let (sum_dy, sum_dy_xhat) = norm::group_norm_backward_reduce(x, &dy, &mean, &rstd, n, c);
    let of_groups = |sums: &[f64]| {
        let scaled = el::mul(sums, &reduce::expand(gamma, 1, n, c));
        reduce::sum(&scaled, n * groups, c / groups, 1)
    };
    let (level, tilt) = (of_groups(&sum_dy), of_groups(&sum_dy_xhat));
    norm::group_norm_backward(x, &dy, &mean, &rstd, gamma, &level, &tilt, n)
}

#[test]
fn linear() {
    r1(
        vec![normal(1, [3, 4]), normal(2, [4, 5]), normal(3, [5]), normal(4, [3, 5])],
        |v| {
            let y = matmul(&v[0], &v[1]);
            weighted(&tanh(&add(&y, &expand(&v[2], Axis::PerChannel, y.shape()))), &v[3])
        },
        |v| {
            let y = el::add(&mm::matmul(&v[0], &v[1], 3, 4, 5), &reduce::expand(&v[2], 1, 3, 5));
            let dy = act::tanh_backward(&act::tanh(&y), &v[3]);
            mm::matmul(&dy, &mm::transpose(&v[1], 1, 4, 5), 3, 5, 4)
        },
    );
}

#[test]
fn convolution() {
    r1(
        vec![normal(1, [2, 5, 4, 2]), normal(2, [3, 3, 2, 3]), normal(3, [3]), normal(4, [2, 3, 2, 3])],
        |v| {
            let config = Conv2d { stride: [2, 2], padding: [1, 1], ..Conv2d::default() };
            weighted(&tanh(&conv2d(&v[0], &v[1], Some(&v[2]), &config)), &v[3])
        },
        |v| {
            let c = conv::Conv2d::new([2, 5, 4, 2], 3, [3, 3], [2, 2], [1, 1], [1, 1], 1);
            let y = el::add(&conv::conv2d(&v[0], &v[1], &c), &reduce::expand(&v[2], 1, 12, 3));
            conv::conv2d_backward_input(&act::tanh_backward(&act::tanh(&y), &v[3]), &v[1], &c)
        },
    );
}

#[test]
fn transposed_convolution() {
    r1(
        vec![normal(1, [2, 3, 2, 3]), normal(2, [3, 3, 2, 3]), normal(3, [2]), normal(4, [2, 6, 4, 2])],
        |v| {
            let config = Conv2d { stride: [2, 2], padding: [1, 1], ..Conv2d::default() };
            weighted(&softplus(&conv_transpose2d(&v[0], &v[1], Some(&v[2]), &config, [1, 1])), &v[3])
        },
        |v| {
            let c = conv::ConvTranspose2d::new([2, 3, 2, 3], 2, [3, 3], [2, 2], [1, 1], [1, 1], [1, 1], 1);
            let y = el::add(&conv::conv_transpose2d(&v[0], &v[1], &c), &reduce::expand(&v[2], 1, 48, 2));
            // The input gradient of a transposed convolution is the convolution it comes from.
            conv::conv2d(&act::softplus_backward(&y, &v[3]), &v[1], &c.conv())
        },
    );
}

#[test]
fn depthwise_convolution() {
    r1(
        vec![normal(1, [2, 5, 4, 3]), normal(2, [3, 3, 1, 3]), normal(3, [2, 3, 4, 3])],
        |v| {
            let config = Conv2d { stride: [2, 1], padding: [1, 1], groups: 3, ..Conv2d::default() };
            weighted(&tanh(&conv2d(&v[0], &v[1], None, &config)), &v[2])
        },
        |v| {
            let c = conv::Conv2d::new([2, 5, 4, 3], 3, [3, 3], [2, 1], [1, 1], [1, 1], 3);
            let y = act::tanh(&conv::depthwise_conv2d(&v[0], &v[1], &c));
            conv::depthwise_conv2d_backward_input(&act::tanh_backward(&y, &v[2]), &v[1], &c)
        },
    );
}

/// The transpose of a linear map of `len` numbers, from what it makes of each of them alone.
fn transposed(dy: &[f64], len: usize, map: fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let unit = |i| (0..len).map(|j| if i == j { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
    (0..len).map(|i| dot(dy, &map(&unit(i)))).collect()
}

#[test]
fn resampling() {
    const SHAPE: [usize; 4] = [2, 3, 4, 2];
    r1(
        vec![normal(1, SHAPE), normal(2, [2, 6, 7, 2])],
        |v| weighted(&tanh(&reflection_pad2d(&v[0], [1, 2, 3, 0])), &v[1]),
        |v| {
            let map: fn(&[f64]) -> Vec<f64> = |x| resample::reflection_pad2d(x, SHAPE, [1, 2, 3, 0]);
            transposed(&act::tanh_backward(&act::tanh(&map(&v[0])), &v[1]), 48, map)
        },
    );
    r1(
        vec![normal(3, SHAPE), normal(4, [2, 6, 8, 2])],
        |v| weighted(&tanh(&blur_upsample2d(&v[0])), &v[1]),
        |v| {
            let map: fn(&[f64]) -> Vec<f64> = |x| resample::blur_upsample2d(x, SHAPE);
            transposed(&act::tanh_backward(&act::tanh(&map(&v[0])), &v[1]), 48, map)
        },
    );
}

#[test]
fn a_critic_under_a_gradient_penalty() {
    check(&Composite {
        inputs: vec![normal(1, [2, 4, 4, 2]), normal(2, [3, 3, 2, 3]), normal(3, [4, 4, 3, 1])],
        scalar: |v| {
            let same = Conv2d { padding: [1, 1], ..Conv2d::default() };
            let hidden = leaky_relu(&conv2d(&v[0], &v[1], None, &same), 0.2);
            sum(&scale(&conv2d(&hidden, &v[2], None, &Conv2d::default()), 0.1), Axis::All)
        },
        gradient: |v| {
            let lower = conv::Conv2d::new([2, 4, 4, 2], 3, [3, 3], [1, 1], [1, 1], [1, 1], 1);
            let upper = conv::Conv2d::new([2, 4, 4, 3], 1, [4, 4], [1, 1], [0, 0], [1, 1], 1);
            let dy = conv::conv2d_backward_input(&[0.1, 0.1], &v[2], &upper);
            let hidden = conv::conv2d(&v[0], &v[1], &lower);
            conv::conv2d_backward_input(&act::leaky_relu_backward(&hidden, &dy, 0.2), &v[1], &lower)
        },
        penalty: Penalty::GradientNorm,
    });
}
