//! Mixed precision on the native adapter, which emulates the matrix units of a GPU, and dynamic loss scaling.

use std::sync::OnceLock;

use sumi::{
    autograd::{Tape, Var},
    gpu::{AdapterKind, Gpu, Options, Precision, adapters, choose},
    nn::Parameter,
    ops::{
        self,
        activation::leaky_relu,
        conv,
        elementwise::{add, copy_into, mul},
        matmul::matmul,
        mixed,
        random::Random,
        reduce,
    },
    optim::{Adam, AdamConfig, LossScale, LossScaleConfig, Sgd, SgdConfig},
    reference::half,
    tensor::Tensor,
    train::{
        checkpoint::{Checkpoint, Header},
        config::{Networks, RunConfig},
        dcgan::{Config, Flags, Losses, Trainer},
        faces,
        flags::RunFlags,
        noise::Painter,
        recipe::{Counters, Trained},
    },
};

use crate::common::{one_at_a_time, open, wanted_adapter};

const SGD: SgdConfig = SgdConfig { lr: 0.1, momentum: 0.9, max_grad_norm: None, ema: None };

/// A device in mixed precision: the one under test where it can, else the CPU.
fn mixed_gpu() -> Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    GPU.get_or_init(|| opened(false)).clone()
}

/// Another such device.
fn opened(unfused: bool) -> Gpu {
    let able = choose(&adapters(), wanted_adapter().as_deref()).is_ok_and(|adapter| adapter.cooperative);
    let adapter = if able { wanted_adapter() } else { Some("native".to_owned()) };
    let options = Options { adapter, precision: Precision::Mixed, unfused, ..Options::default() };
    let (gpu, refusal) = one_at_a_time(|| mixed::open(&options)).expect("it opens");
    assert!(refusal.is_none(), "{refusal:?}");
    gpu
}

/// The same adapter in f32.
fn f32_gpu() -> Gpu {
    open(&Options { adapter: Some(mixed_gpu().adapter().index.to_string()), ..Options::default() })
}

#[test]
fn an_adapter_without_matrix_units_says_so_and_goes_on_in_f32() {
    let unable = adapters().into_iter().find(|adapter| !adapter.cooperative);
    // A machine on which every adapter has them has nobody to refuse; the sentence is then tested by its unit tests.
    let Some(unable) = unable else { return };
    let options =
        Options { adapter: Some(unable.index.to_string()), precision: Precision::Mixed, ..Options::default() };
    let (gpu, refusal) = one_at_a_time(|| mixed::open(&options)).expect("it opens");
    assert_eq!(gpu.precision(), Precision::F32);
    let sentence = refusal.expect("it lacks them").to_string();
    assert!(sentence.starts_with("mixed precision is switched off") && sentence.contains(&unable.name), "{sentence}");
}

/// What an op computes shows which kernel it took: one that is not exact in f16 differs.
#[test]
fn products_that_fill_a_matrix_are_mixed_and_others_are_not() {
    let (one, fine) = (1.0_f32, 1.0 + 1.0 / 4096.0);
    assert_eq!(half(f64::from(fine)), 1.0);
    for (gpu, small, large) in [(mixed_gpu(), fine, one), (f32_gpu(), fine, fine)] {
        let tape = ops::tape(&gpu);
        let filled = |shape: &[usize], value: f32| {
            let len = shape.iter().product();
            tape.constant(Tensor::from_slice(&gpu, shape, &vec![value; len]))
        };
        let first = |y: &Var| y.value().to_vec().expect("the device answers")[0];
        let product =
            |m: usize, k: usize, n: usize| first(&matmul(&filled(&[m, k], fine), &filled(&[k, n], one))) / k as f32;
        assert_eq!(product(16, 32, 16), large);
        for [m, k, n] in [[15, 32, 16], [16, 8, 16], [16, 32, 15]] {
            assert_eq!(product(m, k, n), small, "{m} by {k} by {n}");
        }
        let convolution = |c_out: usize| {
            let (x, w) = (filled(&[1, 6, 6, 16], fine), filled(&[1, 1, 16, c_out], one));
            first(&conv::conv2d(&x, &w, None, &conv::Conv2d::default())) / 16.0
        };
        assert_eq!((convolution(16), convolution(3)), (large, small));
    }
}

