//! FastGAN: as many parameters as its layers add up to, the published names, and from PyTorch's weights PyTorch's
//! pictures, logits and gradients.

use sumi::{
    autograd::{Tape, Var},
    models::fastgan::{Discriminator, Fastgan, Generator, half, quarter},
    nn::{Module, init::Init, parameter_count},
    ops::{
        self,
        elementwise::{add, copy_into, mul},
        reduce::{Axis, sum},
    },
    tensor::Tensor,
};

use crate::{
    common::{families, gpu},
    golden::fastgan::tensor,
};

/// How far a result may be from PyTorch's float64, by its largest entry.
const OUTPUT: f64 = 1e-4;

fn values(x: &Tensor) -> Vec<f32> {
    x.to_vec().expect("the device answers")
}

/// Parameters of a convolution without bias, and of the normalisation behind it.
fn conv(c_in: usize, c_out: usize, kernel: usize) -> usize {
    c_in * c_out * kernel * kernel
}

fn norm(channels: usize) -> usize {
    2 * channels
}

fn gate(c_in: usize, c_out: usize) -> usize {
    conv(c_in, c_out, 4) + conv(c_out, c_out, 1)
}

/// The generator's, from the widths of its features of 4, 8, 16, … pixels.
fn of_generator(nz: usize, widths: &[usize]) -> usize {
    let mut count = conv(nz, 2 * widths[0], 4) + norm(2 * widths[0]);
    for (stage, pair) in widths.windows(2).enumerate() {
        let [c_in, c_out] = *pair else { unreachable!("windows of two") };
        count += conv(c_in, 2 * c_out, 3) + norm(2 * c_out);
        // 8, 32 and 128 pixels.
        if stage % 2 == 0 {
            count += conv(c_out, 2 * c_out, 3) + norm(2 * c_out);
        }
        // From 64 pixels on, by the features of a sixteenth.
        if stage >= 3 {
            count += gate(widths[stage - 3], c_out);
        }
    }
    let [.., small, big] = widths else { unreachable!("there are several") };
    count + conv(*small, 3, 1) + conv(*big, 3, 3)
}

/// The discriminator's, from the widths of its features of the whole size, half of it, … 8 pixels.
fn of_discriminator(widths: &[usize], decoded: &[usize]) -> usize {
    let mut count = conv(3, widths[0], 3);
    for (stage, pair) in widths.windows(2).enumerate() {
        let [c_in, c_out] = *pair else { unreachable!("windows of two") };
        count += conv(c_in, c_out, 4) + conv(c_out, c_out, 3) + conv(c_in, c_out, 1) + 3 * norm(c_out);
        if stage >= 2 {
            count += gate(widths[stage - 2], c_out);
        }
    }
    let [.., before, last] = *widths else { unreachable!("there are several") };
    count += conv(last, 2 * last, 1) + norm(2 * last) + conv(2 * last, 1, 4);
    // The small picture: half as wide, from the third width on.
    let narrow: Vec<usize> = widths[2..].iter().map(|c| c / 2).collect();
    count += conv(3, narrow[0], 4) + conv(last / 2, 1, 4);
    count += narrow.windows(2).map(|pair| conv(pair[0], pair[1], 4) + norm(pair[1])).sum::<usize>();
    let decoder = |c_in: usize| {
        let widths: Vec<usize> = [c_in].iter().chain(decoded).copied().collect();
        let stages = widths.windows(2).map(|pair| conv(pair[0], 2 * pair[1], 3) + norm(2 * pair[1]));
        stages.sum::<usize>() + conv(widths[widths.len() - 1], 3, 3)
    };
    count + decoder(last) + decoder(before) + decoder(last / 2)
}

#[test]
fn there_are_as_many_parameters_as_the_layers_add_up_to() {
    let drawn = [1024, 512, 256, 128, 128, 64, 32];
    let seen = [16, 32, 64, 128, 256, 512];
    let decoded = [128, 64, 64, 32];
    // As PyTorch counts them: `make_fastgan.py`.
    for (size, g, d) in [(64, 28_211_456, 10_701_568), (128, 28_959_808, 11_319_584), (256, 29_127_840, 11_526_160)] {
        let tape = ops::tape(&gpu());
        let (network, init) = (Fastgan { size, ..Fastgan::default() }, &mut Init::new(1, 0));
        let halvings = (256_usize / size).ilog2() as usize;
        assert_eq!(of_generator(256, &drawn[..7 - halvings]), g, "G of {size} by its layers");
        assert_eq!(of_discriminator(&seen[halvings..], &decoded[..4 - halvings]), d, "D of {size} by its layers");
        assert_eq!(parameter_count(&network.generator(&tape, init)), g, "G of {size}");
        assert_eq!(parameter_count(&network.discriminator(&tape, init)), d, "D of {size}");
    }
}

#[test]
fn sizes_are_those_asked_for() {
    let tape = ops::tape(&gpu());
    for size in [64, 128, 256] {
        let network = Fastgan { size, nz: 8, ngf: 2, ndf: 4 };
        let (generator, discriminator) =
            (network.generator(&tape, &mut Init::new(1, 0)), network.discriminator(&tape, &mut Init::new(1, 1)));
        tape.no_grad(|| {
            let z = Tensor::from_slice(&gpu(), [2, 1, 1, 8], &[0.5, -1.0, 2.0, 0.25, 1.5, -0.5, 0.0, 1.0].repeat(2));
            let [big, small] = generator.draw(&tape.constant(z));
            assert_eq!(big.shape().dims(), [2, size, size, 3]);
            assert_eq!(small.shape().dims(), [2, size / 2, size / 2, 3]);
            let judged = discriminator.judge(&big, &small);
            assert_eq!(judged.logits.shape().dims(), [2, 50]);
            assert_eq!(discriminator.forward(&big).shape().dims(), [2, 50]);
            for decoded in discriminator.decode(&judged, 3) {
                assert_eq!(decoded.shape().dims(), [2, size / 2, size / 2, 3]);
            }
        });
    }
}

