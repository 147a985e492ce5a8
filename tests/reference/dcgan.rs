//! The twins composed: DCGAN-64 forward and backward in f64 loops, against the golden steps of PyTorch in float64.
//! What the twins are one by one, this shows of them together; and it proves the golden files and their reader
//! without an engine.

use super::assert_close;
use crate::golden::Tensor;
use crate::golden::dcgan::{BATCH_FULL_WIDTH, BATCH_STEPS, full_width, sample, steps};
use crate::golden::formula::{NZ, scaled};
use sumi::reference::conv::{Conv2d, ConvTranspose2d, conv2d, conv2d_backward_input, conv2d_backward_weight};
use sumi::reference::{activation, loss, norm};

/// One layer: a convolution or a transposed one, batch norm in training mode or none, an activation.
struct Layer<'a> {
    /// Of the convolution itself, or of that whose input gradient the transposed one is.
    conv: Conv2d,
    transposed: bool,
    w: &'a [f64],
    gamma_beta: Option<[&'a [f64]; 2]>,
    activation: Activation,
}

enum Activation {
    Relu,
    LeakyRelu,
    Tanh,
    None,
}

/// What the backward pass of a layer needs: its input, the convolution's output, that after the norm, and the result.
struct Trace {
    x: Vec<f64>,
    convolved: Vec<f64>,
    mean: Vec<f64>,
    rstd: Vec<f64>,
    normed: Vec<f64>,
    y: Vec<f64>,
}

impl Layer<'_> {
    fn forward(&self, x: Vec<f64>) -> Trace {
        let convolution = if self.transposed { conv2d_backward_input } else { conv2d };
        let convolved = convolution(&x, self.w, &self.conv);
        let (mut mean, mut rstd, mut normed) = (Vec::new(), Vec::new(), convolved.clone());
        if let Some([gamma, beta]) = self.gamma_beta {
            let (c, rows) = (gamma.len(), convolved.len() / gamma.len());
            let (batch_mean, m2) = norm::batch_norm_stats(&convolved, rows, c);
            let f = norm::batch_norm_finish(&batch_mean, &m2, &vec![0.0; c], &vec![1.0; c], rows, 1e-5, 0.1);
            normed = norm::batch_norm(&convolved, &f.mean, &f.rstd, gamma, beta);
            (mean, rstd) = (f.mean, f.rstd);
        }
        let y = match self.activation {
            Activation::Relu => activation::relu(&normed),
            Activation::LeakyRelu => activation::leaky_relu(&normed, 0.2),
            Activation::Tanh => activation::tanh(&normed),
            Activation::None => normed.clone(),
        };
        Trace { x, convolved, mean, rstd, normed, y }
    }

    /// The gradient by the input, and those by the layer's tensors, in their order.
    fn backward(&self, trace: &Trace, dy: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let mut dy = match self.activation {
            Activation::Relu => activation::relu_backward(&trace.normed, dy),
            Activation::LeakyRelu => activation::leaky_relu_backward(&trace.normed, dy, 0.2),
            Activation::Tanh => activation::tanh_backward(&trace.y, dy),
            Activation::None => dy.to_vec(),
        };
        let mut gradients = Vec::new();
        if let Some([gamma, _]) = self.gamma_beta {
            let (x, mean, rstd) = (&trace.convolved, &trace.mean, &trace.rstd);
            let (dbeta, dgamma) = norm::batch_norm_backward_reduce(x, &dy, mean, rstd);
            dy = norm::batch_norm_backward(x, &dy, mean, rstd, gamma, &dbeta, &dgamma);
            gradients = vec![dgamma, dbeta];
        }
        let (dx, dw) = if self.transposed {
            (conv2d(&dy, self.w, &self.conv), conv2d_backward_weight(&dy, &trace.x, &self.conv))
        } else {
            (conv2d_backward_input(&dy, self.w, &self.conv), conv2d_backward_weight(&trace.x, &dy, &self.conv))
        };
        gradients.insert(0, dw);
        (dx, gradients)
    }
}

/// The layers of G or D for a batch; every tensor of four axes opens one.
fn layers(weights: &[Tensor], batch: usize) -> Vec<Layer<'_>> {
    let transposed = weights[0].name.starts_with("generator");
    let mut extent = if transposed { 1 } else { 64 };
    let mut layers = Vec::new();
    for (i, Tensor { shape, values, .. }) in weights.iter().enumerate().filter(|(_, w)| w.shape.len() == 4) {
        let gamma_beta = match weights.get(i + 1) {
            Some(gamma) if gamma.shape.len() == 1 => Some([&gamma.values[..], &weights[i + 2].values]),
            _ => None,
        };
        // Stride 2 halves or doubles; the layer between 1×1 and 4×4 has stride 1 and no padding.
        let (stride, padding) =
            if extent == if transposed { 1 } else { 4 } { ([1; 2], [0; 2]) } else { ([2; 2], [1; 2]) };
        let (conv, activation) = if transposed {
            let (x, c_out) = ([batch, extent, extent, shape[3]], shape[2]);
            let c = ConvTranspose2d::new(x, c_out, [4; 2], stride, padding, [0; 2], [1; 2], 1);
            extent = c.h_out;
            (c.conv(), if gamma_beta.is_some() { Activation::Relu } else { Activation::Tanh })
        } else {
            let c = Conv2d::new([batch, extent, extent, shape[2]], shape[3], [4; 2], stride, padding, [1; 2], 1);
            extent = c.h_out;
            (c, if extent > 1 { Activation::LeakyRelu } else { Activation::None })
        };
        layers.push(Layer { conv, transposed, w: values, gamma_beta, activation });
    }
    layers
}

