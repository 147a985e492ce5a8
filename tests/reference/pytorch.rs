//! The twins against PyTorch in float64, on the cases of `golden/reference.json`.
//!
//! Both sides round in double precision and may add in another order, so they agree to 1e-12 and not to the bit.

use super::assert_close;
use serde::Deserialize;
use std::collections::BTreeMap;
use sumi::ops::resample::Taps;
use sumi::reference::conv::{
    Conv2d, ConvTranspose2d, conv_transpose2d, conv2d, conv2d_backward_input, conv2d_backward_weight, crop2d,
    depthwise_conv2d, depthwise_conv2d_backward_input, depthwise_conv2d_backward_weight, pad2d,
};
use sumi::reference::{activation, augment, colour, elementwise, loss, matmul, norm, optim, reduce, resample, rows};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

/// A case of `reference.json`.
#[derive(Deserialize)]
pub struct Case {
    op: String,
    sizes: BTreeMap<String, Vec<usize>>,
    numbers: BTreeMap<String, f64>,
    tensors: BTreeMap<String, Vec<f64>>,
}

impl Case {
    pub fn tensor(&self, name: &str) -> &[f64] {
        self.tensors.get(name).unwrap_or_else(|| panic!("the golden case of {} has no tensor {name}", self.op))
    }

    pub fn number(&self, name: &str) -> f64 {
        self.numbers[name]
    }

    pub fn size<const N: usize>(&self, name: &str) -> [usize; N] {
        self.sizes[name].as_slice().try_into().expect("the golden case has as many extents as the twin takes")
    }

    /// The integers of a list.
    fn numbers_of(&self, name: &str) -> Vec<u32> {
        self.sizes[name].iter().map(|number| *number as u32).collect()
    }

    /// The twin's result for the tensor `name`, against PyTorch's.
    fn expect(&self, name: &str, got: &[f64]) {
        let what = format!("{}, {name}, sizes {:?}, numbers {:?}", self.op, self.sizes, self.numbers);
        assert_close(&what, got, self.tensor(name), 1e-12, 1e-12);
    }
}

/// Every golden case of one op; at least one.
pub fn cases(op: &str) -> Vec<Case> {
    let golden: Golden =
        serde_json::from_str(include_str!("../golden/reference.json")).expect("the golden file is JSON");
    let cases: Vec<Case> = golden.cases.into_iter().filter(|case| case.op == op).collect();
    assert!(!cases.is_empty(), "reference.json has no case of {op}");
    cases
}

type Unary = fn(&[f64]) -> Vec<f64>;
type Binary = fn(&[f64], &[f64]) -> Vec<f64>;
type Ternary = fn(&[f64], &[f64], &[f64]) -> Vec<f64>;

#[test]
fn functions_of_one_argument() {
    let table: [(&str, Unary); 12] = [
        ("relu", activation::relu),
        ("sigmoid", activation::sigmoid),
        ("silu", activation::silu),
        ("tanh", activation::tanh),
        ("softplus", activation::softplus),
        ("abs", elementwise::abs),
        ("square", elementwise::square),
        ("sqrt", elementwise::sqrt),
        ("exp", elementwise::exp),
        ("log", elementwise::log),
        ("reciprocal", elementwise::reciprocal),
        ("copy", elementwise::copy),
    ];
    for (op, f) in table {
        cases(op).iter().for_each(|case| case.expect("y", &f(case.tensor("x"))));
    }
}

#[test]
fn derivatives_of_one_argument() {
    let table: [(&str, &str, Binary); 6] = [
        ("relu", "x", activation::relu_backward),
        ("sigmoid", "y", activation::sigmoid_backward),
        ("tanh", "y", activation::tanh_backward),
        ("silu", "x", activation::silu_backward),
        ("softplus", "x", activation::softplus_backward),
        ("abs", "x", elementwise::abs_backward),
    ];
    for (op, of, f) in table {
        cases(op).iter().for_each(|case| case.expect("dx", &f(case.tensor(of), case.tensor("dy"))));
    }
}

