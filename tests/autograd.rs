//! The tape. First what it does with values and history, then what it keeps in memory, then second derivatives: the
//! gradient of a squared gradient norm, against central differences of the same penalty in f64.

mod memory;
mod second_order;

use sumi::{
    autograd::{Tape, Var},
    ops::{
        self,
        elementwise::{add, mul, scale, square, sub},
        reduce::{Axis, sum},
    },
    tensor::Tensor,
};

use crate::common::gpu;

fn tape() -> Tape {
    ops::tape(&gpu())
}

fn leaf(tape: &Tape, values: &[f32]) -> Var {
    tape.leaf(Tensor::from_slice(tape.gpu(), [values.len()], values))
}

fn total(x: &Var) -> Var {
    sum(x, Axis::All)
}

fn values(x: &Var) -> Vec<f32> {
    x.value().to_vec().expect("the device works")
}

fn gradient(x: &Var) -> Vec<f32> {
    values(&x.grad().expect("a gradient has arrived"))
}

#[test]
fn a_value_used_twice_gets_the_sum_of_both_gradients() {
    let tape = tape();
    let x = leaf(&tape, &[1.0, -2.0, 3.0]);
    // x² + 5x, with x three times in it.
    total(&add(&mul(&x, &x), &scale(&x, 5.0))).backward();
    assert_eq!(gradient(&x), [7.0, 1.0, 11.0]);
}

#[test]
fn a_diamond_is_walked_once() {
    let tape = tape();
    let x = leaf(&tape, &[2.0]);
    // y is used by both branches: its gradient must be whole before it goes on to x.
    let y = square(&x);
    let (left, right) = (square(&y), scale(&y, 3.0));
    total(&mul(&left, &right)).backward();
    // 3 x⁶, whose slope is 18 x⁵.
    assert_eq!(gradient(&x), [18.0 * 32.0]);
}

#[test]
fn detach_stops_gradients() {
    let tape = tape();
    let x = leaf(&tape, &[3.0]);
    let fixed = square(&x).detach();
    assert!(!fixed.requires_grad());
    total(&mul(&x, &fixed)).backward();
    assert_eq!(gradient(&x), [9.0]);
}

#[test]
fn no_grad_keeps_no_history() {
    let tape = tape();
    let x = leaf(&tape, &[3.0]);
    let y = tape.no_grad(|| {
        assert!(!tape.is_remembering());
        square(&x)
    });
    assert!(tape.is_remembering());
    assert!(!y.requires_grad());
    assert_eq!(values(&y), [9.0]);
}

#[test]
fn constants_get_no_gradient() {
    let tape = tape();
    let (x, c) = (leaf(&tape, &[3.0]), tape.constant(Tensor::from_slice(tape.gpu(), [1], &[2.0])));
    total(&mul(&x, &c)).backward();
    assert_eq!(gradient(&x), [2.0]);
    assert!(c.grad().is_none());
}

#[test]
fn gradients_of_two_backwards_add_up_until_they_are_forgotten() {
    let tape = tape();
    let x = leaf(&tape, &[1.0, 2.0]);
    total(&square(&x)).backward();
    total(&scale(&x, 3.0)).backward();
    assert_eq!(gradient(&x), [5.0, 7.0]);
    x.zero_grad();
    assert!(x.grad().is_none());
    total(&square(&x)).backward();
    assert_eq!(gradient(&x), [2.0, 4.0]);
}

#[test]
fn backward_to_leaves_other_leaves_alone() {
    let tape = tape();
    let (x, y) = (leaf(&tape, &[2.0]), leaf(&tape, &[5.0]));
    total(&mul(&x, &y)).backward_to(std::slice::from_ref(&x));
    assert_eq!(gradient(&x), [5.0]);
    assert!(y.grad().is_none());
}

#[test]
fn gradients_go_to_inputs_and_accumulate_nowhere() {
    let tape = tape();
    let (x, y, apart) = (leaf(&tape, &[2.0]), leaf(&tape, &[5.0]), leaf(&tape, &[1.0]));
    let loss = total(&mul(&square(&x), &y));
    let found = loss.gradients(&[y.clone(), x.clone(), apart], false);
    assert_eq!(values(found[0].as_ref().unwrap()), [4.0]);
    assert_eq!(values(found[1].as_ref().unwrap()), [20.0]);
    assert!(found[2].is_none(), "the loss does not depend on the third");
    assert!(x.grad().is_none() && y.grad().is_none());
}

#[test]
fn gradients_of_intermediate_values_leave_what_lies_before_them_whole() {
    let tape = tape();
    let x = leaf(&tape, &[3.0]);
    let h = square(&x);
    let found = total(&square(&h)).gradients(std::slice::from_ref(&h), false);
    assert_eq!(values(found[0].as_ref().unwrap()), [18.0]);
    // The history of h itself was neither used nor freed.
    total(&h).backward();
    assert_eq!(gradient(&x), [6.0]);
}

#[test]
#[should_panic(expected = "a history that it has freed")]
fn a_second_backward_through_the_same_history_panics() {
    let tape = tape();
    let x = leaf(&tape, &[3.0]);
    let loss = total(&square(&x));
    loss.backward();
    loss.backward();
}

#[test]
#[should_panic(expected = "backward starts from a scalar")]
fn backward_from_more_than_one_number_panics() {
    let tape = tape();
    square(&leaf(&tape, &[1.0, 2.0])).backward();
}

#[test]
fn gradients_can_be_differentiated_again_and_again() {
    let tape = tape();
    let x = leaf(&tape, &[3.0]);
    // x⁴ − x²: 4x³ − 2x, 12x² − 2, 24x.
    let squared = square(&x);
    let mut f = total(&sub(&square(&squared), &squared));
    for want in [102.0, 106.0, 72.0] {
        let derivative = f.gradients(std::slice::from_ref(&x), true).remove(0).unwrap();
        assert_eq!(values(&derivative), [want]);
        f = total(&derivative);
    }
}
