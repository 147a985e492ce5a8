//! Convolutions: every rung of the three kernels, at the shapes where they go wrong; padding and cropping.

use sumi::{
    autograd::Var,
    ops::{
        conv::{self as ops, Geometry, coop, depthwise, lanes, naive, panels, thin, tiled},
        elementwise::{mul, square},
        reduce::{Axis, sum},
    },
    reference::conv as twin,
    tensor::{Shape, Tensor},
};

use super::{Case, Input, halved, normal, panel_lanes};
use crate::common::compare::{
    Tolerance::{Exact, Pointwise, Sum},
    largest,
};

/// One convolution: `x [n, h, w, c]`, the kernel's `[k_h, k_w]`, channels out.
struct Problem {
    label: &'static str,
    x: [usize; 4],
    kernel: [usize; 2],
    c_out: usize,
    config: ops::Conv2d,
}

impl Problem {
    fn new(label: &'static str, x: [usize; 4], kernel: [usize; 2], c_out: usize) -> Self {
        Self { label, x, kernel, c_out, config: ops::Conv2d::default() }
    }

    fn stride(mut self, h: usize, w: usize) -> Self {
        self.config.stride = [h, w];
        self
    }

    fn padding(mut self, h: usize, w: usize) -> Self {
        self.config.padding = [h, w];
        self
    }

    fn dilation(mut self, h: usize, w: usize) -> Self {
        self.config.dilation = [h, w];
        self
    }

    fn groups(mut self, groups: usize) -> Self {
        self.config.groups = groups;
        self
    }

    fn w_shape(&self) -> Shape {
        Shape::from([self.kernel[0], self.kernel[1], self.x[3] / self.config.groups, self.c_out])
    }
}

