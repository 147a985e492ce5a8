//! Convolutions of random shapes, on every family that the adapter can run. Shapes are constructed to be valid, so that
//! none is thrown away: the output's extent is drawn, and the input's follows.

use proptest::{
    prelude::{Strategy, prop_assert_eq},
    test_runner::{Config, RngSeed, TestRunner},
};
use sumi::{
    ops::{
        self,
        conv::{Conv2d, Geometry},
    },
    reference::conv as twin,
    tensor::Tensor,
};

use crate::common::{
    cases::{Input, normal},
    compare::{Tolerance, assert_close, largest},
    families,
};

/// Along one axis: size of the input, taps, stride, padding, dilation.
type Axis = [usize; 5];

fn axis() -> impl Strategy<Value = Axis> {
    let sizes = (1..7_usize, 1..5_usize, 1..5_usize, 1..4_usize);
    sizes.prop_flat_map(|(output, k, stride, dilation)| {
        (0..stride).prop_flat_map(move |rest| {
            let padded = (output - 1) * stride + dilation * (k - 1) + 1 + rest;
            (0..=(padded - 1) / 2).prop_map(move |padding| [padded - 2 * padding, k, stride, padding, dilation])
        })
    })
}

/// Pictures, groups, channels in and out of each group.
fn channels() -> impl Strategy<Value = [usize; 4]> {
    (1..4_usize, 1..4_usize, 1..20_usize, 1..40_usize).prop_map(|(n, groups, c_in, c_out)| [n, groups, c_in, c_out])
}

#[test]
fn convolutions_of_random_shapes_agree_with_their_twins() {
    // The seed is fixed: a failure must come again.
    let config = Config { cases: 24, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Config::default() };
    let problem = (axis(), axis(), channels());
    let outcome =
        TestRunner::new(config).run(&problem, |([h, k_h, s_h, p_h, d_h], [w, k_w, s_w, p_w, d_w], channels)| {
            let [n, groups, c_in, c_out] = channels;
            let config = Conv2d { stride: [s_h, s_w], padding: [p_h, p_w], dilation: [d_h, d_w], groups };
            let x = normal(1, [n, h, w, c_in * groups]);
            let weights = normal(2, [k_h, k_w, c_in, c_out * groups]);
            let geometry = Geometry::of_convolution("test", x.shape, weights.shape, &config);
            let [h_out, w_out] = geometry.output;
            prop_assert_eq!(geometry.input, [h, w]);
            let y = normal(3, geometry.y_shape());
            let shape = twin::Conv2d::new(
                [n, h, w, c_in * groups],
                c_out * groups,
                [k_h, k_w],
                [s_h, s_w],
                [p_h, p_w],
                [d_h, d_w],
                groups,
            );
            check(&x, &weights, &y, &geometry, &shape, [k_h * k_w * c_in, k_h * k_w * c_out, n * h_out * w_out]);
            Ok(())
        });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// The three ops against their twins; `terms` are those that each of them adds up.
fn check(x: &Input, w: &Input, y: &Input, geometry: &Geometry, shape: &twin::Conv2d, terms: [usize; 3]) {
    let wide = |input: &Input| -> Vec<f64> { input.values.iter().copied().map(f64::from).collect() };
    let (x64, w64, y64) = (wide(x), wide(w), wide(y));
    let wanted = [
        twin::conv2d(&x64, &w64, shape),
        twin::conv2d_backward_input(&y64, &w64, shape),
        twin::conv2d_backward_weight(&x64, &y64, shape),
    ];
    for gpu in families() {
        let tape = ops::tape(&gpu);
        let [x_var, w_var, y_var] =
            [x, w, y].map(|input| tape.constant(Tensor::from_slice(&gpu, input.shape, &input.values)));
        let config = &geometry.config;
        let got = [
            ops::conv::conv2d(&x_var, &w_var, None, config),
            ops::conv::conv2d_backward_input(&y_var, &w_var, geometry.input, config),
            ops::conv::conv2d_backward_weight(&x_var, &y_var, geometry.kernel, config),
        ];
        let largest = [x, w, y].map(|input| largest(&input.values)).into_iter().fold(0.0, f64::max);
        for ((got, want), terms) in got.iter().zip(&wanted).zip(terms) {
            let what = format!("{got:?} of {geometry:?}, {:?}", gpu.family());
            let values = got.value().to_vec().unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_close(&what, &values, want, Tolerance::Sum { terms, largest: largest * largest });
        }
    }
}
