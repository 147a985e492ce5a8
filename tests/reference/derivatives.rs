//! Every backward twin against central differences of its forward, h = 1e-5, to 1e-6 relative.
//!
//! The arguments are noise in −1 … 1, fixed, of which none lies within h of a kink.

use super::{assert_close, dot, noise};
use sumi::reference::conv::{Conv2d, conv2d, conv2d_backward_input, conv2d_backward_weight, crop2d, pad2d};
use sumi::reference::matmul::{matmul, transpose};
use sumi::reference::{activation, elementwise, loss, norm, reduce, rows};

/// `∂⟨f(x), dy⟩ / ∂x[i] ≈ ⟨f(x + h·eᵢ) − f(x − h·eᵢ), dy⟩ / 2h`, compared with `dx`. Differences of numbers near 1 lose
/// 1e-16 / h, hence the absolute 1e-9.
fn assert_derivative(what: &str, x: &[f64], dy: &[f64], dx: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) {
    let h = 1e-5;
    let at = |i: usize, h: f64| {
        let mut x = x.to_vec();
        x[i] += h;
        dot(&f(&x), dy)
    };
    let slopes: Vec<f64> = (0..x.len()).map(|i| (at(i, h) - at(i, -h)) / (2.0 * h)).collect();
    assert_close(what, dx, &slopes, 1e-6, 1e-9);
}

#[test]
fn activations() {
    let (x, dy) = (elementwise::affine(&noise(64, 0), 3.0, 0.0), noise(64, 1));
    let check = |what: &str, dx: Vec<f64>, f: &dyn Fn(&[f64]) -> Vec<f64>| assert_derivative(what, &x, &dy, &dx, f);
    check("relu", activation::relu_backward(&x, &dy), &activation::relu);
    check("leaky_relu", activation::leaky_relu_backward(&x, &dy, 0.2), &|x| activation::leaky_relu(x, 0.2));
    check("sigmoid", activation::sigmoid_backward(&activation::sigmoid(&x), &dy), &activation::sigmoid);
    check("tanh", activation::tanh_backward(&activation::tanh(&x), &dy), &activation::tanh);
    check("softplus", activation::softplus_backward(&x, &dy), &activation::softplus);
    check("silu", activation::silu_backward(&x, &dy), &activation::silu);
    check("abs", elementwise::abs_backward(&x, &dy), &elementwise::abs);
}

#[test]
fn losses() {
    let (x, dy) = (elementwise::affine(&noise(64, 0), 3.0, 0.0), noise(64, 1));
    let t: Vec<f64> = noise(64, 2).iter().map(|t| (t + 1.0) / 2.0).collect();
    let signs: Vec<f64> = noise(64, 2).iter().map(|t| t.signum()).collect();
    let bce = loss::bce_with_logits_backward(&x, &t, &dy);
    assert_derivative("bce_with_logits", &x, &dy, &bce, |x| loss::bce_with_logits(x, &t));
    assert_derivative("mse", &x, &dy, &loss::mse_backward(&x, &t, &dy), |x| loss::mse(x, &t));
    assert_derivative("l1", &x, &dy, &loss::l1_backward(&x, &t, &dy), |x| loss::l1(x, &t));
    assert_derivative("hinge", &x, &dy, &loss::hinge_backward(&x, &signs, &dy), |x| loss::hinge(x, &signs));
    let huber = loss::huber_backward(&x, &t, &dy, 0.6);
    assert_derivative("huber", &x, &dy, &huber, |x| loss::huber(x, &t, 0.6));
    for shape in [[2, 4, 4, 2], [1, 1, 32, 2], [2, 16, 1, 2], [64, 1, 1, 1]] {
        let dx = loss::total_variation_backward(&x, 0.7, shape);
        assert_derivative("total_variation", &x, &[0.7; 64], &dx, |x| loss::total_variation(x, shape));
    }
}

#[test]
fn row_by_row() {
    let (x, dy) = (elementwise::affine(&noise(42, 0), 3.0, 0.0), noise(42, 1));
    let dx = rows::softmax_backward(&rows::softmax(&x, 7), &dy, 7);
    assert_derivative("softmax", &x, &dy, &dx, |x| rows::softmax(x, 7));
    let (t, dy6) = ([0, 6, 3, 3, 1, 5], noise(6, 1));
    let dx = rows::cross_entropy_backward(&x, &t, &dy6, 7);
    assert_derivative("cross_entropy", &x, &dy6, &dx, |x| rows::cross_entropy(x, &t, 7));
    // Some rows are shorter than 4.5, some longer.
    for eps in [1e-12, 4.5, 100.0] {
        let dx = rows::normalize_backward(&x, &dy, 7, eps);
        assert_derivative("normalize", &x, &dy, &dx, |x| rows::normalize(x, 7, eps));
    }
    let (picked, dy) = ([5, 0, 5, 2], noise(28, 1));
    let dx = rows::gather_rows_backward(&dy, &picked, 6, 7);
    assert_derivative("gather_rows", &x, &dy, &dx, |x| rows::gather_rows(x, &picked, 7));
}

