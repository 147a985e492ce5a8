//! What recipes for small sets of pictures add to a discriminator, against PyTorch in float64 and against the twins.

use sumi::{
    autograd::{Tape, Var},
    nn::{MinibatchStddev, Module},
    ops::{
        self,
        activation::leaky_relu,
        augment::{adjust_colour, cutout, translate},
        conv::{Conv2d, conv2d},
        elementwise::mul,
        random::Random,
        reduce::{Axis, mean, sum},
    },
    parallel::World,
    reference::{augment as twin, random::uniform},
    tensor::Tensor,
    train::{
        augment::{Ada, AdaConfig, DiffAugment, always, streams},
        penalty::{gradient_penalty, r1},
    },
};

use crate::{
    common::{
        compare::{
            Tolerance::{Pointwise, Sum},
            assert_close,
        },
        families, gpu,
    },
    golden::small_data::{BATCHES, WEIGHTS, tensor},
};

fn values(x: &Var) -> Vec<f32> {
    x.value().to_vec().expect("the device answers")
}

/// A golden tensor on the device.
fn given(tape: &Tape, name: &str) -> Tensor {
    let golden = tensor(name);
    let values: Vec<f32> = golden.values.iter().map(|value| *value as f32).collect();
    Tensor::from_slice(tape.gpu(), &golden.shape[..], &values)
}

/// Within 1e-5 of the largest entry: PyTorch's float32 is no nearer.
fn assert_golden(what: &str, got: &Var, name: &str) {
    let want = tensor(name);
    assert_eq!(got.shape().len(), want.values.len(), "{what}: number of elements");
    let allowed = 1e-5 * want.values.iter().fold(0.0, |most: f64, v| most.max(v.abs())) + 1e-9;
    for (i, (got, want)) in values(got).iter().zip(&want.values).enumerate() {
        let close = (f64::from(*got) - want).abs() <= allowed;
        assert!(close, "{what}: element {i}: got {got}, want {want}, allowed is {allowed:e}");
    }
}

/// The golden discriminator's weights, and what it makes of pictures: the mean of its logits for each.
fn judge(weights: &[Var], x: &Var) -> Var {
    let halving = Conv2d { stride: [2; 2], padding: [1; 2], ..Conv2d::default() };
    let hidden = leaky_relu(&conv2d(x, &weights[0], Some(&weights[1]), &halving), 0.2);
    mean(&conv2d(&hidden, &weights[2], Some(&weights[3]), &halving), Axis::PerSample)
}

/// `color,translation,cutout` with the golden numbers.
fn changed(x: &Var) -> Var {
    let [factors, shifts, centres] = ["factors", "shifts", "centres"].map(|name| given(x.tape(), name));
    cutout(&translate(&adjust_colour(x, &factors), &shifts), &centres, [4; 2])
}

#[test]
fn penalties_and_their_gradients_are_pytorchs() {
    for gpu in families() {
        let tape = ops::tape(&gpu);
        let weights: Vec<Var> = WEIGHTS.iter().map(|w| tape.leaf(given(&tape, &format!("weight.{w}")))).collect();
        let [real, fake, mix] = ["real", "fake", "mix"].map(|name| tape.constant(given(&tape, name)));
        let plain = |x: &Var| judge(&weights, x);
        let behind_changes = |x: &Var| judge(&weights, &changed(x));
        let penalties = [
            ("r1", r1(&plain, &real)),
            ("r1_changed", r1(&behind_changes, &real)),
            ("gradient_penalty", gradient_penalty(&plain, &real, &fake, &mix)),
        ];
        for (name, penalty) in penalties {
            let what = format!("{name} on {:?}", gpu.family());
            assert_golden(&what, &penalty, name);
            for (parameter, gradient) in WEIGHTS.iter().zip(penalty.gradients(&weights, false)) {
                let golden = format!("{name}.gradient.{parameter}");
                match gradient {
                    Some(gradient) => assert_golden(&format!("{what} by {parameter}"), &gradient, &golden),
                    // No slope depends on a bias but by the side of a kink that it puts a number on.
                    None => assert!(tensor(&golden).values.iter().all(|v| *v == 0.0), "{what} by {parameter}"),
                }
            }
        }
    }
}

