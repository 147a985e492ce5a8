//! What is timed: every kernel, at the shapes that DCGAN has for it.

use std::cell::RefCell;

use sumi::{
    autograd::{Tape, Var},
    gpu::{AdapterKind, Family, FamilyKind},
    nn::Parameter,
    ops::{
        activation, conv,
        conv::{Conv2d, Geometry, coop, depthwise, lanes, naive, panels, tiled},
        elementwise, loss, matmul, norm, probe,
        random::Random,
        reduce::{Axis, expand, sum},
        resample::{Taps, resample2d},
    },
    optim::{
        Adam, AdamConfig, Sgd, SgdConfig,
        clip::{clip_factor, sum_squares},
    },
    tensor::{Shape, Tensor},
};

/// Something to time.
pub struct Subject {
    /// The kernels it is about; the first names it. It may launch others, which are not timed.
    pub kernels: Vec<&'static str>,
    /// The kernel whose cases it must pass first, with few exceptions the same that names it.
    pub proof: &'static str,
    /// Shapes, in words.
    pub shape: String,
    /// Records the launches once.
    pub run: Box<dyn Fn()>,
}

impl Subject {
    fn new<T>(kernels: &[&'static str], shape: impl ToString, run: impl Fn() -> T + 'static) -> Self {
        let run = Box::new(move || drop(run()));
        Self { kernels: kernels.to_vec(), proof: kernels[0], shape: shape.to_string(), run }
    }

    fn proven_by(self, proof: &'static str) -> Self {
        Self { proof, ..self }
    }
}

/// Sizes of the networks that the shapes are taken from.
struct Size {
    batch: usize,
    /// Channels of the discriminator's first stage.
    ndf: usize,
    /// Extents of the square product on the ladder.
    product: usize,
    /// Elements and rounds of the probe of arithmetic, elements of the probe of memory.
    probes: [usize; 3],
}

impl Size {
    fn of(tape: &Tape) -> Self {
        match tape.gpu().adapter().kind {
            AdapterKind::Native => Self { batch: 64, ndf: 64, product: 1024, probes: [1 << 18, 512, 1 << 25] },
            AdapterKind::Software => Self { batch: 16, ndf: 16, product: 512, probes: [1 << 16, 256, 1 << 22] },
            _ => Self { batch: 128, ndf: 64, product: 2048, probes: [1 << 22, 512, 1 << 27] },
        }
    }
}

/// Everything, the probes first.
pub fn all(tape: &Tape) -> Vec<Subject> {
    let size = Size::of(tape);
    let families = [
        probes,
        pointwise,
        random,
        reductions,
        losses,
        norms,
        products,
        convolutions,
        depthwise_convolutions,
        resamplings,
        optimizers,
    ];
    families.into_iter().flat_map(|family| family(tape, &size)).collect()
}

fn var(tape: &Tape, seed: u64, shape: impl Into<Shape>) -> Var {
    tape.constant(Random::new(tape.gpu(), seed, 0).normal(shape))
}

/// Pixels of the discriminator's first stage, the largest activation of the network.
fn stage(size: &Size) -> Shape {
    Shape::from([size.batch, 32, 32, size.ndf])
}

fn probes(tape: &Tape, size: &Size) -> Vec<Subject> {
    let [elements, rounds, copied] = size.probes;
    let x = Tensor::from_slice(tape.gpu(), [elements], &vec![1.0; elements]);
    // Once what no cache holds, and once what the kernels copy that are compared with it.
    let copy = |elements: usize| {
        let (source, target) = (elementwise::full(tape.gpu(), [elements], 1.0), Tensor::empty(tape.gpu(), [elements]));
        Subject::new(&["copy"], format!("[{elements}]"), move || elementwise::copy_into(&source, &target))
    };
    vec![
        Subject::new(&["fma"], format!("[{elements}], {rounds} rounds"), move || {
            probe::fma(&x, rounds as u32, -0.9375, 0.5)
        }),
        copy(copied),
        copy(stage(size).len()),
    ]
}

fn pointwise(tape: &Tape, size: &Size) -> Vec<Subject> {
    let shape = stage(size);
    let (x, y) = (var(tape, 1, shape), var(tape, 2, shape));
    let one = |kernel: &'static str, op: fn(&Var) -> Var| {
        let x = x.clone();
        Subject::new(&[kernel], format!("{shape:?}"), move || op(&x))
    };
    let two = |kernel: &'static str, op: fn(&Var, &Var) -> Var| {
        let (x, y) = (x.clone(), y.clone());
        Subject::new(&[kernel], format!("{shape:?}"), move || op(&x, &y))
    };
    let (target, gpu) = (x.value().clone(), tape.gpu().clone());
    let pictures = Shape::from([size.batch, 64, 64, 3]);
    let bytes = vec![7; pictures.len()];
    vec![
        two("add", elementwise::add),
        two("sub", elementwise::sub),
        two("mul", elementwise::mul),
        one("affine", |x| elementwise::affine(x, 1.5, -0.25)),
        one("square", elementwise::square),
        one("sqrt", elementwise::sqrt),
        one("reciprocal", elementwise::reciprocal),
        one("exp", elementwise::exp),
        one("log", elementwise::log),
        one("abs", elementwise::abs),
        two("abs_backward", elementwise::abs_backward),
        Subject::new(&["fill"], format!("{shape:?}"), move || elementwise::fill(&target, 0.5)),
        Subject::new(&["unpack_bytes"], format!("{pictures:?}"), move || {
            elementwise::unpack_bytes(&gpu, pictures, &bytes)
        }),
        one("relu", activation::relu),
        two("relu_backward", activation::relu_backward),
        one("leaky_relu", |x| activation::leaky_relu(x, 0.2)),
        two("leaky_relu_backward", |x, dy| activation::leaky_relu_backward(x, dy, 0.2)),
        one("sigmoid", activation::sigmoid),
        two("sigmoid_backward", activation::sigmoid_backward),
        one("tanh", activation::tanh),
        two("tanh_backward", activation::tanh_backward),
        one("softplus", activation::softplus),
        two("softplus_backward", activation::softplus_backward),
    ]
}