/// Every layer's trace; the network's output is the last one's `y`.
fn forward(layers: &[Layer<'_>], x: Vec<f64>) -> Vec<Trace> {
    let mut traces: Vec<Trace> = Vec::new();
    for layer in layers {
        let x = traces.last().map_or_else(|| x.clone(), |before| before.y.clone());
        traces.push(layer.forward(x));
    }
    traces
}

fn output(traces: &[Trace]) -> &[f64] {
    &traces.last().expect("a network has layers").y
}

/// The gradient by the network's input, and those by its tensors, in their order.
fn backward(layers: &[Layer<'_>], traces: &[Trace], dy: Vec<f64>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (mut dy, mut gradients) = (dy, Vec::new());
    for (layer, trace) in layers.iter().zip(traces).rev() {
        let (dx, of_layer) = layer.backward(trace, &dy);
        dy = dx;
        gradients.splice(0..0, of_layer);
    }
    (dy, gradients)
}

/// The mean loss of logits against one target, and its gradient by the logits.
fn bce(logits: &[f64], target: f64) -> (f64, Vec<f64>) {
    let (n, t) = (logits.len() as f64, vec![target; logits.len()]);
    let mean = loss::bce_with_logits(logits, &t).iter().sum::<f64>() / n;
    (mean, loss::bce_with_logits_backward(logits, &t, &vec![1.0 / n; logits.len()]))
}

/// D's half of a step: its losses on real and fake, and the sum of both gradients.
fn discriminator_half(d: &[Layer<'_>], real: Vec<f64>, fake: Vec<f64>) -> ([f64; 2], Vec<Vec<f64>>) {
    let [by_real, by_fake] = [(real, 1.0), (fake, 0.0)].map(|(x, target)| {
        let traces = forward(d, x);
        let (loss, dy) = bce(output(&traces), target);
        (loss, backward(d, &traces, dy).1)
    });
    let sum = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    ([by_real.0, by_fake.0], by_real.1.iter().zip(&by_fake.1).map(sum).collect())
}

/// Every entry within `bound` of its tensor's largest.
fn assert_gradients(got: &[Vec<f64>], want: &[Tensor], bound: f64) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        let max = want.values.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
        assert_close(&want.name, got, &want.values, 0.0, bound * max);
    }
}

#[test]
fn whole_steps_equal_pytorch_in_float64() {
    // The first step starts from the formula, the last from states that the reader recomputed.
    for step in steps().filter(|step| [1, 10].contains(&step.number)) {
        let g = layers(&step.generator.weights, BATCH_STEPS);
        let fakes = forward(&g, step.noise.clone());
        let d = layers(&step.discriminator.weights, BATCH_STEPS);
        let (losses, gradients) = discriminator_half(&d, scaled(&step.pictures), output(&fakes).to_vec());
        // Golden gradients are rounded to f32, a relative 6e-8.
        assert_gradients(&gradients, &step.discriminator_gradients, 2e-7);
        let d = layers(&step.discriminator_after.weights, BATCH_STEPS);
        let judged = forward(&d, output(&fakes).to_vec());
        let (loss, dy) = bce(output(&judged), 1.0);
        let (by_pictures, _) = backward(&d, &judged, dy);
        let (_, gradients) = backward(&g, &fakes, by_pictures);
        assert_gradients(&gradients, &step.generator_gradients, 2e-7);
        let what = format!("losses of step {}", step.number);
        assert_close(&what, &[losses[0], losses[1], loss], &step.losses, 1e-9, 0.0);
    }
}

#[test]
fn the_first_half_step_at_full_width_equals_pytorch_in_float64() {
    let full = full_width();
    let g = layers(&full.generator, BATCH_FULL_WIDTH);
    assert_eq!(full.noise.len(), BATCH_FULL_WIDTH * NZ);
    let fakes = forward(&g, full.noise);
    assert_close("fakes", &sample(output(&fakes), full.fake.len()), &full.fake, 0.0, 1e-8);
    let d = layers(&full.discriminator, BATCH_FULL_WIDTH);
    let (losses, gradients) = discriminator_half(&d, scaled(&full.pictures), output(&fakes).to_vec());
    assert_close("losses", &losses, &full.losses, 1e-8, 0.0);
    assert_eq!(gradients.len(), full.gradients.len());
    for (got, want) in gradients.iter().zip(&full.gradients) {
        assert_close(&want.name, &sample(got, want.sample.len()), &want.sample, 0.0, 1e-7 * want.max);
        let (max, square) = got.iter().fold((0.0, 0.0), |(max, sum): (f64, f64), g| (max.max(g.abs()), sum + g * g));
        assert_close(&want.name, &[max, square.sqrt()], &[want.max, want.norm], 1e-7, 0.0);
    }
}