fn problems() -> Vec<Problem> {
    let problem = Problem::new;
    vec![
        problem("ones", [1, 1, 1, 1], [1, 1], 1),
        problem("primes", [2, 7, 11, 5], [3, 2], 13),
        problem("below a tile", [1, 5, 7, 7], [3, 3], 31).padding(1, 1),
        problem("a tile", [2, 4, 4, 8], [3, 3], 32).padding(1, 1),
        problem("above a tile", [3, 3, 11, 9], [3, 3], 33).padding(1, 1),
        problem("tiles of 64", [1, 10, 13, 16], [3, 3], 65).padding(1, 1),
        problem("a run of more than a block", [2, 6, 5, 17], [2, 5], 6),
        problem("many pixels", [4, 31, 33, 3], [3, 3], 5).padding(1, 1),
        problem("stride beyond the kernel", [2, 13, 17, 3], [2, 1], 4).stride(3, 4),
        problem("stride beyond the kernel, padded", [2, 8, 9, 3], [1, 2], 4).stride(3, 5).padding(1, 3),
        problem("rows that no window reaches", [1, 9, 10, 2], [2, 2], 3).stride(4, 3),
        problem("padding of k - 1", [2, 5, 4, 3], [4, 3], 6).padding(3, 2),
        problem("padding beyond the kernel", [1, 3, 2, 9], [2, 2], 10).padding(4, 3),
        problem("dilation", [2, 11, 13, 4], [3, 3], 9).dilation(2, 3),
        problem("dilation shares a factor with stride", [1, 17, 19, 3], [3, 4], 5)
            .stride(4, 6)
            .dilation(2, 4)
            .padding(3, 5),
        problem("dilation is the stride", [1, 12, 9, 8], [3, 3], 16).stride(2, 3).dilation(2, 3).padding(2, 2),
        problem("dilation is twice the stride", [2, 13, 12, 5], [3, 3], 7).stride(2, 1).dilation(4, 2).padding(4, 2),
        problem("groups", [2, 6, 7, 12], [3, 3], 15).groups(3).padding(1, 1),
        problem("groups around a tile", [1, 5, 5, 66], [2, 2], 66).groups(2).stride(2, 2),
        problem("depthwise", [2, 8, 7, 10], [3, 3], 10).groups(10).padding(1, 1),
        problem("depthwise with two for one", [1, 9, 10, 6], [3, 5], 12).groups(6).stride(2, 1).dilation(1, 2),
        problem("depthwise, a vector and more", [2, 9, 35, 19], [3, 3], 19).groups(19).padding(1, 1),
        problem("depthwise with stride", [1, 10, 13, 16], [4, 3], 16).groups(16).stride(2, 3).padding(2, 1),
        problem("depthwise with dilation", [2, 11, 12, 3], [5, 4], 3)
            .groups(3)
            .stride(4, 2)
            .dilation(2, 3)
            .padding(4, 5),
        problem("depthwise, many channels", [1, 5, 6, 70], [7, 1], 70).groups(70).padding(3, 0),
        problem("depthwise, no window on some rows", [2, 6, 7, 8], [1, 1], 8).groups(8).stride(3, 2).padding(1, 2),
        problem("one pixel to four by four", [5, 4, 4, 19], [4, 4], 23),
        problem("logits", [6, 4, 4, 64], [4, 4], 1),
        problem("pictures in", [4, 16, 16, 3], [4, 4], 16).stride(2, 2).padding(1, 1),
        problem("a stage of a discriminator", [4, 16, 16, 16], [4, 4], 32).stride(2, 2).padding(1, 1),
        problem("pictures in, many channels", [3, 10, 8, 3], [4, 4], 18).stride(2, 2).padding(1, 1),
        problem("a deep stage", [3, 8, 8, 32], [4, 4], 64).stride(2, 2).padding(1, 1),
        problem("a wide kernel", [1, 12, 14, 3], [7, 7], 8).padding(3, 3),
        problem("a picture out", [1, 9, 11, 32], [7, 7], 3).padding(3, 3),
        problem("two channels out", [2, 9, 12, 48], [3, 5], 2).stride(2, 1).dilation(1, 2).padding(1, 4),
        problem("four channels out", [3, 7, 6, 16], [2, 3], 4).stride(1, 2).padding(3, 1),
        problem("a picture in, whole vectors", [2, 7, 9, 3], [3, 4], 32).dilation(2, 1).padding(1, 3),
        problem("four channels in, whole vectors", [1, 6, 5, 4], [2, 2], 16),
        problem("one channel in, whole vectors", [2, 5, 8, 1], [3, 3], 48).padding(2, 1),
        problem("one tap, many channels", [2, 9, 7, 40], [1, 1], 70),
        problem("one tap, a picture out", [2, 5, 7, 32], [1, 1], 3),
    ]
}

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = problems().iter().flat_map(rungs).collect();
    cases.extend(problems().iter().filter(|problem| problem.config.groups == 1).map(folded));
    cases.extend(transposed());
    cases.extend(biased());
    cases.extend(derivatives());
    cases.extend(padded());
    cases
}