#[test]
fn functions_of_two_arguments() {
    let table: [(&str, Binary); 3] = [("add", elementwise::add), ("sub", elementwise::sub), ("mul", elementwise::mul)];
    for (op, f) in table {
        cases(op).iter().for_each(|case| case.expect("y", &f(case.tensor("a"), case.tensor("b"))));
    }
}

#[test]
fn functions_with_numbers() {
    for case in cases("leaky_relu") {
        let (x, slope) = (case.tensor("x"), case.number("negative_slope"));
        case.expect("y", &activation::leaky_relu(x, slope));
        case.expect("dx", &activation::leaky_relu_backward(x, case.tensor("dy"), slope));
    }
    for case in cases("affine") {
        case.expect("y", &elementwise::affine(case.tensor("x"), case.number("scale"), case.number("shift")));
    }
    for case in cases("fill") {
        let [len] = case.size("len");
        case.expect("y", &elementwise::fill(len, case.number("value")));
    }
    for case in cases("unpack_bytes") {
        let ([len], words) = (case.size("len"), case.tensor("words").iter().map(|w| *w as u32));
        case.expect("y", &elementwise::unpack_bytes(&words.collect::<Vec<_>>(), len));
    }
}

#[test]
fn losses() {
    let table: [(&str, Binary, Ternary); 4] = [
        ("bce_with_logits", loss::bce_with_logits, loss::bce_with_logits_backward),
        ("mse", loss::mse, loss::mse_backward),
        ("l1", loss::l1, loss::l1_backward),
        ("hinge", loss::hinge, loss::hinge_backward),
    ];
    for (op, forward, backward) in table {
        for case in cases(op) {
            let (x, t) = (case.tensor("x"), case.tensor("t"));
            case.expect("y", &forward(x, t));
            case.expect("dx", &backward(x, t, case.tensor("dy")));
        }
    }
}

#[test]
fn matrices_and_sums() {
    for case in cases("matmul") {
        let [m, k, n] = case.size("mkn");
        let (a, b, dy) = (case.tensor("a"), case.tensor("b"), case.tensor("dy"));
        case.expect("y", &matmul::matmul(a, b, m, k, n));
        case.expect("da", &matmul::matmul(dy, &matmul::transpose(b, 1, k, n), m, n, k));
        case.expect("db", &matmul::matmul(&matmul::transpose(a, 1, m, k), dy, k, m, n));
    }
    for case in cases("transpose") {
        let [batch, rows, cols] = case.size("shape");
        case.expect("y", &matmul::transpose(case.tensor("x"), batch, rows, cols));
    }
    for case in cases("sum") {
        let [outer, reduce, inner] = case.size("shape");
        case.expect("y", &reduce::sum(case.tensor("x"), outer, reduce, inner));
        case.expect("dx", &reduce::expand(case.tensor("dy"), outer, reduce, inner));
    }
}

#[test]
fn convolutions() {
    for case in cases("conv2d") {
        let ([c_out], [groups]) = (case.size("c_out"), case.size("groups"));
        let (stride, padding, dilation) = (case.size("stride"), case.size("padding"), case.size("dilation"));
        let c = Conv2d::new(case.size("x"), c_out, case.size("kernel"), stride, padding, dilation, groups);
        let (x, w, dy) = (case.tensor("x"), case.tensor("w"), case.tensor("dy"));
        assert_eq!(c.y_shape(), case.size("y"), "{c:?}");
        case.expect("y", &conv2d(x, w, &c));
        case.expect("dx", &conv2d_backward_input(dy, w, &c));
        case.expect("dw", &conv2d_backward_weight(x, dy, &c));
        if c.c_in == groups && c.c_out == groups {
            case.expect("y", &depthwise_conv2d(x, w, &c));
            case.expect("dx", &depthwise_conv2d_backward_input(dy, w, &c));
            case.expect("dw", &depthwise_conv2d_backward_weight(x, dy, &c));
        }
    }
}