/// Where the discriminator is flat the length of its slope has none itself: the penalty is 1, its gradient a number.
#[test]
fn a_flat_discriminator_has_a_finite_penalty() {
    let tape = ops::tape(&gpu());
    let weight = tape.leaf(Tensor::from_slice(&gpu(), [2, 2, 2, 1], &[0.0; 8]));
    let ones = tape.constant(ops::elementwise::full(&gpu(), [2, 2, 2, 2], 1.0));
    let mix = tape.constant(Tensor::from_slice(&gpu(), [2], &[0.25, 0.5]));
    let flat = |x: &Var| conv2d(x, &weight, None, &Conv2d::default());
    assert_eq!(values(&r1(&flat, &ones)), [0.0]);
    let penalty = gradient_penalty(&flat, &ones, &ones, &mix);
    assert_close("the penalty", &values(&penalty), &[1.0], Sum { terms: 1, largest: 10.0 });
    let gradient = penalty.gradients(&[weight], false).remove(0).expect("it depends on the weights");
    assert!(values(&gradient).iter().all(|v| v.is_finite()));
}

#[test]
fn changes_with_given_numbers_are_pytorchs() {
    for gpu in families() {
        let tape = ops::tape(&gpu);
        let (real, fake) = (tape.leaf(given(&tape, "real")), tape.constant(given(&tape, "fake")));
        let [factors, shifts, centres] = ["factors", "shifts", "centres"].map(|name| given(&tape, name));
        let what = |name: &str| format!("{name} on {:?}", gpu.family());
        let y = changed(&real);
        assert_golden(&what("changed"), &y, "changed");
        let dx = sum(&mul(&y, &fake), Axis::All).gradients(std::slice::from_ref(&real), false).remove(0);
        assert_golden(&what("the gradient"), &dx.expect("it depends on the pictures"), "changed.dx");
        let other = translate(&adjust_colour(&cutout(&real, &centres, [4; 2]), &factors), &shifts);
        assert_golden(&what("another order"), &other, "changed.other");
    }
}

/// What a policy makes of pictures, from the numbers that its draws have to give: `step` 7, `stream` 2, in order.
fn as_told(policy: &str, x: &[f64], [n, side]: [usize; 2], p: f64) -> Vec<f64> {
    let shape = [n, side, side, 3];
    let (eighth, half) = ((side as f64 / 8.0 + 0.5).floor(), (side as f64 / 2.0 + 0.5).floor());
    let mut x = x.to_vec();
    for (draw, change) in ((2 << 16) + 1..).zip(policy.split(',')) {
        let u = |columns: usize| uniform(n * columns, 5, 7, draw);
        x = match change {
            "color" => {
                let (low, span, idle) = ([-0.5, 0.0, 0.5], [1.0, 2.0, 1.0], [0.0, 1.0, 1.0]);
                twin::adjust_colour(&x, &twin::draw_changes(&u(4), p, &low, &span, &idle, false), n)
            }
            "translation" => {
                let shifts = twin::draw_changes(&u(3), p, &[-eighth; 2], &[2.0 * eighth + 1.0; 2], &[0.0; 2], true);
                assert!(shifts.iter().all(|shift| shift.abs() <= eighth));
                twin::translate(&x, &shifts, shape)
            }
            _ => {
                let span = side as f64 + 1.0 - half % 2.0;
                let centres = twin::draw_changes(&u(3), p, &[0.0; 2], &[span; 2], &[-half; 2], true);
                twin::cutout(&x, &centres, [half as usize; 2], shape)
            }
        };
    }
    x
}