#[test]
fn convolution_by_input_and_by_weights() {
    let cases = [
        Conv2d::new([2, 6, 6, 2], 3, [4, 4], [2, 2], [1, 1], [1, 1], 1),
        Conv2d::new([1, 5, 7, 4], 2, [2, 3], [3, 1], [2, 1], [1, 2], 2),
    ];
    for c in cases {
        let [x, w, dy] =
            [(c.x_shape(), 0), (c.w_shape(), 1), (c.y_shape(), 2)].map(|(s, d)| noise(s.iter().product(), d));
        assert_derivative("input", &x, &dy, &conv2d_backward_input(&dy, &w, &c), |x| conv2d(x, &w, &c));
        assert_derivative("weight", &w, &dy, &conv2d_backward_weight(&x, &dy, &c), |w| conv2d(&x, w, &c));
    }
}

#[test]
fn linear_maps_of_one_argument() {
    let (shape, sides, padded) = ([2, 3, 2, 2], [1, 0, 2, 1], [2, 4, 5, 2]);
    let dx = crop2d(&noise(80, 1), padded, sides);
    assert_derivative("pad2d", &noise(24, 0), &noise(80, 1), &dx, |x| pad2d(x, shape, sides));
    let dx = pad2d(&noise(24, 1), shape, sides);
    assert_derivative("crop2d", &noise(80, 0), &noise(24, 1), &dx, |x| crop2d(x, padded, sides));
    let dx = reduce::expand(&noise(6, 1), 2, 4, 3);
    assert_derivative("sum", &noise(24, 0), &noise(6, 1), &dx, |x| reduce::sum(x, 2, 4, 3));
    let dx = reduce::sum(&noise(24, 1), 2, 4, 3);
    assert_derivative("expand", &noise(6, 0), &noise(24, 1), &dx, |x| reduce::expand(x, 2, 4, 3));
    let dx = transpose(&noise(24, 1), 2, 4, 3);
    assert_derivative("transpose", &noise(24, 0), &noise(24, 1), &dx, |x| transpose(x, 2, 3, 4));
}

#[test]
fn matmul_by_both_sides() {
    let (m, k, n) = (3, 4, 5);
    let (a, b, dy) = (noise(m * k, 0), noise(k * n, 1), noise(m * n, 2));
    assert_derivative("a", &a, &dy, &matmul(&dy, &transpose(&b, 1, k, n), m, n, k), |a| matmul(a, &b, m, k, n));
    assert_derivative("b", &b, &dy, &matmul(&transpose(&a, 1, m, k), &dy, k, m, n), |b| matmul(&a, b, m, k, n));
}

#[test]
fn batch_norm_in_training_through_its_statistics() {
    let (rows, c, eps) = (7, 3, 1e-5);
    let (x, dy, gamma, beta) = (noise(rows * c, 0), noise(rows * c, 1), noise(c, 2), noise(c, 3));
    let statistics = |x: &[f64]| {
        let (mean, m2) = norm::batch_norm_stats(x, rows, c);
        norm::batch_norm_finish(&mean, &m2, &[0.0; 3], &[1.0; 3], rows, eps, 0.1)
    };
    let forward = |x: &[f64], gamma: &[f64], beta: &[f64]| {
        let f = statistics(x);
        norm::batch_norm(x, &f.mean, &f.rstd, gamma, beta)
    };
    let f = statistics(&x);
    let (sum_dy, sum_dy_xhat) = norm::batch_norm_backward_reduce(&x, &dy, &f.mean, &f.rstd);
    let dx = norm::batch_norm_backward(&x, &dy, &f.mean, &f.rstd, &gamma, &sum_dy, &sum_dy_xhat);
    assert_derivative("x", &x, &dy, &dx, |x| forward(x, &gamma, &beta));
    assert_derivative("gamma", &gamma, &dy, &sum_dy_xhat, |gamma| forward(&x, gamma, &beta));
    assert_derivative("beta", &beta, &dy, &sum_dy, |beta| forward(&x, &gamma, beta));
}

#[test]
fn batch_norm_in_evaluation_with_fixed_statistics() {
    let (rows, c) = (7, 3);
    let (x, dy, mean, gamma, beta) = (noise(rows * c, 0), noise(rows * c, 1), noise(c, 4), noise(c, 2), noise(c, 3));
    let (rstd, zero) = ([0.7, 1.3, 2.1], [0.0; 3]);
    let dx = norm::batch_norm_backward(&x, &dy, &mean, &rstd, &gamma, &zero, &zero);
    assert_derivative("x", &x, &dy, &dx, |x| norm::batch_norm(x, &mean, &rstd, &gamma, &beta));
}