#[test]
fn transposed_convolutions() {
    for case in cases("conv_transpose2d") {
        let ([c_out], [groups]) = (case.size("c_out"), case.size("groups"));
        let (stride, padding, dilation) = (case.size("stride"), case.size("padding"), case.size("dilation"));
        let (x_shape, kernel, extra) = (case.size("x"), case.size("kernel"), case.size("output_padding"));
        let c = ConvTranspose2d::new(x_shape, c_out, kernel, stride, padding, extra, dilation, groups);
        let (x, w, dy) = (case.tensor("x"), case.tensor("w"), case.tensor("dy"));
        assert_eq!(c.y_shape(), case.size("y"), "{c:?}");
        case.expect("y", &conv_transpose2d(x, w, &c));
        case.expect("y", &conv2d_backward_input(x, w, &c.conv()));
        case.expect("dx", &conv2d(dy, w, &c.conv()));
        case.expect("dw", &conv2d_backward_weight(dy, x, &c.conv()));
    }
}

#[test]
fn zero_padding() {
    for case in cases("pad2d") {
        case.expect("y", &pad2d(case.tensor("x"), case.size("x"), case.size("sides")));
        case.expect("dx", &crop2d(case.tensor("dy"), case.size("y"), case.size("sides")));
    }
}

/// The twin by its own formula, the engine's tables under the definition of the kernel, and their transposes under the
/// same for the gradient.
fn expect_resampled(case: &Case, twin: &[f64], down: &Taps, across: &Taps) {
    case.expect("y", twin);
    let rows = |taps: &Taps| -> Vec<Vec<(usize, f64)>> {
        let row = |i| taps.row(i).iter().map(|tap| (tap.index, f64::from(tap.weight))).collect();
        (0..taps.outputs()).map(row).collect()
    };
    // The tables' weights are f32.
    let close = |name: &str, got: &[f64]| {
        assert_close(&format!("{}, {name}, sizes {:?}", case.op, case.sizes), got, case.tensor(name), 1e-6, 1e-6);
    };
    close("y", &resample::resample2d(case.tensor("x"), case.size("x"), &rows(down), &rows(across)));
    let (down, across) = (rows(&down.transposed()), rows(&across.transposed()));
    close("dx", &resample::resample2d(case.tensor("dy"), case.size("y"), &down, &across));
}

#[test]
fn padding_by_what_is_there() {
    for case in cases("reflection_pad2d") {
        let (shape, sides) = (case.size("x"), case.size("sides"));
        let ([_, h, w, _], [top, bottom, left, right]) = (shape, sides);
        let twin = resample::reflection_pad2d(case.tensor("x"), shape, sides);
        expect_resampled(&case, &twin, &Taps::reflect(h, top, bottom), &Taps::reflect(w, left, right));
    }
    for case in cases("replication_pad2d") {
        let (shape, sides) = (case.size("x"), case.size("sides"));
        let ([_, h, w, _], [top, bottom, left, right]) = (shape, sides);
        let twin = resample::replication_pad2d(case.tensor("x"), shape, sides);
        expect_resampled(&case, &twin, &Taps::replicate(h, top, bottom), &Taps::replicate(w, left, right));
    }
    // Zero padding has a kernel of its own, and could do without.
    for case in cases("pad2d") {
        let (shape, sides) = (case.size("x"), case.size("sides"));
        let ([_, h, w, _], [top, bottom, left, right]) = (shape, sides);
        let twin = pad2d(case.tensor("x"), shape, sides);
        expect_resampled(&case, &twin, &Taps::zeros(h, top, bottom), &Taps::zeros(w, left, right));
    }
}

