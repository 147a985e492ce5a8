//! The convolutions of the networks, as `shapes.json` lists them, and how one of them is timed: by the wall clock, with
//! everything that the op launches. The programs of the comparison with peers read the same list.

use std::{fmt, time::Instant};

use serde::{Deserialize, Serialize};
use sumi::{
    autograd::{Tape, Var},
    gpu::{AdapterKind, Error, Gpu},
    ops::{
        conv::{Conv2d, Geometry, conv2d, conv2d_backward_input, conv2d_backward_weight},
        probe,
        random::Random,
    },
    tensor::{Shape, Tensor},
};

/// One convolution `[n, h, w, c_in]` to `[n, h', w', c_out]` of a network. A transposed one is described by the
/// convolution that it is the input gradient of; where the network pads by reflection, zeros stand for it.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Layer {
    pub network: String,
    pub name: String,
    pub n: usize,
    pub h: usize,
    pub w: usize,
    pub c_in: usize,
    pub c_out: usize,
    pub k: usize,
    pub stride: usize,
    pub padding: usize,
    pub groups: usize,
    /// How many layers of the network are of this shape, and how many of them are transposed.
    pub count: usize,
    pub transposed: usize,
}

impl Layer {
    /// All that `shapes.json` lists.
    pub fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("shapes.json")).expect("shapes.json is a list of layers")
    }

    /// Those that an adapter is timed at: on a software driver DCGAN is a small one.
    pub fn of_adapter(gpu: &Gpu) -> Vec<Self> {
        let software = gpu.adapter().kind == AdapterKind::Software;
        let mut layers = Self::all();
        layers.retain(|layer| !(software && layer.network == "DCGAN-64"));
        layers
    }

    pub fn geometry(&self) -> Geometry {
        let config =
            Conv2d { stride: [self.stride; 2], padding: [self.padding; 2], groups: self.groups, ..Conv2d::default() };
        let x = Shape::from([self.n, self.h, self.w, self.c_in]);
        let w = Shape::from([self.k, self.k, self.c_in / self.groups, self.c_out]);
        Geometry::of_convolution(&self.name, x, w, &config)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n, h, w, c_in, c_out, k, stride, .. } = self;
        write!(f, "{n}×{h}×{w}, {c_in} to {c_out}, {k}×{k}")?;
        if *stride > 1 {
            write!(f, " by {stride}")?;
        }
        if self.groups > 1 { write!(f, ", {} groups", self.groups) } else { Ok(()) }
    }
}

/// What is computed of a convolution's three tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    Forward,
    InputGradient,
    WeightGradient,
}

impl Direction {
    pub const ALL: [Self; 3] = [Self::Forward, Self::InputGradient, Self::WeightGradient];
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forward => "forward",
            Self::InputGradient => "input gradient",
            Self::WeightGradient => "weight gradient",
        })
    }
}

/// One direction of a convolution with its operands in memory; each call records it once.
pub fn operation(tape: &Tape, layer: &Layer, direction: Direction) -> Box<dyn Fn() -> Var> {
    let geometry = layer.geometry();
    let config = geometry.config;
    let var = |seed, shape| tape.constant(Random::new(tape.gpu(), seed, 0).normal(shape));
    let (x, w, y) = (|| var(1, geometry.x_shape()), || var(2, geometry.w_shape()), || var(3, geometry.y_shape()));
    match direction {
        Direction::Forward => {
            let (x, w) = (x(), w());
            Box::new(move || conv2d(&x, &w, None, &config))
        }
        Direction::InputGradient => {
            let (y, w) = (y(), w());
            Box::new(move || conv2d_backward_input(&y, &w, geometry.input, &config))
        }
        Direction::WeightGradient => {
            let (x, y) = (x(), y());
            Box::new(move || conv2d_backward_weight(&x, &y, geometry.kernel, &config))
        }
    }
}

/// Seconds for one of `launches` runs, from the first record until the device is idle.
///
/// # Errors
/// When the device failed.
pub fn seconds<T>(gpu: &Gpu, run: &dyn Fn() -> T, launches: usize) -> Result<f64, Error> {
    let begun = Instant::now();
    for _ in 0..launches {
        drop(run());
    }
    gpu.finish()?;
    Ok(begun.elapsed().as_secs_f64() / launches as f64)
}

/// The most that the probe of arithmetic reaches, in GFLOP/s.
///
/// # Errors
/// When the device failed.
pub fn peak(gpu: &Gpu) -> Result<f64, Error> {
    let (elements, rounds) = match gpu.adapter().kind {
        AdapterKind::Native => (1 << 18, 512),
        AdapterKind::Software => (1 << 16, 256),
        _ => (1 << 22, 512),
    };
    let x = Tensor::from_slice(gpu, [elements], &vec![1.0; elements]);
    let run = || probe::fma(&x, rounds, -0.9375, 0.5);
    seconds(gpu, &run, 1)?;
    let mut fastest = f64::INFINITY;
    for _ in 0..10 {
        fastest = fastest.min(seconds(gpu, &run, 4)?);
    }
    Ok(32.0 * f64::from(rounds) * elements as f64 / fastest / 1e9)
}

/// The middle one, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}