/// All rungs of the three kernels, and the ops that choose among them.
fn rungs(problem: &Problem) -> Vec<Case> {
    let (x, w) = (normal(1, problem.x), normal(2, problem.w_shape()));
    let geometry = Geometry::of_convolution("case", x.shape, w.shape, &problem.config);
    let y = normal(3, geometry.y_shape());
    let (config, size, kernel) = (problem.config, geometry.input, geometry.kernel);
    let label = format!("{} {:?} by {:?}, {config:?}", problem.label, x.shape, w.shape);
    let shape = twin_shape(&geometry);
    let [k_h, k_w] = kernel;
    let depth = problem.x[3] / config.groups;
    let case = |kernel: &'static str, a: &Input, b: &Input, terms: usize, run: Launch, twin: Twin| Case {
        kernel,
        label: label.clone(),
        inputs: vec![a.clone(), b.clone()],
        run: Box::new(move |v| vec![run(&v[0], &v[1])]),
        twin: Box::new(move |v| vec![twin(&v[0], &v[1], &shape)]),
        tolerance: Sum { terms, largest: largest(&a.values) * largest(&b.values) },
    };
    let forward = |name, run| case(name, &x, &w, k_h * k_w * depth, run, twin::conv2d);
    let taps = k_h * k_w * geometry.c_out / config.groups;
    let input = |name, run| case(name, &y, &w, taps, run, twin::conv2d_backward_input);
    let pixels = geometry.n * geometry.output[0] * geometry.output[1];
    let weight = |name, run| case(name, &x, &y, pixels, run, twin::conv2d_backward_weight);
    let mut cases = vec![
        forward("conv2d_naive", on_tape(move |a, b| naive::conv2d(a, b, &geometry))),
        input("conv2d_backward_input_naive", on_tape(move |a, b| naive::conv2d_backward_input(a, b, &geometry))),
        weight("conv2d_backward_weight_naive", on_tape(move |a, b| naive::conv2d_backward_weight(a, b, &geometry))),
        forward("conv2d_tiled", on_tape(move |a, b| tiled::conv2d(a, b, &geometry))),
        input("conv2d_backward_input_tiled", on_tape(move |a, b| tiled::conv2d_backward_input(a, b, &geometry))),
        weight("conv2d_backward_weight_tiled", on_tape(move |a, b| tiled::conv2d_backward_weight(a, b, &geometry))),
        halved(forward("conv2d_coop", on_tape(move |a, b| coop::conv2d(a, b, &geometry)))),
        halved(input("conv2d_backward_input_coop", on_tape(move |a, b| coop::conv2d_backward_input(a, b, &geometry)))),
        halved(weight(
            "conv2d_backward_weight_coop",
            on_tape(move |a, b| coop::conv2d_backward_weight(a, b, &geometry)),
        )),
        forward("conv2d_lanes", on_lanes(move |a, b, l| lanes::conv2d(a, b, &geometry, l))),
        input("conv2d_backward_input_lanes", on_lanes(move |a, b, l| lanes::conv2d_backward_input(a, b, &geometry, l))),
        weight(
            "conv2d_backward_weight_lanes",
            on_lanes(move |a, b, l| lanes::conv2d_backward_weight(a, b, &geometry, l)),
        ),
        forward("conv2d_panels", on_panels(8, move |a, b, l| panels::conv2d(a, b, &geometry, l))),
        forward("conv2d_panels", on_panels(16, move |a, b, l| panels::conv2d(a, b, &geometry, l))),
        input(
            "conv2d_backward_input_panels",
            on_panels(8, move |a, b, l| panels::conv2d_backward_input(a, b, &geometry, l)),
        ),
        input(
            "conv2d_backward_input_panels",
            on_panels(16, move |a, b, l| panels::conv2d_backward_input(a, b, &geometry, l)),
        ),
        weight(
            "conv2d_backward_weight_panels",
            on_panels(8, move |a, b, l| panels::conv2d_backward_weight(a, b, &geometry, l)),
        ),
        weight(
            "conv2d_backward_weight_panels",
            on_panels(16, move |a, b, l| panels::conv2d_backward_weight(a, b, &geometry, l)),
        ),
        forward("conv2d", Box::new(move |x, w| ops::conv2d(x, w, None, &config))),
        input("conv2d_backward_input", Box::new(move |dy, w| ops::conv2d_backward_input(dy, w, size, &config))),
        weight("conv2d_backward_weight", Box::new(move |x, dy| ops::conv2d_backward_weight(x, dy, kernel, &config))),
    ];
    if thin::fits(&geometry) {
        let weights = on_tape(move |a, b| thin::conv2d_backward_weight(a, b, &geometry));
        cases.push(forward("conv2d_thin", on_tape(move |a, b| thin::conv2d(a, b, &geometry))));
        cases.push(weight("conv2d_backward_weight_thin", weights));
    }
    if thin::pays_for_input_gradient(&geometry) {
        cases.push(input("conv2d_thin", on_tape(move |a, b| thin::conv2d_backward_input(a, b, &geometry))));
    }
    if geometry.is_depthwise() {
        let forward: Launch = on_tape(move |a, b| depthwise::conv2d(a, b, &geometry));
        let input: Launch = on_tape(move |a, b| depthwise::conv2d_backward_input(a, b, &geometry));
        let weight: Launch = on_tape(move |a, b| depthwise::conv2d_backward_weight(a, b, &geometry));
        cases.extend([
            case("depthwise_conv2d", &x, &w, k_h * k_w, forward, twin::depthwise_conv2d),
            case("depthwise_conv2d_backward_input", &y, &w, taps, input, twin::depthwise_conv2d_backward_input),
            case("depthwise_conv2d_backward_weight", &x, &y, pixels, weight, twin::depthwise_conv2d_backward_weight),
        ]);
    }
    cases
}