#[test]
fn upsampling_and_pooling() {
    for case in cases("upsample_nearest") {
        let (shape, [factor]) = (case.size("x"), case.size("factor"));
        let [_, h, w, _] = shape;
        let twin = resample::upsample_nearest(case.tensor("x"), shape, factor);
        expect_resampled(&case, &twin, &Taps::nearest(h, factor), &Taps::nearest(w, factor));
    }
    for case in cases("upsample_bilinear") {
        let (shape, to, [align]) = (case.size("x"), case.size("to"), case.size("align_corners"));
        let ([_, h, w, _], align) = (shape, align == 1);
        let twin = resample::upsample_bilinear(case.tensor("x"), shape, to, align);
        expect_resampled(&case, &twin, &Taps::bilinear(h, to[0], align), &Taps::bilinear(w, to[1], align));
    }
    for case in cases("avg_pool2d") {
        let (shape, kernel, stride) = (case.size("x"), case.size("kernel"), case.size("stride"));
        let [_, h, w, _] = shape;
        let twin = resample::avg_pool2d(case.tensor("x"), shape, kernel, stride);
        let axis = |n, axis: usize| Taps::average(n, kernel[axis], stride[axis]);
        expect_resampled(&case, &twin, &axis(h, 0), &axis(w, 1));
    }
    for case in cases("avg_pool2d_inside") {
        let (shape, kernel) = (case.size("x"), case.size("kernel"));
        let (stride, padding): ([usize; 2], [usize; 2]) = (case.size("stride"), case.size("padding"));
        let [_, h, w, _] = shape;
        let twin = resample::avg_pool2d_inside(case.tensor("x"), shape, kernel, stride, padding);
        let axis = |n, axis: usize| Taps::average_inside(n, kernel[axis], stride[axis], padding[axis]);
        expect_resampled(&case, &twin, &axis(h, 0), &axis(w, 1));
    }
    for case in cases("max_pool2d") {
        let (shape, kernel) = (case.size("x"), case.size("kernel"));
        let (stride, padding) = (case.size("stride"), case.size("padding"));
        let x = case.tensor("x");
        case.expect("y", &resample::max_pool2d(x, x, shape, kernel, stride, padding));
        case.expect("dx", &resample::max_pool2d_backward(x, case.tensor("dy"), shape, kernel, stride, padding));
    }
}

#[test]
fn blurring_down_and_up() {
    for case in cases("blur_pool2d") {
        let shape = case.size("x");
        let [_, h, w, _] = shape;
        let twin = resample::blur_pool2d(case.tensor("x"), shape);
        expect_resampled(&case, &twin, &Taps::blur_down(h), &Taps::blur_down(w));
    }
    for case in cases("blur_upsample2d") {
        let shape = case.size("x");
        let [_, h, w, _] = shape;
        let twin = resample::blur_upsample2d(case.tensor("x"), shape);
        expect_resampled(&case, &twin, &Taps::blur_up(h), &Taps::blur_up(w));
        // Which is the other upsampling.
        case.expect("y", &resample::upsample_bilinear(case.tensor("x"), shape, [2 * h, 2 * w], false));
    }
}

#[test]
fn batch_norm_in_training() {
    for case in cases("batch_norm_training") {
        let ([rows], [c]) = (case.size("rows"), case.size("c"));
        let (x, dy, gamma) = (case.tensor("x"), case.tensor("dy"), case.tensor("gamma"));
        let (mean, m2) = norm::batch_norm_stats(x, rows, c);
        let running = [case.tensor("running_mean"), case.tensor("running_var")];
        let (eps, momentum) = (case.number("eps"), case.number("momentum"));
        let f = norm::batch_norm_finish(&mean, &m2, running[0], running[1], rows, eps, momentum);
        case.expect("new_running_mean", &f.running_mean);
        case.expect("new_running_var", &f.running_var);
        case.expect("y", &norm::batch_norm(x, &f.mean, &f.rstd, gamma, case.tensor("beta")));
        let (sum_dy, sum_dy_xhat) = norm::batch_norm_backward_reduce(x, dy, &f.mean, &f.rstd);
        case.expect("dbeta", &sum_dy);
        case.expect("dgamma", &sum_dy_xhat);
        case.expect("dx", &norm::batch_norm_backward(x, dy, &f.mean, &f.rstd, gamma, &sum_dy, &sum_dy_xhat));
    }
}