/// A parameter of four numbers, and a loss whose gradient by it is `gradient`.
fn learning(tape: &Tape, gradient: [f32; 4]) -> (Vec<(String, Parameter)>, impl Fn()) {
    let gpu = tape.gpu().clone();
    let parameter = Parameter::from_var(&tape.leaf(Tensor::from_slice(&gpu, [4], &[1.0, -2.0, 3.0, 0.5])));
    let (own, tape) = (parameter.clone(), tape.clone());
    let backward = move || {
        let gradient = tape.constant(Tensor::from_slice(&gpu, [4], &gradient));
        reduce::sum(&mul(&own.var(), &gradient), reduce::Axis::All).backward();
    };
    (vec![("p".to_owned(), parameter)], backward)
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.to_vec().expect("the device answers")
}

/// A factor that is a power of two changes no bit of an update.
#[test]
fn a_scaled_loss_leaves_the_same_parameters() {
    let gpu = f32_gpu();
    let trained = |scaled: bool| {
        let tape = ops::tape(&gpu);
        let scale = scaled.then(|| LossScale::new(&tape, LossScaleConfig::default()));
        let (parameters, backward) = learning(&tape, [0.1, -0.7, 1e-5, 3.0]);
        let mut adam = Adam::new(parameters.clone(), AdamConfig::default());
        let (other, backward_other) = learning(&tape, [0.3, 0.2, -0.1, 7.0]);
        let mut sgd = Sgd::new(other.clone(), SGD);
        for _ in 0..3 {
            backward();
            backward_other();
            adam.step();
            sgd.step();
            scale.iter().for_each(LossScale::update);
        }
        let gradient = values(&adam.gradients()[0].1);
        ([&parameters, &other].map(|list| values(list[0].1.var().value())), gradient)
    };
    let ((plain, gradient), (scaled, large)) = (trained(false), trained(true));
    assert_eq!(plain, scaled);
    let times: Vec<_> = gradient.iter().map(|g| g * 65536.0).collect();
    assert_eq!(times, large, "backward began with the factor");
}

/// The norm is that of the gradients without the factor.
#[test]
fn clipping_scaled_gradients_is_clipping_them() {
    let gpu = f32_gpu();
    let trained = |scaled: bool, max_grad_norm: Option<f64>| {
        let tape = ops::tape(&gpu);
        let scale = scaled.then(|| LossScale::new(&tape, LossScaleConfig::default()));
        let (parameters, backward) = learning(&tape, [0.1, -0.7, 1e-5, 3.0]);
        let (other, backward_other) = learning(&tape, [0.3, 0.2, -0.1, 7.0]);
        let mut adam = Adam::new(parameters.clone(), AdamConfig { max_grad_norm, ..AdamConfig::default() });
        let mut sgd = Sgd::new(other.clone(), SgdConfig { max_grad_norm, ..SGD });
        for _ in 0..3 {
            backward();
            backward_other();
            adam.step();
            sgd.step();
            scale.iter().for_each(LossScale::update);
        }
        let parameters = [&parameters, &other].map(|list| values(list[0].1.var().value()));
        (parameters, adam.moments().iter().map(|(_, moment)| values(moment)).collect::<Vec<_>>())
    };
    let clipped = trained(false, Some(0.5));
    assert_eq!(clipped, trained(true, Some(0.5)));
    assert_ne!(clipped, trained(true, None), "the gradients are longer than that");
    assert_eq!(trained(false, None), trained(true, Some(100.0)), "and shorter than that");
}

/// Two layers with all that a kernel can do before it stores, in both directions: the results, and how many activations
/// were launched, where the device can tell.
fn two_layers(gpu: &Gpu, transposed: bool) -> (Vec<Vec<f32>>, u64) {
    let tape = ops::tape(gpu);
    let leaf = |seed, shape: &[usize]| tape.leaf(Random::new(gpu, seed, 0).normal(shape));
    let side = if transposed { [11, 9] } else { [7, 5] };
    // 72 terms, which are not cut into parts: what adds parts does nothing else.
    let leaves =
        [leaf(1, &[2, 9, 7, 18]), leaf(2, &[2, 2, 18, 18]), leaf(3, &[18]), leaf(4, &[2, side[0], side[1], 18])];
    let [x, w, b, residual] = &leaves;
    let layer = |x: &Var| match transposed {
        false => conv::conv2d(x, w, Some(b), &conv::Conv2d::default()),
        true => conv::conv_transpose2d(x, w, Some(b), &conv::Conv2d::default(), [0, 0]),
    };
    gpu.start_profile();
    let y = leaky_relu(&add(residual, &layer(&leaky_relu(&layer(x), 0.2))), 0.2);
    let output = y.value().clone();
    reduce::sum(&mul(&y, &y), reduce::Axis::All).backward();
    drop(y);
    gpu.finish().expect("the device works");
    let activations = gpu.profile().rows().iter().filter(|(name, _)| name.contains("relu")).map(|(_, r)| r.calls).sum();
    let gradients = leaves.iter().map(|leaf| values(leaf.grad().expect("it has one").value()));
    ([values(&output)].into_iter().chain(gradients).collect(), activations)
}

