//! Spectral normalisation against PyTorch in float64, over steps of gradient descent and then in evaluation mode.

use sumi::{
    autograd::{Tape, Var},
    nn::{Conv2d, Module, SpectralNorm, init::Init},
    ops::{
        self, conv,
        elementwise::{copy_into, mul},
        reduce::{Axis, sum},
    },
    tensor::Tensor,
};

use crate::{
    common::families,
    reference::pytorch::{Case, cases},
};

#[test]
fn spectral_norm_follows_pytorch() {
    for gpu in families() {
        let tape = ops::tape(&gpu);
        for case in cases("spectral_norm") {
            follow(&tape, &case);
        }
    }
}

fn follow(tape: &Tape, case: &Case) {
    let (layer, x) = layer_and_input(tape, case);
    let (weight, [u, v]) = (layer.parameters()[0].1.clone(), [0, 1].map(|i| layer.buffers()[i].1.clone()));
    let row = |name: &str, step: usize, len: usize| case.tensor(name)[step * len..][..len].to_vec();
    let steps = case.tensor("us").len() / u.len();
    assert!(steps > 1, "a step that sees the last one's u and v");

    let before = narrow(case.tensor("weight"));
    let mut shift = vec![0.0; before.len()];
    for step in 0..steps {
        let y = layer.forward(&x);
        let dy = tape.constant(Tensor::from_slice(tape.gpu(), y.shape(), &narrow(&row("dys", step, y.shape().len()))));
        // A second forward in training mode changes the buffers before the gradient of the first is taken.
        let late = step == 0;
        let taken = [fetch(&u), fetch(&v)];
        if late {
            layer.forward(&x);
        }
        let gradient = sum(&mul(&y, &dy), Axis::All).gradients(&[weight.var()], false).remove(0);
        if late {
            copy_into(&Tensor::from_slice(tape.gpu(), u.shape(), &taken[0]), &u);
            copy_into(&Tensor::from_slice(tape.gpu(), v.shape(), &taken[1]), &v);
        }
        let gradient = fetch(gradient.expect("the output depends on the weights").value());

        let what = |name: &str| format!("{name} of step {step} on {:?}", tape.gpu().family());
        assert_close(&what("the output"), &fetch(y.value()), &row("outputs", step, y.shape().len()));
        assert_close(&what("the gradient"), &gradient, &row("gradients", step, gradient.len()));
        assert_close(&what("u"), &taken[0], &row("us", step, u.len()));
        assert_close(&what("v"), &taken[1], &row("vs", step, v.len()));

        for (shift, gradient) in shift.iter_mut().zip(&gradient) {
            *shift -= case.number("lr") as f32 * gradient;
        }
        let moved: Vec<f32> = before.iter().zip(&shift).map(|(weight, shift)| weight + shift).collect();
        weight.load(&moved);
        assert_close(&what("the weights"), &moved, &row("weights", step, moved.len()));
    }

    let [u_before, v_before] = [fetch(&u), fetch(&v)];
    layer.train(false);
    assert_close("the output in evaluation mode", &fetch(layer.forward(&x).value()), case.tensor("evaluation"));
    assert_eq!([fetch(&u), fetch(&v)], [u_before, v_before], "evaluation leaves the buffers alone");
}

/// The layer of a case, in training mode and with PyTorch's first values, and its input.
fn layer_and_input(tape: &Tape, case: &Case) -> (SpectralNorm, Var) {
    let (shape, kernel): ([usize; 4], [usize; 2]) = (case.size("x"), case.size("kernel"));
    let ([c_out], [stride], [padding]) = (case.size("c_out"), case.size("stride"), case.size("padding"));
    assert_eq!(kernel[0], kernel[1], "layers have square kernels");
    let config = conv::Conv2d { stride: [stride; 2], padding: [padding; 2], ..conv::Conv2d::default() };
    let mut init = Init::new(1, 0);
    let conv = Conv2d::new(tape, &mut init, shape[3], c_out, kernel[0], config, true, 0.02);
    let layer = SpectralNorm::new(tape, &mut init, conv);

    let parameters = layer.parameters();
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["weight_orig", "bias"]);
    parameters[0].1.load(&narrow(case.tensor("weight")));
    parameters[1].1.load(&narrow(case.tensor("bias")));
    for ((name, buffer), (wanted, golden)) in layer.buffers().iter().zip([("weight_u", "u"), ("weight_v", "v")]) {
        assert_eq!(name, wanted);
        let random = fetch(buffer);
        let norm = random.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!((norm - 1.0).abs() < 1e-5, "{name} begins with norm {norm}");
        copy_into(&Tensor::from_slice(tape.gpu(), buffer.shape(), &narrow(case.tensor(golden))), buffer);
    }
    let x = tape.constant(Tensor::from_slice(tape.gpu(), shape, &narrow(case.tensor("x"))));
    (layer, x)
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

fn fetch(tensor: &Tensor) -> Vec<f32> {
    tensor.to_vec().expect("the device works")
}

/// Within 1e-5 of the tensor's largest entry: some dozens of roundings.
fn assert_close(what: &str, got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}: number of elements");
    let allowed = 1e-5 * want.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let close = (f64::from(*got) - want).abs() <= allowed;
        assert!(close, "{what}: element {i}: got {got}, want {want}, allowed is {allowed:e}");
    }
}