#[test]
fn batch_norm_in_evaluation() {
    for case in cases("batch_norm_evaluation") {
        let (x, dy, gamma, mean) =
            (case.tensor("x"), case.tensor("dy"), case.tensor("gamma"), case.tensor("running_mean"));
        let rstd: Vec<f64> =
            case.tensor("running_var").iter().map(|var| 1.0 / (var + case.number("eps")).sqrt()).collect();
        case.expect("y", &norm::batch_norm(x, mean, &rstd, gamma, case.tensor("beta")));
        let (sum_dy, sum_dy_xhat) = norm::batch_norm_backward_reduce(x, dy, mean, &rstd);
        case.expect("dbeta", &sum_dy);
        case.expect("dgamma", &sum_dy_xhat);
        let zero = vec![0.0; mean.len()];
        case.expect("dx", &norm::batch_norm_backward(x, dy, mean, &rstd, gamma, &zero, &zero));
    }
}

#[test]
fn group_norm_and_its_two_ends() {
    for case in cases("group_norm") {
        let ([n, h, w, c], [groups]) = (case.size("shape"), case.size("groups"));
        let (x, dy, gamma) = (case.tensor("x"), case.tensor("dy"), case.tensor("gamma"));
        let (mean, m2) = norm::group_norm_stats(x, n, c);
        let (mean, rstd) = norm::group_norm_finish(&mean, &m2, h * w, c / groups, case.number("eps"));
        case.expect("y", &norm::group_norm(x, &mean, &rstd, gamma, case.tensor("beta"), n));
        let (sum_dy, sum_dy_xhat) = norm::group_norm_backward_reduce(x, dy, &mean, &rstd, n, c);
        case.expect("dbeta", &reduce::sum(&sum_dy, 1, n, c));
        case.expect("dgamma", &reduce::sum(&sum_dy_xhat, 1, n, c));
        let of_groups = |sums: &[f64]| {
            reduce::sum(&elementwise::mul(sums, &reduce::expand(gamma, 1, n, c)), n * groups, c / groups, 1)
        };
        let (level, tilt) = (of_groups(&sum_dy), of_groups(&sum_dy_xhat));
        case.expect("dx", &norm::group_norm_backward(x, dy, &mean, &rstd, gamma, &level, &tilt, n));
    }
}

#[test]
fn optimizers() {
    for case in cases("adam") {
        let [lr, beta1, beta2, eps] = ["lr", "beta1", "beta2", "eps"].map(|name| case.number(name));
        let mut param = case.tensor("param").to_vec();
        let (mut m, mut v) = (vec![0.0; param.len()], vec![0.0; param.len()]);
        let mut params = Vec::new();
        for (step, grad) in (1..).zip(case.tensor("grads").chunks(param.len())) {
            (param, m, v) = optim::adam(&param, grad, &m, &v, step, lr, beta1, beta2, eps);
            params.extend_from_slice(&param);
        }
        case.expect("params", &params);
    }
    for case in cases("sgd") {
        let mut param = case.tensor("param").to_vec();
        let (mut velocity, mut params) = (vec![0.0; param.len()], Vec::new());
        for grad in case.tensor("grads").chunks(param.len()) {
            (param, velocity) = optim::sgd(&param, grad, &velocity, case.number("lr"), case.number("momentum"));
            params.extend_from_slice(&param);
        }
        case.expect("params", &params);
    }
}