#[test]
fn what_a_kernel_with_matrices_does_before_it_stores_is_what_launches_do() {
    let (fused, unfused) = (opened(false), opened(true));
    for transposed in [false, true] {
        let ((got, few), (want, many)) = (two_layers(&fused, transposed), two_layers(&unfused, transposed));
        assert!(got == want, "transposed {transposed}: the bits differ");
        // Of two activations and their gradients that of the last one is of the loss, which is no product.
        assert!(few == many / 4, "transposed {transposed}: {few} of {many} activations are launched");
    }
}

#[test]
fn an_overflow_leaves_a_step_out_and_halves_the_factor() {
    let gpu = f32_gpu();
    let tape = ops::tape(&gpu);
    let config = LossScaleConfig { init_scale: 1024.0, growth_interval: 2, ..LossScaleConfig::default() };
    let scale = LossScale::new(&tape, config);
    // The scaled gradient of one is more than f32 holds, that of the other is not.
    let (hit, backward_hit) = learning(&tape, [0.1, 1e37, 0.2, 0.3]);
    let (well, backward_well) = learning(&tape, [0.1, 0.2, 0.3, 0.4]);
    let ema = Some(0.5);
    let config = AdamConfig { max_grad_norm: Some(1.0), ema, ..AdamConfig::default() };
    let (mut adam, mut sgd) = (Adam::new(hit.clone(), config), Sgd::new(well.clone(), SgdConfig { ema, ..SGD }));
    let before = [&hit, &well].map(|list| values(list[0].1.var().value()));
    backward_hit();
    backward_well();
    adam.step();
    sgd.step();
    scale.update();
    let after = [&hit, &well].map(|list| values(list[0].1.var().value()));
    assert_eq!(before[0], after[0], "its step is left out");
    assert!(adam.moments().iter().all(|(_, moment)| values(moment).iter().all(|m| *m == 0.0)), "its moments too");
    assert_eq!(values(&adam.averages()[0].1), before[0], "and its averages");
    assert!(before[1].iter().zip(&after[1]).all(|(before, after)| before != after), "the other's is not");
    assert_eq!(values(&scale.tensor().1)[..3], [512.0, 0.0, 0.0]);
    // Two good steps, and it grows.
    for wanted in [[512.0, 1.0, 0.0], [1024.0, 0.0, 0.0]] {
        backward_well();
        sgd.step();
        scale.update();
        assert_eq!(values(&scale.tensor().1)[..3], wanted);
    }
}

fn config() -> Config {
    Config { size: 16, nz: 16, ngf: 16, ndf: 16, batch: 4, ..Config::default() }
}

/// The state of the factor of losses.
fn loss_scale(trainer: &dyn Trained) -> Option<Tensor> {
    trainer.tensors().into_iter().find(|(name, _)| name == LossScale::NAME).map(|(_, state)| state)
}

/// A few steps from the same weights on the same batches.
fn trained(gpu: &Gpu, steps: u64) -> (Trainer, Vec<Losses>) {
    let mut trainer = Trainer::new(gpu, &config());
    // With PyTorch's first factor the first steps of so small a batch are left out.
    if let Some(scale) = loss_scale(&trainer) {
        copy_into(&Tensor::from_slice(gpu, [4], &[1024.0, 0.0, 0.0, 0.0]), &scale);
    }
    let random = Random::new(gpu, 7, 0);
    let real = trainer.tape().constant(random.uniform([4, 16, 16, 3]));
    let mut losses = Vec::new();
    for step in 0..steps {
        let noise = trainer.tape().constant(Random::new(gpu, 8, step).normal([4, 1, 1, 16]));
        let pending = trainer.step_on(&noise, &real, None);
        gpu.submit().expect("the device works");
        losses.push(Losses::named(&pending.wait().expect("the device answers")));
    }
    (trainer, losses)
}

