//! The convolutions of the networks, as `shapes.json` lists them, and how one of them is timed: by the wall clock, with
//! everything that the op launches. The programs of the comparison with peers read the same list.

use std::time::Instant;

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

use super::layer::{Direction, Layer};

/// All that `shapes.json` lists.
pub fn layers() -> Vec<Layer> {
    serde_json::from_str(include_str!("shapes.json")).expect("shapes.json is a list of layers")
}

/// Those that an adapter is timed at: on a software driver DCGAN is a small one.
pub fn layers_for(gpu: &Gpu) -> Vec<Layer> {
    let software = gpu.adapter().kind == AdapterKind::Software;
    layers().into_iter().filter(|layer| !(software && layer.network == "DCGAN-64")).collect()
}

/// A layer as the ops see it.
pub fn geometry(layer: &Layer) -> Geometry {
    let config =
        Conv2d { stride: [layer.stride; 2], padding: [layer.padding; 2], groups: layer.groups, ..Conv2d::default() };
    let x = Shape::from([layer.n, layer.h, layer.w, layer.c_in]);
    let w = Shape::from([layer.k, layer.k, layer.c_in / layer.groups, layer.c_out]);
    Geometry::of_convolution(&layer.name, x, w, &config)
}

/// One direction of a convolution with its operands in memory; each call records it once.
pub fn operation(tape: &Tape, layer: &Layer, direction: Direction) -> Box<dyn Fn() -> Var> {
    let geometry = geometry(layer);
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