#[test]
#[should_panic(expected = "FastGAN draws 64, 128 or 256 pixels, not 96")]
fn another_size_panics() {
    Fastgan { size: 96, ..Fastgan::default() }.generator(&ops::tape(&gpu()), &mut Init::new(1, 0));
}

#[test]
fn quarters_are_those_of_the_picture() {
    let tape = ops::tape(&gpu());
    let numbers: Vec<f32> = (0..16).map(|i| i as f32).collect();
    let x = tape.constant(Tensor::from_slice(&gpu(), [1, 4, 4, 1], &numbers));
    let quarters = [0, 1, 2, 3].map(|which| values(quarter(&x, which).value()));
    assert_eq!(quarters[0], [0.0, 1.0, 4.0, 5.0]);
    assert_eq!(quarters[1], [2.0, 3.0, 6.0, 7.0]);
    assert_eq!(quarters[2], [8.0, 9.0, 12.0, 13.0]);
    assert_eq!(quarters[3], [10.0, 11.0, 14.0, 15.0]);
    assert_eq!(values(half(&x).value()), [2.5, 4.5, 10.5, 12.5]);
}

fn golden(tape: &Tape, name: &str) -> Tensor {
    let golden = tensor(name);
    let values: Vec<f32> = golden.values.iter().map(|value| *value as f32).collect();
    Tensor::from_slice(tape.gpu(), &golden.shape[..], &values)
}

/// PyTorch's weights and spectral vectors, by name.
fn load(module: &dyn Module, tape: &Tape, network: &str) {
    for (name, parameter) in module.parameters() {
        let weights = golden(tape, &format!("weight.{network}.{name}"));
        assert_eq!(weights.shape(), parameter.var().shape(), "{network}.{name}");
        parameter.load(&values(&weights));
    }
    for (name, buffer) in module.buffers().iter().filter(|(name, _)| name.contains("weight_")) {
        copy_into(&golden(tape, &format!("weight.{network}.{name}")), buffer);
    }
}

fn assert_near(what: &str, got: &Var, name: &str) {
    let want = tensor(name);
    assert_eq!(got.shape().len(), want.values.len(), "{what}: number of elements");
    let largest = want.values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    for (i, (got, want)) in values(got.value()).iter().zip(&want.values).enumerate() {
        let close = (f64::from(*got) - want).abs() <= OUTPUT * largest;
        assert!(close, "{what}: element {i}: got {got}, want {want}, the largest is {largest}");
    }
}

fn networks(tape: &Tape) -> (Generator, Discriminator) {
    let network = Fastgan { size: 64, nz: 8, ngf: 2, ndf: 4 };
    let (generator, discriminator) =
        (network.generator(tape, &mut Init::new(1, 0)), network.discriminator(tape, &mut Init::new(1, 1)));
    load(&generator, tape, "G");
    load(&discriminator, tape, "D");
    (generator, discriminator)
}

#[test]
fn from_pytorchs_weights_come_pytorchs_pictures_logits_and_gradients() {
    for gpu in families() {
        let tape = ops::tape(&gpu);
        let (generator, discriminator) = networks(&tape);
        let what = |name: &str| format!("{name} on {:?}", gpu.family());
        let [big, small] = generator.draw(&tape.constant(golden(&tape, "z")));
        assert_near(&what("the large pictures"), &big, "big");
        assert_near(&what("the small pictures"), &small, "small");
        let fake = discriminator.judge(&big, &small);
        assert_near(&what("D on fakes"), &fake.logits, "logits.fake");
        let real = tape.constant(golden(&tape, "real"));
        let judged = discriminator.judge(&real, &half(&real));
        assert_near(&what("D on real pictures"), &judged.logits, "logits.real");
        let decoded = discriminator.decode(&judged, 2);
        for (name, picture) in ["whole", "part", "small"].into_iter().zip(&decoded) {
            assert_near(&what(name), picture, &format!("decoded.{name}"));
        }

        let r: Vec<f32> = (0..150).map(|i| f64::from(i).sin() as f32).collect();
        let weighted = mul(&fake.logits, &tape.constant(Tensor::from_slice(&gpu, [3, 50], &r)));
        let total = decoded.iter().fold(sum(&weighted, Axis::All), |total, x| add(&total, &sum(x, Axis::All)));
        let of = |network: &'static str, module: &dyn Module| {
            module.parameters().into_iter().map(move |(name, p)| (format!("gradient.{network}.{name}"), p.var()))
        };
        let (names, weights): (Vec<String>, Vec<Var>) = of("G", &generator).chain(of("D", &discriminator)).unzip();
        for (name, gradient) in names.iter().zip(total.gradients(&weights, false)) {
            let gradient = gradient.unwrap_or_else(|| panic!("{name}: there is none"));
            let squares: f64 = values(gradient.value()).iter().map(|v| f64::from(*v).powi(2)).sum();
            let (got, want) = (squares.sqrt(), tensor(name).values[0]);
            assert!((got - want).abs() <= 1e-3 * want + 1e-6, "{}: length {got}, not {want}", what(name));
        }
    }
}