fn random(tape: &Tape, size: &Size) -> Vec<Subject> {
    let shape = stage(size);
    let draw = |kernel: &'static str, draw: fn(&Random, Shape) -> Tensor| {
        let random = Random::new(tape.gpu(), 1, 1);
        Subject::new(&[kernel], format!("{shape:?}"), move || draw(&random, shape))
    };
    vec![
        // Its words are integers, which the cases know as the uniform numbers made of them.
        draw("philox", |random, shape| random.philox(shape)).proven_by("uniform"),
        draw("uniform", |random, shape| random.uniform(shape)),
        draw("normal", |random, shape| random.normal(shape)),
    ]
}

fn reductions(tape: &Tape, size: &Size) -> Vec<Subject> {
    let shape = stage(size);
    let (x, per_channel) = (var(tape, 1, shape), var(tape, 2, [shape.channels()]));
    let total = |axis: Axis| {
        let x = x.clone();
        Subject::new(&["sum"], format!("{shape:?}, {axis:?}"), move || sum(&x, axis))
    };
    vec![
        total(Axis::All),
        total(Axis::PerChannel),
        total(Axis::PerSample),
        Subject::new(&["expand"], format!("{shape:?}"), move || expand(&per_channel, Axis::PerChannel, shape)),
    ]
}

fn losses(tape: &Tape, size: &Size) -> Vec<Subject> {
    let shape = Shape::from([size.batch, 64, 64, 3]);
    let (x, t, dy) = (var(tape, 1, shape), var(tape, 2, shape), var(tape, 3, shape));
    let forward = |kernel: &'static str, op: fn(&Var, &Var) -> Var| {
        let (x, t) = (x.clone(), t.clone());
        Subject::new(&[kernel], format!("{shape:?}"), move || op(&x, &t))
    };
    let backward = |kernel: &'static str, op: fn(&Var, &Var, &Var) -> Var| {
        let (x, t, dy) = (x.clone(), t.clone(), dy.clone());
        Subject::new(&[kernel], format!("{shape:?}"), move || op(&x, &t, &dy))
    };
    vec![
        forward("bce_with_logits", loss::bce_with_logits),
        backward("bce_with_logits_backward", loss::bce_with_logits_backward),
        forward("mse", loss::mse),
        backward("mse_backward", loss::mse_backward),
        forward("l1", loss::l1),
        backward("l1_backward", loss::l1_backward),
        forward("hinge", loss::hinge),
        backward("hinge_backward", loss::hinge_backward),
    ]
}

