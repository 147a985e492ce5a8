//! ⟨Ax, y⟩ = ⟨x, Aᵀy⟩ for everything linear, to rounding.

use super::{assert_close, dot, noise};
use sumi::reference::conv::{
    Conv2d, ConvTranspose2d, conv_transpose2d, conv2d, conv2d_backward_input, conv2d_backward_weight, crop2d, pad2d,
};
use sumi::reference::matmul::{matmul, transpose};
use sumi::reference::reduce::{expand, sum};

/// Small odd shapes: one pixel, one channel, stride above the kernel, padding beyond it, dilation, groups, uneven axes.
fn convolutions() -> Vec<Conv2d> {
    vec![
        Conv2d::new([1, 1, 1, 1], 1, [1, 1], [1, 1], [0, 0], [1, 1], 1),
        Conv2d::new([2, 8, 8, 3], 5, [4, 4], [2, 2], [1, 1], [1, 1], 1),
        Conv2d::new([2, 4, 4, 5], 1, [4, 4], [1, 1], [0, 0], [1, 1], 1),
        Conv2d::new([1, 7, 9, 2], 3, [2, 1], [3, 4], [0, 0], [1, 1], 1),
        Conv2d::new([1, 3, 5, 2], 2, [3, 3], [1, 2], [2, 3], [1, 1], 1),
        Conv2d::new([2, 9, 7, 4], 6, [3, 2], [2, 1], [1, 2], [2, 3], 2),
        Conv2d::new([1, 6, 5, 3], 3, [3, 3], [1, 1], [1, 1], [1, 1], 3),
        Conv2d::new([3, 5, 4, 2], 6, [2, 3], [2, 3], [0, 1], [3, 1], 2),
    ]
}

fn len(shape: [usize; 4]) -> usize {
    shape.iter().product()
}

fn assert_equal_products(what: &str, a: f64, b: f64) {
    assert_close(what, &[a], &[b], 1e-12, 1e-12);
}

#[test]
fn both_gradients_of_conv2d_are_its_adjoints() {
    for c in convolutions() {
        let (x, w, dy) = (noise(len(c.x_shape()), 0), noise(len(c.w_shape()), 1), noise(len(c.y_shape()), 2));
        let want = dot(&conv2d(&x, &w, &c), &dy);
        assert_equal_products(&format!("backward_input, {c:?}"), dot(&x, &conv2d_backward_input(&dy, &w, &c)), want);
        assert_equal_products(&format!("backward_weight, {c:?}"), dot(&w, &conv2d_backward_weight(&x, &dy, &c)), want);
    }
}

#[test]
fn conv_transpose2d_is_the_input_gradient_of_its_conv() {
    let cases = [
        ConvTranspose2d::new([2, 1, 1, 5], 3, [4, 4], [1, 1], [0, 0], [0, 0], [1, 1], 1),
        ConvTranspose2d::new([2, 4, 3, 3], 2, [4, 4], [2, 2], [1, 1], [0, 0], [1, 1], 1),
        ConvTranspose2d::new([1, 3, 4, 2], 3, [3, 3], [2, 2], [1, 1], [1, 1], [1, 1], 1),
        ConvTranspose2d::new([1, 3, 2, 4], 6, [2, 3], [3, 4], [1, 0], [2, 3], [1, 2], 2),
        ConvTranspose2d::new([1, 5, 4, 1], 1, [1, 2], [2, 3], [0, 1], [1, 0], [1, 1], 1),
    ];
    for c in cases {
        let (x, w) = (noise(len(c.x_shape()), 0), noise(len(c.w_shape()), 1));
        let conv = c.conv();
        assert_eq!(
            conv,
            Conv2d::new(conv.x_shape(), c.c_in, [c.k_h, c.k_w], c.stride, c.padding, c.dilation, c.groups)
        );
        let got = conv_transpose2d(&x, &w, &c);
        assert_close(&format!("{c:?}"), &got, &conv2d_backward_input(&x, &w, &conv), 1e-13, 1e-13);
    }
}

#[test]
fn crop2d_is_the_adjoint_of_pad2d() {
    let (shape, sides, padded) = ([2, 3, 5, 2], [1, 0, 2, 3], [2, 4, 10, 2]);
    let (x, dy) = (noise(60, 0), noise(160, 1));
    assert_equal_products("pad2d", dot(&pad2d(&x, shape, sides), &dy), dot(&x, &crop2d(&dy, padded, sides)));
    assert_eq!(crop2d(&pad2d(&x, shape, sides), padded, sides), x);
}

#[test]
fn expand_is_the_adjoint_of_sum() {
    for (outer, reduce, inner) in [(1, 1, 1), (3, 5, 7), (1, 6, 4), (4, 6, 1)] {
        let (x, dy) = (noise(outer * reduce * inner, 0), noise(outer * inner, 1));
        let want = dot(&sum(&x, outer, reduce, inner), &dy);
        assert_equal_products("sum", dot(&x, &expand(&dy, outer, reduce, inner)), want);
    }
}

#[test]
fn transpose_is_its_own_inverse_and_adjoint() {
    let (x, dy) = (noise(2 * 3 * 5, 0), noise(2 * 3 * 5, 1));
    assert_eq!(transpose(&transpose(&x, 2, 3, 5), 2, 5, 3), x);
    assert_equal_products("transpose", dot(&transpose(&x, 2, 3, 5), &dy), dot(&x, &transpose(&dy, 2, 5, 3)));
}

#[test]
fn gradients_of_matmul_are_products_with_transposes() {
    let (m, k, n) = (3, 5, 7);
    let (a, b, dy) = (noise(m * k, 0), noise(k * n, 1), noise(m * n, 2));
    let want = dot(&matmul(&a, &b, m, k, n), &dy);
    assert_equal_products("da", dot(&a, &matmul(&dy, &transpose(&b, 1, k, n), m, n, k)), want);
    assert_equal_products("db", dot(&b, &matmul(&transpose(&a, 1, m, k), &dy, k, m, n)), want);
}