#[test]
fn a_few_steps_in_mixed_precision_are_near_those_in_f32() {
    let (gpu, plain) = (mixed_gpu(), f32_gpu());
    let ((mixed, losses), (_, wanted)) = (trained(&gpu, 5), trained(&plain, 5));
    let near = |got: f32, want: f32| (got - want).abs() < 0.02 * (1.0 + want.abs());
    for (step, (got, want)) in losses.iter().zip(&wanted).enumerate() {
        assert!(near(got.d, want.d) && near(got.g, want.g), "step {step}: {got:?}, in f32 {want:?}");
    }
    assert!(losses != wanted, "nothing was computed otherwise");
    let scale = loss_scale(&mixed).expect("it is in the state");
    assert_eq!(values(&scale)[..3], [1024.0, 5.0, 0.0], "five good steps");
}

#[test]
fn a_step_of_faces_in_mixed_precision_is_near_one_in_f32() {
    let step = |gpu: &Gpu| {
        let networks = faces::Config { size: 64, batch: 2, nz: 16, ngf: 4, ndf: 4, ..faces::Config::default() };
        let mut trainer = faces::Trainer::new(gpu, &networks);
        if let Some(scale) = loss_scale(&trainer) {
            copy_into(&Tensor::from_slice(gpu, [4], &[16.0, 0.0, 0.0, 0.0]), &scale);
        }
        let pixels: Vec<u8> = (0..2 * 64 * 64 * 3).map(|i| (i * 31 % 253) as u8).collect();
        let figures = trainer.step(&pixels, None).expect("the device works").wait().expect("the device answers");
        (figures, loss_scale(&trainer).map(|scale| values(&scale)))
    };
    let ((mixed, scale), (plain, _)) = (step(&mixed_gpu()), step(&f32_gpu()));
    assert_eq!(scale.expect("it is in the state")[..3], [16.0, 1.0, 0.0], "a good step");
    assert!(mixed != plain, "nothing was computed otherwise");
    for (got, want) in mixed.iter().zip(&plain) {
        assert!((got - want).abs() < 0.02 * (1.0 + want.abs()), "{mixed:?}, in f32 {plain:?}");
    }
}

#[test]
fn a_run_goes_on_in_another_precision() {
    let folder = tempfile::tempdir().expect("there is room");
    let (gpu, plain) = (mixed_gpu(), f32_gpu());
    for (name, from, to) in [("mixed", &gpu, &plain), ("f32", &plain, &gpu)] {
        let path = folder.path().join(name);
        let (trainer, _) = trained(from, 2);
        let header = Header::new(from, Networks::Dcgan(config()), false, trainer.counters(), Counters::new());
        assert_eq!(header.family.ends_with(", mixed"), name == "mixed", "{}", header.family);
        let saved = Checkpoint::of(from, header, trainer.tensors()).expect("the device answers");
        saved.write(&path).expect("there is room");
        let mut other = Trainer::new(to, &config());
        Checkpoint::read(&path).expect("it is one").load_into(&path, &mut other).expect("it fits");
        assert_eq!(other.steps(), 2);
        let weights = |trainer: &Trainer| values(&trainer.generator_adam.moments()[0].1);
        assert_eq!(weights(&trainer), weights(&other));
        let first = values(&loss_scale(if name == "mixed" { &trainer } else { &other }).expect("it is mixed"))[0];
        assert_eq!(first, if name == "mixed" { 1024.0 } else { 65536.0 }, "a new one begins where PyTorch's does");
    }
}

#[test]
fn the_precision_is_part_of_a_run_and_changing_it_is_told() {
    let (of, own) = (|precision| RunFlags { precision, ..RunFlags::default() }, Flags::default());
    let mut run = RunConfig::new(&of(Some(Precision::Mixed)), &own, AdapterKind::Native).expect("it is one");
    let file = toml::to_string(&run).expect("it can be written");
    assert!(file.contains("precision = \"mixed\""), "{file}");
    let read = |file: &str| toml::from_str::<RunConfig>(file).expect("it can be read").precision;
    assert_eq!(read(&file), Precision::Mixed);
    assert_eq!(read(&file.replace("precision = \"mixed\"", "")), Precision::F32, "a file from before");
    assert!(run.apply(&of(None), &own).made.is_empty());
    let told = run.apply(&of(Some(Precision::F32)), &own).made.join("\n");
    assert!(told.contains("--precision: f32 instead of mixed"), "{told}");
}