/// Products of pixels and taps, added up.
fn folded(problem: &Problem) -> Case {
    let w = problem.w_shape();
    let geometry = Geometry::of_convolution("case", Shape::from(problem.x), w, &problem.config);
    let (pixels, shape) = (geometry.y_shape().len() / geometry.c_out, twin_shape(&geometry));
    let z = normal(4, [pixels, w.len() / geometry.c_out]);
    Case {
        kernel: "fold",
        label: format!("{} {:?} by {w:?}, {:?}", problem.label, problem.x, problem.config),
        tolerance: Sum { terms: w.dims()[0] * w.dims()[1], largest: largest(&z.values) },
        inputs: vec![z],
        run: Box::new(move |v| {
            let lanes = panel_lanes(v[0].tape().gpu(), if geometry.n.is_multiple_of(2) { 8 } else { 16 });
            vec![v[0].tape().constant(panels::fold(v[0].value(), &geometry, lanes))]
        }),
        twin: Box::new(move |v| vec![twin::fold(&v[0], &shape)]),
    }
}

type Launch = Box<dyn Fn(&Var, &Var) -> Var>;
type Twin = fn(&[f64], &[f64], &twin::Conv2d) -> Vec<f64>;

fn on_tape(launch: impl Fn(&Tensor, &Tensor) -> Tensor + 'static) -> Launch {
    Box::new(move |a, b| a.tape().constant(launch(a.value(), b.value())))
}

/// In vectors of so many lanes, where the adapter can.
fn on_panels(lanes: u32, launch: impl Fn(&Tensor, &Tensor, u32) -> Tensor + 'static) -> Launch {
    on_tape(move |a, b| launch(a, b, panel_lanes(a.gpu(), lanes)))
}

/// On an adapter without subgroups of a fixed size the device refuses the launch, whatever number it is told.
fn on_lanes(launch: impl Fn(&Tensor, &Tensor, u32) -> Tensor + 'static) -> Launch {
    on_tape(move |a, b| launch(a, b, a.gpu().adapter().lanes.unwrap_or(32)))
}

fn twin_shape(geometry: &Geometry) -> twin::Conv2d {
    let ([h_in, w_in], [h_out, w_out], [k_h, k_w]) = (geometry.input, geometry.output, geometry.kernel);
    let Geometry { n, c_in, c_out, .. } = *geometry;
    let ops::Conv2d { stride, padding, dilation, groups } = geometry.config;
    twin::Conv2d { n, h_in, w_in, c_in, h_out, w_out, c_out, k_h, k_w, stride, padding, dilation, groups }
}

