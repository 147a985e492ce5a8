//! The objectives against their formulas in f64, from logits where σ and its logarithm have long overflowed.

use sumi::{autograd::Var, ops, tensor::Tensor, train::objective::Objective};

use crate::common::{
    compare::{Tolerance::Pointwise, assert_close},
    gpu,
};

const LOGITS: [f32; 8] = [-100.0, -20.0, -1.5, -0.25, 0.0, 0.5, 3.0, 100.0];

/// A loss of one logit and its slope.
type Formula = fn(f64) -> (f64, f64);

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// −log σ(x), which is log(1 + e^−x).
fn minus_log_d(x: f64) -> (f64, f64) {
    ((-x).max(0.0) + (-x.abs()).exp().ln_1p(), sigmoid(x) - 1.0)
}

/// −log(1 − σ(x)).
fn minus_log_not_d(x: f64) -> (f64, f64) {
    (x.max(0.0) + (-x.abs()).exp().ln_1p(), sigmoid(x))
}

fn check(what: &str, loss: impl Fn(&Var) -> Var, formula: Formula) {
    let tape = ops::tape(&gpu());
    let logits = tape.leaf(Tensor::from_slice(&gpu(), [LOGITS.len(), 1, 1, 1], &LOGITS));
    let value = loss(&logits);
    value.backward();
    let n = LOGITS.len() as f64;
    let (losses, slopes): (Vec<f64>, Vec<f64>) = LOGITS.iter().map(|x| formula(f64::from(*x))).unzip();
    let got = value.value().to_vec().expect("the device answers");
    assert_close(what, &got, &[losses.iter().sum::<f64>() / n], Pointwise);
    let got = logits.grad().expect("a gradient").value().to_vec().expect("the device answers");
    assert_close(&format!("{what}, gradient"), &got, &slopes.iter().map(|s| s / n).collect::<Vec<_>>(), Pointwise);
}

#[test]
fn each_objective_is_its_formula_at_any_logit() {
    let formulas: [(Objective, [Formula; 3]); 5] = [
        (
            Objective::Minimax,
            [
                minus_log_d,
                minus_log_not_d,
                // E log(1 − D(G(z)))
                |x| (-minus_log_not_d(x).0, -minus_log_not_d(x).1),
            ],
        ),
        (Objective::NonSaturating, [minus_log_d, minus_log_not_d, minus_log_d]),
        (
            Objective::Lsgan,
            [|x| ((x - 1.0).powi(2), 2.0 * (x - 1.0)), |x| (x * x, 2.0 * x), |x| ((x - 1.0).powi(2), 2.0 * (x - 1.0))],
        ),
        (
            Objective::Hinge,
            [
                |x| ((1.0 - x).max(0.0), if x < 1.0 { -1.0 } else { 0.0 }),
                |x| ((1.0 + x).max(0.0), if x > -1.0 { 1.0 } else { 0.0 }),
                |x| (-x, -1.0),
            ],
        ),
        (Objective::Wasserstein, [|x| (-x, -1.0), |x| (x, 1.0), |x| (-x, -1.0)]),
    ];
    for (objective, [real, fake, generator]) in formulas {
        check(&format!("{objective:?}, D on real"), |x| objective.discriminator_real(x), real);
        check(&format!("{objective:?}, D on fake"), |x| objective.discriminator_fake(x), fake);
        check(&format!("{objective:?}, G"), |x| objective.generator(x), generator);
    }
}

#[test]
fn a_relativistic_objective_looks_at_differences() {
    let tape = ops::tape(&gpu());
    let other: Vec<f32> = LOGITS.iter().rev().map(|x| 0.5 * x + 1.0).collect();
    let leaf = |values: &[f32]| tape.leaf(Tensor::from_slice(&gpu(), [LOGITS.len(), 1, 1, 1], values));
    let (first, second) = (leaf(&LOGITS), leaf(&other));
    let loss = Objective::Relativistic.pair(&first, &second);
    loss.backward();
    let pairs = LOGITS.iter().zip(&other).map(|(x, y)| minus_log_d(f64::from(*x) - f64::from(*y)));
    let (losses, slopes): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let values = |var: &Var| var.value().to_vec().expect("the device answers");
    let n = LOGITS.len() as f64;
    assert_close("a pair", &values(&loss), &[losses.iter().sum::<f64>() / n], Pointwise);
    for (what, leaf, sign) in [("first", first, 1.0), ("second", second, -1.0)] {
        let want: Vec<f64> = slopes.iter().map(|slope| sign * slope / n).collect();
        assert_close(what, &values(&leaf.grad().expect("a gradient")), &want, Pointwise);
    }
}

/// The two players' sum: minimax reports −E log D(x) with G's loss, the others report the loss alone.
#[test]
fn minimax_reports_the_term_that_the_generator_cannot_change() {
    let tape = ops::tape(&gpu());
    let scalar = |value| tape.constant(Tensor::from_slice(&gpu(), [], &[value]));
    for objective in [Objective::Minimax, Objective::NonSaturating, Objective::Lsgan, Objective::Hinge] {
        let report = objective.generator_report(&scalar(-0.75), &scalar(0.5)).value().to_vec();
        let want = if objective == Objective::Minimax { -0.25 } else { -0.75 };
        assert_eq!(report.expect("the device answers"), [want], "{objective:?}");
    }
}

#[test]
fn a_score_is_a_probability_where_the_output_is_a_logit() {
    let tape = ops::tape(&gpu());
    let logits = tape.constant(Tensor::from_slice(&gpu(), [LOGITS.len(), 1, 1, 1], &LOGITS));
    let mean = |of: fn(f64) -> f64| LOGITS.iter().map(|x| of(f64::from(*x))).sum::<f64>() / LOGITS.len() as f64;
    for (objective, want) in [(Objective::NonSaturating, mean(sigmoid)), (Objective::Lsgan, mean(|x| x))] {
        let got = objective.score(&logits).value().to_vec().expect("the device answers");
        assert_close(&format!("{objective:?}"), &got, &[want], Pointwise);
    }
}
