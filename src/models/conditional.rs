//! A generator and a discriminator that are told the class of a picture, where pictures have classes.

use crate::{
    autograd::{Tape, Var},
    nn::{Embedding, Module, Parameter, Sequential, init::Init},
    ops::{
        elementwise::{add, mul, scale},
        reduce::{Axis, sum},
        rows::Indices,
        shape::{concat_channels, reshape},
    },
    tensor::Tensor,
};

/// Length of the vector that a class is to the generator.
pub const CLASS_FEATURES: usize = 32;

/// Spread of the first vectors beside noise of spread 1. From as wide a spread a generator learnt to draw one picture
/// of each class, whatever the noise: classes alone made a batch look varied.
const CLASS_SPREAD: f32 = 0.2;

/// A network from noise to pictures; what it is given is the noise and, where there are classes, their vectors behind
/// it (Mirza and Osindero, 2014).
pub struct Generator {
    network: Sequential,
    classes: Option<Embedding>,
}

/// A network from pictures to logits. Where there are classes, a logit is also how well the class's vector goes with
/// what the layers before the last have found: `network(x) + v_y · Σ φ(x) / √(h w)` (projection; Miyato and Koyama,
/// 2018, who take the sum alone). With the sum a generator of digits drew one picture of each, with the mean it minded
/// the class too little; what lies between has the spread of a single place.
pub struct Discriminator {
    network: Sequential,
    classes: Option<Embedding>,
}

impl Generator {
    /// A generator that tells `classes` classes apart, or none. The network is to take [`CLASS_FEATURES`] more numbers
    /// than the noise has, where there are any.
    pub fn new(tape: &Tape, init: &mut Init, network: Sequential, classes: usize) -> Self {
        let classes = (classes > 0).then(|| Embedding::new(tape, init, classes, CLASS_FEATURES, CLASS_SPREAD));
        Self { network, classes }
    }

    /// Pictures `[N, H, W, 3]` from noise `[N, 1, 1, nz]`, of these classes.
    ///
    /// # Panics
    /// When there are classes and no labels, or labels and no classes.
    pub fn draw(&self, noise: &Var, labels: Option<&Indices>) -> Var {
        let Some((classes, labels)) = both(&self.classes, labels) else { return self.network.forward(noise) };
        let vectors = reshape(&classes.rows(labels), [labels.len(), 1, 1, CLASS_FEATURES]);
        self.network.forward(&concat_channels(&[noise.clone(), vectors]))
    }
}

impl Discriminator {
    /// A discriminator that tells `classes` classes apart, or none; `features` are the channels of what its last layer
    /// is given.
    pub fn new(tape: &Tape, init: &mut Init, network: Sequential, classes: usize, features: usize) -> Self {
        let spread = 1.0 / (features as f32).sqrt();
        let classes = (classes > 0).then(|| Embedding::new(tape, init, classes, features, spread));
        Self { network, classes }
    }

    /// What the layers before the last find in pictures `[N, H, W, 3]`: `[N, h, w, features]`.
    pub fn features(&self, pictures: &Var) -> Var {
        self.network.features(pictures, &[self.network.len() - 2]).remove(0)
    }

    /// Logits `[N, 1, 1, 1]` of pictures `[N, H, W, 3]` of these classes.
    ///
    /// # Panics
    /// When there are classes and no labels, or labels and no classes.
    pub fn judge(&self, pictures: &Var, labels: Option<&Indices>) -> Var {
        let Some((classes, labels)) = both(&self.classes, labels) else { return self.network.forward(pictures) };
        let (logits, found) = self.network.forward_with_features(pictures, &[self.network.len() - 2]);
        let [_, h, w, _] = found[0].shape().nhwc("judge");
        let found = scale(&sum(&found[0], Axis::PerSampleChannel), 1.0 / ((h * w) as f32).sqrt());
        let along = sum(&mul(&classes.rows(labels), &found), Axis::PerSample);
        add(&logits, &reshape(&along, logits.shape()))
    }
}

fn both<'a>(classes: &'a Option<Embedding>, labels: Option<&'a Indices>) -> Option<(&'a Embedding, &'a Indices)> {
    assert_eq!(classes.is_some(), labels.is_some(), "a network with classes takes labels, and no other does");
    classes.as_ref().zip(labels)
}

fn named(network: &Sequential, classes: &Option<Embedding>) -> Vec<(String, Parameter)> {
    let of_classes = classes.iter().flat_map(Embedding::parameters);
    let of_classes = of_classes.map(|(name, parameter)| (format!("classes.{name}"), parameter));
    network.parameters().into_iter().chain(of_classes).collect()
}

impl Module for Generator {
    fn forward(&self, x: &Var) -> Var {
        self.draw(x, None)
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        named(&self.network, &self.classes)
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        self.network.buffers()
    }

    fn train(&self, training: bool) {
        self.network.train(training);
    }
}

impl Module for Discriminator {
    fn forward(&self, x: &Var) -> Var {
        self.judge(x, None)
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        named(&self.network, &self.classes)
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        self.network.buffers()
    }

    fn train(&self, training: bool) {
        self.network.train(training);
    }
}
