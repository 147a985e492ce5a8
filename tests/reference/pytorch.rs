//! The twins against PyTorch in float64, on the cases of `golden/reference.json`.
//!
//! Both sides round in double precision and may add in another order, so they agree to 1e-12 and not to the bit.

use super::assert_close;
use serde::Deserialize;
use std::collections::BTreeMap;
use sumi::reference::conv::{
    Conv2d, ConvTranspose2d, conv_transpose2d, conv2d, conv2d_backward_input, conv2d_backward_weight, crop2d, pad2d,
};
use sumi::reference::{activation, colour, elementwise, loss, matmul, norm, optim, reduce, rows};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    op: String,
    sizes: BTreeMap<String, Vec<usize>>,
    numbers: BTreeMap<String, f64>,
    tensors: BTreeMap<String, Vec<f64>>,
}

impl Case {
    fn tensor(&self, name: &str) -> &[f64] {
        self.tensors.get(name).unwrap_or_else(|| panic!("the golden case of {} has no tensor {name}", self.op))
    }

    fn number(&self, name: &str) -> f64 {
        self.numbers[name]
    }

    fn size<const N: usize>(&self, name: &str) -> [usize; N] {
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
fn cases(op: &str) -> Vec<Case> {
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