fn norms(tape: &Tape, size: &Size) -> Vec<Subject> {
    let shape = Shape::from([size.batch, 32, 32, size.ndf]);
    let channels = shape.channels();
    let (x, dy) = (tape.leaf(var(tape, 1, shape).value().clone()), var(tape, 2, shape));
    let of = |value| tape.leaf(elementwise::full(tape.gpu(), [channels], value));
    let (gamma, beta) = (of(1.0), of(0.0));
    let running = norm::Running::new(tape.gpu(), channels);
    let kernels = [
        "batch_norm",
        "batch_norm_stats",
        "batch_norm_merge",
        "batch_norm_finish",
        "batch_norm_backward",
        "batch_norm_backward_reduce",
    ];
    let batch = Subject::new(&kernels, format!("{shape:?}"), move || {
        let y = norm::batch_norm(&x, &gamma, &beta, &running, true, 0.1, 1e-5);
        let loss = sum(&elementwise::mul(&y, &dy), Axis::All);
        loss.gradients(&[x.clone(), gamma.clone(), beta.clone()], false)
    });
    vec![batch, norm_per_sample(tape, 32, "instance norm"), norm_per_sample(tape, 1, "layer norm")]
}

/// At the size of a generator's first layers on pictures of 64 by 64.
fn norm_per_sample(tape: &Tape, groups: usize, what: &str) -> Subject {
    let shape = Shape::from([8, 64, 64, 32]);
    let (x, dy) = (tape.leaf(var(tape, 1, shape).value().clone()), var(tape, 2, shape));
    let of = |value| tape.leaf(elementwise::full(tape.gpu(), [shape.channels()], value));
    let (gamma, beta) = (of(1.0), of(0.0));
    let kernels = [
        "group_norm",
        "group_norm_stats",
        "group_norm_merge",
        "group_norm_finish",
        "group_norm_backward",
        "group_norm_backward_reduce",
    ];
    Subject::new(&kernels, format!("{shape:?}, {what}"), move || {
        let y = norm::group_norm(&x, groups, Some((&gamma, &beta)), 1e-5);
        let loss = sum(&elementwise::mul(&y, &dy), Axis::All);
        loss.gradients(&[x.clone(), gamma.clone(), beta.clone()], false)
    })
}

fn products(tape: &Tape, size: &Size) -> Vec<Subject> {
    let side = size.product;
    let (a, b) = (var(tape, 1, [side, side]), var(tape, 2, [side, side]));
    let rung = |kernel: &'static str, product: fn(&Tensor, &Tensor) -> Tensor| {
        let (a, b) = (a.value().clone(), b.value().clone());
        Subject::new(&[kernel, "pack_panels"], format!("[{side}, {side}] by [{side}, {side}]"), move || product(&a, &b))
    };
    let mut subjects = vec![rung("matmul_naive", matmul::naive), rung("matmul_tiled", matmul::tiled)];
    if tape.gpu().adapter().lanes.is_some() {
        subjects.push(rung("matmul_lanes", |a, b| matmul::lanes(a, b, width(a))));
    }
    if tape.gpu().adapter().cooperative {
        subjects.push(rung("matmul_coop", matmul::coop));
    }
    subjects.push(rung("matmul_panels", |a, b| matmul::panels(a, b, vector(a))));
    subjects.push(Subject::new(&["transpose"], format!("[{side}, {side}]"), move || matmul::transpose(&a)));
    subjects
}

/// Lanes of the adapter's subgroups; asked only where it has some.
fn width(tensor: &Tensor) -> u32 {
    tensor.gpu().adapter().lanes.expect("the rung is left out where there are no subgroups of a fixed size")
}

/// Lanes of the kernels of panels, whether they are the adapter's own or not.
fn vector(tensor: &Tensor) -> u32 {
    match tensor.gpu().adapter().family_of(FamilyKind::Panels) {
        Family::Panels { lanes } => lanes,
        family => unreachable!("asked for panels, got {family:?}"),
    }
}

/// A rung of one of the three kernels of convolution.
type Rung = fn(&Tensor, &Tensor, &Geometry) -> Tensor;

const NAIVE: [(&str, Rung); 3] = [
    ("conv2d_naive", naive::conv2d),
    ("conv2d_backward_input_naive", naive::conv2d_backward_input),
    ("conv2d_backward_weight_naive", naive::conv2d_backward_weight),
];