/// Transposed convolutions, against the twin that stamps the kernel onto the output.
fn transposed() -> Vec<Case> {
    let config = |stride, padding, dilation, groups| ops::Conv2d { stride, padding, dilation, groups };
    let problems = [
        ("ones", [1, 1, 1, 1], [1, 1], 1, config([1, 1], [0, 0], [1, 1], 1), [0, 0]),
        ("noise to four by four", [6, 1, 1, 20], [4, 4], 24, config([1, 1], [0, 0], [1, 1], 1), [0, 0]),
        ("a stage of a generator", [3, 4, 4, 32], [4, 4], 16, config([2, 2], [1, 1], [1, 1], 1), [0, 0]),
        ("pictures out", [3, 8, 8, 16], [4, 4], 3, config([2, 2], [1, 1], [1, 1], 1), [0, 0]),
        ("output_padding", [2, 3, 5, 6], [3, 3], 5, config([2, 3], [1, 1], [1, 1], 1), [1, 2]),
        ("output_padding beyond the stride", [2, 4, 3, 5], [3, 2], 7, config([1, 2], [1, 0], [3, 4], 1), [2, 3]),
        ("output_padding, groups", [1, 4, 5, 6], [3, 2], 9, config([3, 2], [2, 0], [2, 1], 3), [2, 1]),
    ];
    let case =
        |(label, x, kernel, c_out, config, extra): (&str, [usize; 4], [usize; 2], usize, ops::Conv2d, [usize; 2])| {
            let ops::Conv2d { stride, padding, dilation, groups } = config;
            let (x, w) = (normal(4, x), normal(5, [kernel[0], kernel[1], c_out / groups, x[3]]));
            let [n, h, width, c] = x.shape.nhwc("case");
            let shape =
                twin::ConvTranspose2d::new([n, h, width, c], c_out, kernel, stride, padding, extra, dilation, groups);
            let terms = kernel[0] * kernel[1] * c / groups;
            Case {
                kernel: "conv_transpose2d",
                label: format!("{label} {:?} by {:?}, {config:?}, {extra:?}", x.shape, w.shape),
                tolerance: Sum { terms, largest: largest(&x.values) * largest(&w.values) },
                inputs: vec![x, w],
                run: Box::new(move |v| vec![ops::conv_transpose2d(&v[0], &v[1], None, &config, extra)]),
                twin: Box::new(move |v| vec![twin::conv_transpose2d(&v[0], &v[1], &shape)]),
            }
        };
    problems.map(case).into_iter().collect()
}

/// A bias is added to each channel.
fn biased() -> Vec<Case> {
    let (x, w, bias) = (normal(6, [2, 3, 4, 1]), normal(7, [1, 1, 1, 5]), normal(8, [5]));
    vec![Case {
        kernel: "conv2d",
        label: "with a bias".into(),
        inputs: vec![x, w, bias],
        run: Box::new(|v| vec![ops::conv2d(&v[0], &v[1], Some(&v[2]), &ops::Conv2d::default())]),
        twin: Box::new(|v| {
            let pixels = v[0].iter().flat_map(|x| v[1].iter().zip(&v[2]).map(move |(w, b)| x * w + b));
            vec![pixels.collect()]
        }),
        tolerance: Pointwise,
    }]
}

/// Each of the three kernels is the derivative of the other two: `⟨conv2d(x, w), y⟩` read in three ways and
/// differentiated by both arguments. And a derivative of derivatives: `‖dx‖²` by `w`, as in a penalty on gradients.
fn derivatives() -> Vec<Case> {
    let problems = [
        Problem::new("derivatives", [2, 5, 4, 3], [3, 2], 5).padding(1, 1),
        Problem::new("derivatives, depthwise", [2, 6, 7, 5], [3, 2], 5).stride(2, 1).padding(1, 1).groups(5),
        Problem::new("derivatives", [2, 9, 8, 6], [3, 2], 9).stride(2, 3).dilation(2, 1).padding(2, 1).groups(3),
    ];
    problems.iter().flat_map(derivatives_of).collect()
}