#[test]
fn losses_of_style() {
    for case in cases("huber") {
        let (x, t, delta) = (case.tensor("x"), case.tensor("t"), case.number("delta"));
        case.expect("y", &loss::huber(x, t, delta));
        case.expect("dx", &loss::huber_backward(x, t, case.tensor("dy"), delta));
    }
    for case in cases("total_variation") {
        let (x, shape) = (case.tensor("x"), case.size("x"));
        case.expect("y", &[loss::total_variation(x, shape).iter().sum()]);
        case.expect("dx", &loss::total_variation_backward(x, case.tensor("dy")[0], shape));
    }
}

#[test]
fn row_by_row() {
    for case in cases("softmax") {
        let [columns] = case.size("columns");
        let y = rows::softmax(case.tensor("x"), columns);
        case.expect("y", &y);
        case.expect("dx", &rows::softmax_backward(&y, case.tensor("dy"), columns));
    }
    for case in cases("cross_entropy") {
        let ([columns], t, x) = (case.size("columns"), case.numbers_of("t"), case.tensor("x"));
        case.expect("y", &rows::cross_entropy(x, &t, columns));
        case.expect("dx", &rows::cross_entropy_backward(x, &t, case.tensor("dy"), columns));
    }
    for case in cases("normalize") {
        let ([columns], eps, x) = (case.size("columns"), case.number("eps"), case.tensor("x"));
        case.expect("y", &rows::normalize(x, columns, eps));
        case.expect("dx", &rows::normalize_backward(x, case.tensor("dy"), columns, eps));
    }
    for case in cases("gather_rows") {
        let ([rows, columns], indices) = (case.size("shape"), case.numbers_of("indices"));
        case.expect("y", &rows::gather_rows(case.tensor("x"), &indices, columns));
        case.expect("dx", &rows::gather_rows_backward(case.tensor("dy"), &indices, rows, columns));
    }
}

#[test]
fn colours() {
    for case in cases("mix_colours") {
        let m: &[f64] = case.tensor("matrix");
        let matrix = [0, 1, 2].map(|c| [m[3 * c], m[3 * c + 1], m[3 * c + 2]]);
        let shift = case.tensor("shift").try_into().expect("three numbers");
        case.expect("y", &colour::mix_colours(case.tensor("x"), matrix, shift));
        let turned = [0, 1, 2].map(|k| matrix.map(|row| row[k]));
        case.expect("dx", &colour::mix_colours(case.tensor("dy"), turned, [0.0; 3]));
    }
}

#[test]
fn changes_of_pictures() {
    for case in cases("adjust_colour") {
        let ([n, ..], factors): ([usize; 4], _) = (case.size("x"), case.tensor("factors"));
        let dull: Vec<f64> = factors.iter().enumerate().map(|(i, f)| if i % 3 == 0 { 0.0 } else { *f }).collect();
        case.expect("y", &augment::adjust_colour(case.tensor("x"), factors, n));
        case.expect("dx", &augment::adjust_colour(case.tensor("dy"), &dull, n));
    }
    for case in cases("translate") {
        let (shape, shifts) = (case.size("x"), case.tensor("shifts"));
        let back: Vec<f64> = shifts.iter().map(|shift| -shift).collect();
        case.expect("y", &augment::translate(case.tensor("x"), shifts, shape));
        case.expect("dx", &augment::translate(case.tensor("dy"), &back, shape));
    }
    for case in cases("cutout") {
        let (shape, [side], centres) = (case.size("x"), case.size("side"), case.tensor("centres"));
        case.expect("y", &augment::cutout(case.tensor("x"), centres, [side; 2], shape));
        case.expect("dx", &augment::cutout(case.tensor("dy"), centres, [side; 2], shape));
    }
}

#[test]
fn columns_put_together() {
    for case in cases("copy_columns") {
        let ([count], [source], [target]) = (case.size("count"), case.size("source"), case.size("target"));
        let (x, y) = (case.tensor("x"), case.tensor("y"));
        case.expect("put", &elementwise::copy_columns(x, y, case.size("columns"), count, source, target));
    }
}