const TILED: [(&str, Rung); 3] = [
    ("conv2d_tiled", tiled::conv2d),
    ("conv2d_backward_input_tiled", tiled::conv2d_backward_input),
    ("conv2d_backward_weight_tiled", tiled::conv2d_backward_weight),
];

const COOP: [(&str, Rung); 3] = [
    ("conv2d_coop", coop::conv2d),
    ("conv2d_backward_input_coop", coop::conv2d_backward_input),
    ("conv2d_backward_weight_coop", coop::conv2d_backward_weight),
];

const LANES: [(&str, Rung); 3] = [
    ("conv2d_lanes", |x, w, g| lanes::conv2d(x, w, g, width(x))),
    ("conv2d_backward_input_lanes", |dy, w, g| lanes::conv2d_backward_input(dy, w, g, width(dy))),
    ("conv2d_backward_weight_lanes", |x, dy, g| lanes::conv2d_backward_weight(x, dy, g, width(x))),
];

const PANELS: [(&str, Rung); 3] = [
    ("conv2d_panels", |x, w, g| panels::conv2d(x, w, g, vector(x))),
    ("conv2d_backward_input_panels", |dy, w, g| panels::conv2d_backward_input(dy, w, g, vector(dy))),
    ("conv2d_backward_weight_panels", |x, dy, g| panels::conv2d_backward_weight(x, dy, g, vector(x))),
];

/// All rungs at the discriminator's second stage, then the adapter's own rung at every layer, and that of mixed
/// precision where it is not emulated. The layers of the
/// generator are those of the discriminator the other way round, but for the first, which begins with noise.
fn convolutions(tape: &Tape, size: &Size) -> Vec<Subject> {
    let has_lanes = tape.gpu().adapter().lanes.is_some();
    let own = match tape.gpu().family() {
        Family::Tiled => TILED,
        Family::Lanes { .. } => LANES,
        Family::Panels { .. } => PANELS,
    };
    let halving = Conv2d { stride: [2, 2], padding: [1, 1], ..Conv2d::default() };
    let Size { batch, ndf, .. } = *size;
    let layer = |side, c_in, c_out, config| layer([batch, side, side, c_in], c_out, config);
    let second = layer(32, ndf, 2 * ndf, halving);
    let others = [
        layer(64, 3, ndf, halving),
        layer(16, 2 * ndf, 4 * ndf, halving),
        layer(8, 4 * ndf, 8 * ndf, halving),
        layer(4, 8 * ndf, 1, Conv2d::default()),
        layer(4, 8 * ndf, 100, Conv2d::default()),
    ];
    let adapter = tape.gpu().adapter();
    let coop = adapter.cooperative.then_some(COOP);
    let ladder = [NAIVE, TILED, PANELS].into_iter().chain(has_lanes.then_some(LANES)).chain(coop).flatten();
    let mut subjects: Vec<_> = ladder.map(|rung| convolution(tape, rung, second)).collect();
    let own: Vec<_> = own.into_iter().chain(coop.filter(|_| !adapter.kind.is_cpu()).into_iter().flatten()).collect();
    let each = others.into_iter().flat_map(|layer| own.iter().map(move |rung| (*rung, layer)));
    subjects.extend(each.map(|(rung, layer)| convolution(tape, rung, layer)));

    let (x, sides) = (var(tape, 1, [batch, 32, 32, ndf]), [1; 4]);
    let shape = format!("{:?} by {sides:?}", x.shape());
    let padded = x.clone();
    subjects.push(Subject::new(&["pad2d"], &shape, move || conv::pad2d(&padded, sides)));
    subjects.push(Subject::new(&["crop2d"], &shape, move || conv::crop2d(&x, sides)));
    subjects
}

fn layer(x: [usize; 4], c_out: usize, config: Conv2d) -> Geometry {
    Geometry::of_convolution("layer", Shape::from(x), Shape::from([4, 4, x[3], c_out]), &config)
}