fn derivatives_of(problem: &Problem) -> Vec<Case> {
    let (x, w) = (normal(1, problem.x), normal(2, problem.w_shape()));
    let geometry = Geometry::of_convolution("case", x.shape, w.shape, &problem.config);
    let y = normal(3, geometry.y_shape());
    let (config, size, kernel, shape) = (problem.config, geometry.input, geometry.kernel, twin_shape(&geometry));
    let largest = [&x, &w, &y].map(|input| largest(&input.values)).into_iter().fold(0.0, f64::max);
    let terms = x.values.len().max(y.values.len());
    let case = |kernel: &'static str, largest: f64, run: Derivatives, twin: TwinDerivatives| Case {
        kernel,
        label: format!("{} {:?} by {:?}, {config:?}", problem.label, x.shape, w.shape),
        inputs: vec![x.clone(), w.clone(), y.clone()],
        run: Box::new(move |v| {
            let leaves: Vec<Var> = v.iter().map(|v| v.tape().leaf(v.value().clone())).collect();
            run(&leaves[0], &leaves[1], &leaves[2])
        }),
        twin: Box::new(move |v| twin(&v[0], &v[1], &v[2])),
        tolerance: Sum { terms, largest },
    };
    let (to_x, to_w, to_y) = (twin::conv2d_backward_input, twin::conv2d_backward_weight, twin::conv2d);
    vec![
        case(
            "conv2d",
            largest * largest,
            Box::new(move |x, w, y| by(&ops::conv2d(x, w, None, &config), y, [x, w])),
            Box::new(move |x, w, y| vec![to_x(y, w, &shape), to_w(x, y, &shape)]),
        ),
        case(
            "conv2d_backward_input",
            largest * largest,
            Box::new(move |x, w, y| by(&ops::conv2d_backward_input(y, w, size, &config), x, [y, w])),
            Box::new(move |x, w, y| vec![to_y(x, w, &shape), to_w(x, y, &shape)]),
        ),
        case(
            "conv2d_backward_weight",
            largest * largest,
            Box::new(move |x, w, y| by(&ops::conv2d_backward_weight(x, y, kernel, &config), w, [x, y])),
            Box::new(move |x, w, y| vec![to_x(y, w, &shape), to_y(x, w, &shape)]),
        ),
        case(
            "conv2d",
            largest.powi(4),
            Box::new(move |x, w, y| {
                let dx =
                    sum(&mul(&ops::conv2d(x, w, None, &config), y), Axis::All).gradients(std::slice::from_ref(x), true);
                let penalty = sum(&square(dx[0].as_ref().expect("y depends on x")), Axis::All);
                penalty
                    .gradients(std::slice::from_ref(w), false)
                    .into_iter()
                    .map(|g| g.expect("dx depends on w"))
                    .collect()
            }),
            Box::new(move |_, w, y| {
                let twice: Vec<f64> = to_x(y, w, &shape).iter().map(|dx| 2.0 * dx).collect();
                vec![to_w(&twice, y, &shape)]
            }),
        ),
    ]
}

type Derivatives = Box<dyn Fn(&Var, &Var, &Var) -> Vec<Var>>;
type TwinDerivatives = Box<dyn Fn(&[f64], &[f64], &[f64]) -> Vec<Vec<f64>>>;

/// The gradients of `⟨result, with⟩` by two arguments.
fn by(result: &Var, with: &Var, arguments: [&Var; 2]) -> Vec<Var> {
    let found = sum(&mul(result, with), Axis::All).gradients(&arguments.map(Var::clone), false);
    found.into_iter().map(|gradient| gradient.expect("it depends on both")).collect()
}

type PadTwin = fn(&[f64], [usize; 4], [usize; 4]) -> Vec<f64>;

fn padded() -> Vec<Case> {
    let sides = [[0, 0, 0, 0], [1, 0, 2, 3], [3, 3, 3, 3], [0, 5, 1, 0]];
    let shapes = [[1, 6, 5, 1], [2, 7, 8, 3], [3, 9, 4, 64]];
    let each = shapes.into_iter().flat_map(|shape| sides.map(|sides| (shape, sides)));
    each.flat_map(|(shape, sides)| {
        let case = |kernel, run: fn(&Var, [usize; 4]) -> Var, twin: PadTwin| Case {
            kernel,
            label: format!("{shape:?} by {sides:?}"),
            inputs: vec![normal(9, shape)],
            run: Box::new(move |v| vec![run(&v[0], sides)]),
            twin: Box::new(move |v| vec![twin(&v[0], shape, sides)]),
            tolerance: Exact,
        };
        // What is cut off must leave something.
        let cut = sides[0] + sides[1] < shape[1] && sides[2] + sides[3] < shape[2];
        let crop = cut.then(|| case("crop2d", ops::crop2d, twin::crop2d));
        crop.into_iter().chain([case("pad2d", ops::pad2d, twin::pad2d)])
    })
    .collect()
}