#[test]
fn a_policy_is_its_changes_in_order_each_by_its_own_draw() {
    let (n, tape) = (9, ops::tape(&gpu()));
    for (policy, side, p) in [
        ("color,translation,cutout", 16, 1.0),
        ("cutout,color", 13, 1.0),
        ("translation,cutout,color", 20, 0.5),
        ("color,translation,cutout", 10, 0.0),
    ] {
        let x: Vec<f64> = uniform(n * side * side * 3, 1, 1, 1).iter().map(|u| 2.0 * u - 1.0).collect();
        let narrow: Vec<f32> = x.iter().map(|x| *x as f32).collect();
        let pictures = tape.constant(Tensor::from_slice(&gpu(), [n, side, side, 3], &narrow));
        let augment: DiffAugment = policy.parse().expect("a policy");
        assert_eq!(augment.to_string(), policy);
        let probability = Tensor::from_slice(&gpu(), [4], &[p as f32, 7.0, 7.0, 7.0]);
        let random = || Random::stream(&gpu(), 5, 7, streams::FAKE);
        let got = augment.apply(&pictures, &random(), &probability, &World::alone());
        let tolerance = Sum { terms: 3 * side * side, largest: 4.0 };
        assert_close(policy, &values(&got), &as_told(policy, &x, [n, side], p), tolerance);
        let again = augment.apply(&pictures, &random(), &probability, &World::alone());
        assert_eq!(values(&got), values(&again), "{policy}: the same draws, the same pictures");
        let other = Random::stream(&gpu(), 5, 7, streams::REAL);
        let other = values(&augment.apply(&pictures, &other, &probability, &World::alone()));
        assert_eq!(p == 0.0, values(&got) == other, "{policy}: another stream changes in another way");
        if p == 1.0 {
            let always = augment.apply(&pictures, &random(), &always(&gpu()), &World::alone());
            assert_eq!(values(&got), values(&always));
        }
    }
}

#[test]
fn a_policy_that_is_none_is_told_in_a_sentence() {
    for (policy, want) in [
        ("", "\"\" is no change of pictures: name one or more of color, translation and cutout"),
        ("color,hue", "\"hue\" is no change of pictures"),
        ("color,translation,colour", "names color twice"),
    ] {
        let error = policy.parse::<DiffAugment>().expect_err(policy);
        assert!(error.contains(want), "{error}");
    }
    let spelt: DiffAugment = "colour, cutout".parse().expect("both spellings, and spaces");
    assert_eq!(spelt.to_string(), "color,cutout");
    assert_eq!(serde_json::to_string(&spelt).expect("a text"), "\"color,cutout\"");
    assert_eq!(serde_json::from_str::<DiffAugment>("\"color,cutout\"").expect("a policy"), spelt);
}

/// A discriminator that is always sure: the probability rises by `batch · interval / speed` in every fourth call, to 1
/// and not beyond; one that is never sure brings it back.
#[test]
fn the_probability_follows_the_discriminator() {
    let tape = ops::tape(&gpu());
    let ada = Ada::new(&gpu(), AdaConfig { speed: 100.0, ..AdaConfig::default() });
    let (sure, unsure) = ([3.0, 0.5, 2.0, 1.0, 9.0], [3.0, -0.5, 2.0, -1.0, 9.0]);
    let observe = |logits: [f32; 5], calls: usize| {
        for _ in 0..calls {
            ada.observe(&Tensor::from_slice(&gpu(), [5, 1, 1, 1], &logits), 5, &World::alone());
        }
        values(&ada.figure(&tape))[0]
    };
    assert_eq!(observe(sure, 3), 0.0);
    let (name, state) = ada.tensor();
    assert_eq!((name.as_str(), state.to_vec().expect("the device answers")), (Ada::NAME, vec![0.0, 15.0, 15.0, 3.0]));
    assert_close("after four calls", &[observe(sure, 1)], &[0.2], Pointwise);
    assert_eq!(observe(sure, 20), 1.0);
    // Mean sign 0.2, below 0.6.
    assert_close("after four others", &[observe(unsure, 4)], &[0.8], Pointwise);
    assert_eq!(observe(unsure, 40), 0.0);
    assert_eq!(ada.probability().to_vec().expect("the device answers"), [0.0; 4]);
}

#[test]
fn the_minibatch_standard_deviation_is_pytorchs() {
    for gpu in families() {
        let tape = ops::tape(&gpu);
        for n in BATCHES {
            let of = |name: &str| format!("stddev.{n}.{name}");
            let x = tape.leaf(given(&tape, &of("x")));
            let y = MinibatchStddev::new(4).forward(&x);
            let what = format!("a batch of {n} on {:?}", gpu.family());
            assert_golden(&what, &y, &of("y"));
            let dy = tape.constant(given(&tape, &of("dy")));
            let dx = sum(&mul(&y, &dy), Axis::All).gradients(&[x], false).remove(0);
            assert_golden(&format!("the gradient of {what}"), &dx.expect("it depends on x"), &of("dx"));
        }
    }
}
