//! One question with numbers to compute on.

use crate::{
    gpu::{Family, Gpu},
    ops::{
        conv::{Geometry, lanes, naive, panels, tiled},
        matmul,
        random::Random,
    },
    tensor::{Shape, Tensor},
};

/// Which of the products a kernel computes.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Product,
    Forward(Geometry),
    InputGradient(Geometry),
    WeightGradient(Geometry),
}

/// A product to compute, in the device's family of kernels or by definition.
pub struct Problem {
    kind: Kind,
    operands: [Tensor; 2],
    /// Terms of each of its sums.
    pub terms: usize,
}

impl Problem {
    /// The problem that a kernel is asked for at a shape, with normal numbers; `None` where it is none that is known.
    pub fn new(gpu: &Gpu, kernel: &str, shape: &[u32]) -> Option<Self> {
        let normal = |seed: u64, shape: Shape| Random::new(gpu, seed, 0).normal(shape);
        if kernel.starts_with("matmul") {
            let [m, k, n] = <[u32; 3]>::try_from(shape).ok()?.map(|extent| extent as usize);
            let operands = [normal(1, Shape::from([m, k])), normal(2, Shape::from([k, n]))];
            return Some(Self { kind: Kind::Product, operands, terms: k });
        }
        let geometry = Geometry::from_words(shape)?;
        let [x, w, y] = [geometry.x_shape(), geometry.w_shape(), geometry.y_shape()];
        let pixels = |shape: Shape| shape.len() / shape.channels();
        // The longer name first: all of them begin alike.
        let (kind, shapes, terms) = if kernel.starts_with("conv2d_backward_weight") {
            (Kind::WeightGradient(geometry), [x, y], pixels(y))
        } else if kernel.starts_with("conv2d_backward_input") {
            (Kind::InputGradient(geometry), [y, w], w.len() / geometry.c_in)
        } else if kernel.starts_with("conv2d") {
            (Kind::Forward(geometry), [x, w], w.len() / geometry.c_out)
        } else {
            return None;
        };
        Some(Self { kind, operands: [normal(1, shapes[0]), normal(2, shapes[1])], terms })
    }

    /// The result of the kernels that the device's family has for it. Records.
    pub fn run(&self) -> Tensor {
        let [a, b] = &self.operands;
        match (self.kind, a.gpu().family()) {
            (Kind::Product, Family::Tiled) => matmul::tiled(a, b),
            (Kind::Product, Family::Lanes { lanes }) => matmul::lanes(a, b, lanes),
            (Kind::Product, Family::Panels { lanes }) => matmul::panels(a, b, lanes),
            (Kind::Forward(g), Family::Tiled) => tiled::conv2d(a, b, &g),
            (Kind::Forward(g), Family::Lanes { lanes }) => lanes::conv2d(a, b, &g, lanes),
            (Kind::Forward(g), Family::Panels { lanes }) => panels::conv2d(a, b, &g, lanes),
            (Kind::InputGradient(g), Family::Tiled) => tiled::conv2d_backward_input(a, b, &g),
            (Kind::InputGradient(g), Family::Lanes { lanes }) => lanes::conv2d_backward_input(a, b, &g, lanes),
            (Kind::InputGradient(g), Family::Panels { lanes }) => panels::conv2d_backward_input(a, b, &g, lanes),
            (Kind::WeightGradient(g), Family::Tiled) => tiled::conv2d_backward_weight(a, b, &g),
            (Kind::WeightGradient(g), Family::Lanes { lanes }) => lanes::conv2d_backward_weight(a, b, &g, lanes),
            (Kind::WeightGradient(g), Family::Panels { lanes }) => panels::conv2d_backward_weight(a, b, &g, lanes),
        }
    }

    /// The result by definition, one invocation per element. Records.
    pub fn by_definition(&self) -> Tensor {
        let [a, b] = &self.operands;
        match self.kind {
            Kind::Product => matmul::naive(a, b),
            Kind::Forward(g) => naive::conv2d(a, b, &g),
            Kind::InputGradient(g) => naive::conv2d_backward_input(a, b, &g),
            Kind::WeightGradient(g) => naive::conv2d_backward_weight(a, b, &g),
        }
    }

    /// How far two orders of addition may be apart: the terms are products of two normal numbers. A term that is
    /// missing, or one too many, makes about 1.
    pub fn tolerance(&self) -> f32 {
        1e-5 + 4.0 * f32::EPSILON * self.terms as f32
    }
}

/// A shape as a person reads it: of the matrices, or of picture and weights.
pub fn describe(kernel: &str, shape: &[u32]) -> String {
    match (shape, Geometry::from_words(shape)) {
        ([m, k, n], _) if kernel.starts_with("matmul") => format!("[{m}, {k}] by [{k}, {n}]"),
        (_, Some(geometry)) => format!("x {:?}, w {:?}", geometry.x_shape(), geometry.w_shape()),
        _ => format!("{shape:?}"),
    }
}
