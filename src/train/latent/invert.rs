//! The point that draws a given picture, searched by descent through the generator.
//!
//! Many points are drawn at random, and from those whose pictures are nearest to the given one Adam descends
//!
//! ```text
//! Σ_l mean |P_l G(z) − P_l x| + prior · (mean z² − 1)²
//! ```
//!
//! where P₀ is the picture itself and P_l the means over squares of 2^l pixels, down to 4×4: the coarse ones lead to
//! where the fine ones can decide. The last term keeps the point near the sphere that normal noise lies on, outside
//! of which the generator has drawn nothing and what is found could not be edited. The learning rate falls to nothing
//! along half a cosine, and the best of the ends is kept.

use std::f64::consts::PI;

use rayon::prelude::*;

use super::Points;
use crate::{
    autograd::Var,
    gpu,
    nn::Parameter,
    ops::{
        elementwise::{add, scale, shift, square, unpack_bytes},
        loss::l1,
        reduce::{Axis, mean, sum},
        resample::avg_pool2d,
    },
    optim::{Adam, AdamConfig},
    train::{noise::Painter, sample},
};

/// Points that descend together: [`Search::restarts`] of as many pictures as fit.
const ROWS: usize = 32;

/// The coarsest means are of so many squares along a side.
const COARSEST: usize = 4;

/// How a point is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Points drawn at random, among which the starts are chosen.
    pub drawn: usize,
    /// Points that the descent starts from, for each picture: at most 32.
    pub restarts: usize,
    /// Steps of the descent.
    pub steps: usize,
    /// Learning rate at its start.
    pub lr: f64,
    /// Weight of the pull towards the sphere.
    pub prior: f64,
    /// Which points are drawn.
    pub seed: u64,
}