fn convolution(tape: &Tape, (kernel, rung): (&'static str, Rung), geometry: Geometry) -> Subject {
    let tensor = |seed, shape| var(tape, seed, shape).value().clone();
    let (x, w, y) = (tensor(1, geometry.x_shape()), tensor(2, geometry.w_shape()), tensor(3, geometry.y_shape()));
    let (a, b) = match kernel {
        _ if kernel.contains("_backward_weight") => (x, y),
        _ if kernel.contains("_backward_input") => (y, w),
        _ => (x, w),
    };
    let shape = format!("{:?} to {:?}", geometry.x_shape(), geometry.y_shape());
    // Whatever else the rung launches belongs to it: weights turned, parts added, a product where one will do.
    let helpers = [kernel, "transpose", "pack_panels", "matmul_panels", "fold", "sum", "matmul_tiled", "matmul_coop"];
    Subject::new(&helpers, shape, move || rung(&a, &b, &geometry))
}

/// Each channel by itself, and the same as so many groups of a matrix product.
fn depthwise_convolutions(tape: &Tape, size: &Size) -> Vec<Subject> {
    const OWN: [(&str, Rung); 3] = [
        ("depthwise_conv2d", depthwise::conv2d),
        ("depthwise_conv2d_backward_input", depthwise::conv2d_backward_input),
        ("depthwise_conv2d_backward_weight", depthwise::conv2d_backward_weight),
    ];
    let grouped = match tape.gpu().family() {
        Family::Tiled => TILED,
        Family::Lanes { .. } => LANES,
        Family::Panels { .. } => PANELS,
    };
    let c = 4 * size.ndf;
    let config = Conv2d { padding: [1, 1], groups: c, ..Conv2d::default() };
    let shapes = (Shape::from([size.batch / 16, 32, 32, c]), Shape::from([3, 3, 1, c]));
    let geometry = Geometry::of_convolution("layer", shapes.0, shapes.1, &config);
    OWN.into_iter().chain(grouped).map(|rung| convolution(tape, rung, geometry)).collect()
}

/// Padding and doubling, as generators have them.
fn resamplings(tape: &Tape, size: &Size) -> Vec<Subject> {
    let subject = |what: &str, shape: [usize; 4], map: fn(usize) -> Taps| {
        let (x, down, across) = (var(tape, 1, shape), map(shape[1]), map(shape[2]));
        Subject::new(&["resample2d"], format!("{what} {shape:?}"), move || resample2d(&x, &down, &across))
    };
    let Size { batch, ndf, .. } = *size;
    vec![
        subject("reflection by 1", [batch / 8, 32, 32, ndf], |n| Taps::reflect(n, 1, 1)),
        subject("reflection by 3", [batch / 8, 64, 64, 3], |n| Taps::reflect(n, 3, 3)),
        subject("bilinear", [batch / 16, 32, 32, ndf], |n| Taps::bilinear(n, 2 * n, false)),
        subject("bilinear, gradient", [batch / 16, 64, 64, ndf], |n| Taps::bilinear(n / 2, n, false).transposed()),
        subject("nearest", [batch / 16, 32, 32, ndf], |n| Taps::nearest(n, 2)),
        subject("blur down", [batch / 16, 64, 64, ndf], Taps::blur_down),
    ]
}

/// Adam and SGD on as many parameters as the discriminator has.
fn optimizers(tape: &Tape, size: &Size) -> Vec<Subject> {
    let ndf = size.ndf;
    let count = 16 * (3 * ndf + (1 + 4 + 16) * 2 * ndf * ndf + 8 * ndf);
    let gradient = var(tape, 2, [count]);
    let (all, verdict) = (gradient.clone(), Tensor::from_slice(tape.gpu(), [2], &[1.0, 0.0]));
    let parameters = || vec![("w".to_owned(), Parameter::from_var(&var(tape, 1, [count])))];
    let leave_gradient = move |parameters: &[(String, Parameter)]| {
        sum(&elementwise::mul(&parameters[0].1.var(), &gradient), Axis::All).backward();
    };
    let (leave_another, of_adam, of_sgd) = (leave_gradient.clone(), parameters(), parameters());
    let adam = RefCell::new(Adam::new(of_adam.clone(), AdamConfig::default()));
    let sgd = RefCell::new(Sgd::new(of_sgd.clone(), SgdConfig { momentum: 0.9, ..SgdConfig::default() }));
    vec![
        Subject::new(&["adam"], format!("[{count}]"), move || {
            leave_gradient(&of_adam);
            adam.borrow_mut().step();
        }),
        Subject::new(&["sum_squares", "clip_factor"], format!("[{count}]"), move || {
            clip_factor(&sum_squares(all.value()), &verdict, 1.0)
        }),
        Subject::new(&["sgd"], format!("[{count}]"), move || {
            leave_another(&of_sgd);
            sgd.borrow_mut().step();
        }),
    ]
}