impl Default for Search {
    fn default() -> Self {
        Self { drawn: 1024, restarts: 8, steps: 300, lr: 0.05, prior: 0.1, seed: 0 }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The point of each picture.
    pub points: Points,
    /// Mean absolute difference of what the generator draws of it from the picture, of 255.
    pub distances: Vec<f64>,
}

/// The points that draw these pictures, bytes `[N, size, size, 3]`. Each depends on its picture and the search alone.
/// `progress` is called with the number of steps done and of all.
///
/// # Errors
/// When the device failed.
///
/// # Panics
/// When the bytes are no pictures of the generator's size, or there are no restarts or more than 32.
pub fn invert(
    trainer: &dyn Painter,
    pictures: &[u8],
    search: &Search,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Found, gpu::Error> {
    let each = 3 * trainer.size().pow(2);
    assert!(pictures.len().is_multiple_of(each), "invert: {} bytes are no pictures of {each}", pictures.len());
    assert!((1..=ROWS).contains(&search.restarts), "invert: {} restarts, of 1 to {ROWS}", search.restarts);
    let starts = Starts::draw(trainer, search)?;
    let together = ROWS / search.restarts;
    let groups: Vec<_> = pictures.chunks(together * each).collect();
    let mut found = Found { points: Points::none(trainer.nz()), distances: Vec::new() };
    for (group, wanted) in groups.iter().enumerate() {
        let mut step = |step| progress(group * search.steps + step, groups.len() * search.steps);
        let part = descend(trainer, wanted, &starts, search, &mut step)?;
        found.points.extend(&part.points);
        found.distances.extend(part.distances);
    }
    Ok(found)
}

/// Points drawn at random, and their pictures.
struct Starts {
    points: Points,
    pictures: Vec<u8>,
}

impl Starts {
    fn draw(trainer: &dyn Painter, search: &Search) -> Result<Self, gpu::Error> {
        let drawn = search.drawn.max(search.restarts);
        let points = sample::points(trainer, search.seed, drawn)?;
        let pictures = points.draw(trainer)?;
        Ok(Self { points, pictures })
    }

    /// The points whose pictures are nearest to a given one.
    fn nearest(&self, picture: &[u8], count: usize) -> Points {
        let drawn = self.pictures.par_chunks_exact(picture.len());
        let mut order: Vec<(f64, usize)> =
            drawn.map(|drawn| difference(drawn, picture)).zip(0..self.points.len()).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut nearest = Points::none(self.points.nz());
        for (_, place) in order.into_iter().take(count) {
            nearest.push(self.points.point(place), self.points.class(place));
        }
        nearest
    }
}

/// Mean absolute difference of two pictures' bytes.
fn difference(a: &[u8], b: &[u8]) -> f64 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

/// Searches the points of a few pictures together.
fn descend(
    trainer: &dyn Painter,
    pictures: &[u8],
    starts: &Starts,
    search: &Search,
    step: &mut dyn FnMut(usize),
) -> Result<Found, gpu::Error> {
    let (size, nz, restarts) = (trainer.size(), trainer.nz(), search.restarts);
    let each = 3 * size * size;
    // Always as many rows, so that no picture's point depends on how many others there are.
    let rows = ROWS / restarts * restarts;
    let wanted: Vec<u8> = pictures.chunks_exact(each).flat_map(|picture| picture.repeat(restarts)).collect();
    let mut filled = wanted.clone();
    filled.resize(rows * each, 0);
    let mut first = Points::none(nz);
    pictures.chunks_exact(each).for_each(|picture| first.extend(&starts.nearest(picture, restarts)));
    // The class of a start is kept: it is one of a person that looks alike.
    let classes: Vec<u32> = (0..first.len()).map(|place| first.class(place)).collect();
    let filling = std::iter::repeat_n(0, rows - first.len());
    let labels: Vec<u32> = classes.iter().copied().chain(filling).collect();
    let labels = trainer.indices((!trainer.classes().is_empty()).then_some(&labels[..]));
    let mut first = first.values().to_vec();
    first.resize(rows * nz, 0.0);

    let (tape, gpu) = (trainer.tape(), trainer.tape().gpu());
    let target = tape.constant(unpack_bytes(gpu, [rows, size, size, 3], &filled));
    let levels = tape.no_grad(|| pyramid(&target));
    let z = Parameter::new(tape, [rows, 1, 1, nz], &first);
    let mut adam = Adam::new(vec![("z".to_owned(), z.clone())], AdamConfig { lr: search.lr, ..AdamConfig::default() });
    trainer.generator().train(false);
    for done in 0..search.steps {
        adam.set_lr(search.lr * 0.5 * (1.0 + (PI * done as f64 / search.steps as f64).cos()));
        let z = z.var();
        let loss = loss(&trainer.generate(&z, labels.as_ref()), &levels, &z, search.prior as f32);
        loss.backward_to(&[z]);
        adam.step();
        gpu.submit()?;
        step(done + 1);
    }
    trainer.generator().train(true);
    let ends = Points::new(nz, z.var().value().to_vec()?[..classes.len() * nz].to_vec()).of_classes(classes);
    Ok(best(&ends, &ends.draw(trainer)?, &wanted, restarts))
}

/// Of each picture's ends the one that draws it best.
fn best(ends: &Points, drawn: &[u8], wanted: &[u8], restarts: usize) -> Found {
    let each = wanted.len() / ends.len();
    let distances: Vec<f64> =
        drawn.chunks_exact(each).zip(wanted.chunks_exact(each)).map(|(a, b)| difference(a, b)).collect();
    let mut found = Found { points: Points::none(ends.nz()), distances: Vec::new() };
    for first in (0..ends.len()).step_by(restarts) {
        let nearest = (first..first + restarts).min_by(|a, b| distances[*a].total_cmp(&distances[*b]));
        let nearest = nearest.expect("there is a restart");
        found.points.push(ends.point(nearest), ends.class(nearest));
        found.distances.push(distances[nearest]);
    }
    found
}

/// What the descent goes down, summed over the rows, so that each descends as if alone.
fn loss(drawn: &Var, levels: &[Var], z: &Var, prior: f32) -> Var {
    let length = mean(&square(z), Axis::PerSample);
    let pull = scale(&square(&shift(&length, -1.0)), prior);
    let apart = pyramid(drawn).into_iter().zip(levels).map(|(a, b)| mean(&l1(&a, b), Axis::PerSample));
    sum(&apart.fold(pull, |sum, level| add(&sum, &level)), Axis::All)
}

/// Pictures `[N, size, size, 3]`, and their means over squares of 2, 4, … pixels.
fn pyramid(pictures: &Var) -> Vec<Var> {
    let mut levels = vec![pictures.clone()];
    while let Some(last) = levels.last().filter(|last| last.shape().dims()[1] >= 2 * COARSEST) {
        levels.push(avg_pool2d(last, [2; 2], [2; 2]));
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn differences_are_means_of_bytes() {
        assert_eq!(difference(&[0, 10, 255, 7], &[255, 12, 255, 0]), (255 + 2 + 7) as f64 / 4.0);
    }
}
