//! Directions in which an attribute changes, learnt from labelled pictures.
//!
//! Nobody knows the attributes of what a generator draws, so first a judge is made who can tell: for each class the
//! ridge regression of "is of this class" (1 or 0) on the labelled pictures' pixels, as means over 16×16 squares. Then
//! thousands of points are drawn and their pictures judged. For normal noise z and a score s, the mean of z · s is the
//! mean slope of s (Stein 1981), and also the least squares fit of s: for each class the vector along which the score
//! of what is drawn grows most, on the mean of all pictures.

use rayon::prelude::*;

use crate::{
    data::{Attribute, Pictures},
    philox::Philox,
    train::{Error, noise::Painter, sample},
};

/// The judge sees pictures of so many pixels along a side, or fewer.
const SEEN: usize = 16;

/// The most pictures that the judge learns from: more take long and hardly change it.
const MOST: usize = 8192;

/// Of so many pictures one is kept from the judge, and tells how often he is right.
const HELD_OUT: usize = 8;

/// The ridge, for each picture that the judge learns from: pixels are in [-1, 1].
const RIDGE: f64 = 0.01;

/// The stream of a seed that pictures are shuffled by.
const SHUFFLED: u64 = 5 << 40;

/// Vectors of the latent space that belong to the classes of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Directions {
    /// The attribute.
    pub attribute: String,
    /// Its classes.
    pub classes: Vec<String>,
    /// The part of the pictures kept from the judge that he told right.
    pub right: f64,
    /// The part of them that is of the most frequent class.
    pub chance: f64,
    /// Where the score of each class grows, `[classes][nz]`.
    vectors: Vec<Vec<f64>>,
    /// The length that chance alone would give each.
    noise: Vec<f64>,
}

impl Directions {
    /// Learns them from the first attribute of labelled pictures, of any size, and from `drawn` pictures of a generator
    /// under a seed.
    ///
    /// # Errors
    /// When the pictures have no labels, are too few, or the device failed.
    pub fn learn(trainer: &dyn Painter, labelled: &Pictures, drawn: usize, seed: u64) -> Result<Self, Error> {
        let Some(attribute) = labelled.labels().attributes.first() else {
            return Err(Error::Config("directions are learnt from labelled pictures; give --labels".into()));
        };
        let (judge, right, chance) = Judge::learn(labelled, attribute, seed)?;
        let (nz, classes, size) = (trainer.nz(), attribute.classes.len(), trainer.size());
        let points = sample::points(trainer, seed, drawn)?;
        let pictures = points.draw(trainer)?;
        let scores: Vec<Vec<f64>> = pictures.par_chunks_exact(3 * size * size).map(|p| judge.scores(p, size)).collect();
        let mut vectors = vec![vec![0.0; nz]; classes];
        let mut noise = Vec::new();
        for (class, vector) in vectors.iter_mut().enumerate() {
            let mean = scores.iter().map(|scores| scores[class]).sum::<f64>() / drawn as f64;
            let mut spread = 0.0;
            for (place, scores) in scores.iter().enumerate() {
                let score = scores[class] - mean;
                spread += score * score / drawn as f64;
                vector
                    .iter_mut()
                    .zip(points.point(place))
                    .for_each(|(v, z)| *v += score * f64::from(*z) / drawn as f64);
            }
            noise.push((spread * nz as f64 / drawn as f64).sqrt());
        }
        let (attribute, classes) = (attribute.name.clone(), attribute.classes.clone());
        Ok(Self { attribute, classes, right, chance, vectors, noise })
    }

    /// The number of a class.
    ///
    /// # Errors
    /// When there is none of that name: the sentence lists them.
    pub fn class(&self, name: &str) -> Result<usize, Error> {
        self.classes.iter().position(|class| class == name).ok_or_else(|| {
            Error::Config(format!("{} has no class '{name}'; it has {}", self.attribute, self.classes.join(", ")))
        })
    }

    /// The direction from one class to another, of length 1, so that noise spreads by 1 along it; without the one it
    /// comes from, away from all others.
    ///
    /// # Panics
    /// When there are no such classes.
    pub fn between(&self, from: Option<usize>, to: usize) -> Vec<f32> {
        let origin = |i: usize| from.map_or(0.0, |from| self.vectors[from][i]);
        let along: Vec<f64> = self.vectors[to].iter().enumerate().map(|(i, v)| v - origin(i)).collect();
        let length = norm(&along).max(f64::MIN_POSITIVE);
        along.into_iter().map(|v| (v / length) as f32).collect()
    }

    /// `a` with the attribute of `b`, where `amount` is 1, and on the way there below: within the space that the
    /// vectors of all classes span it is moved to where `b` is, and nowhere else.
    ///
    /// # Panics
    /// When the points are of another space.
    pub fn carry(&self, a: &[f32], b: &[f32], amount: f64) -> Vec<f32> {
        let apart: Vec<f64> = a.iter().zip(b).map(|(a, b)| f64::from(*b) - f64::from(*a)).collect();
        let mut moved: Vec<f64> = a.iter().map(|a| f64::from(*a)).collect();
        for axis in axes(self.measured()) {
            let along = amount * dot(&axis, &apart);
            moved.iter_mut().zip(&axis).for_each(|(m, v)| *m += along * v);
        }
        moved.into_iter().map(|v| v as f32).collect()
    }

    /// The same as far as they leave other attributes as they are: freed of what lies in the space that the vectors of
    /// those span.
    ///
    /// # Panics
    /// When those are of another space.
    #[must_use]
    pub fn keeping(mut self, others: &[Self]) -> Self {
        let axes = axes(others.iter().flat_map(Self::measured));
        for vector in &mut self.vectors {
            axes.iter().for_each(|axis| remove(vector, axis));
        }
        self
    }

    /// Each vector, with the length that chance alone would give it.
    fn measured(&self) -> impl Iterator<Item = (&[f64], f64)> {
        self.vectors.iter().map(Vec::as_slice).zip(self.noise.iter().copied())
    }
}

/// Axes at right angles, of length 1, of the space that vectors span: each vector in turn, the longest first, as far as
/// it is not among those before, unless chance could have made what is left.
fn axes<'a>(vectors: impl Iterator<Item = (&'a [f64], f64)>) -> Vec<Vec<f64>> {
    let mut vectors: Vec<_> = vectors.collect();
    vectors.sort_by(|(a, _), (b, _)| norm(b).total_cmp(&norm(a)));
    let mut axes: Vec<Vec<f64>> = Vec::new();
    for (vector, noise) in vectors {
        let mut left = vector.to_vec();
        axes.iter().for_each(|axis| remove(&mut left, axis));
        let length = norm(&left);
        if length > 2.0 * noise {
            axes.push(left.into_iter().map(|v| v / length).collect());
        }
    }
    axes
}

/// Takes away what of a vector lies along an axis.
fn remove(vector: &mut [f64], axis: &[f64]) {
    let along = dot(axis, vector);
    vector.iter_mut().zip(axis).for_each(|(v, a)| *v -= along * a);
}

/// `point + strength · direction`.
///
/// # Panics
/// When they are of different spaces.
pub fn moved(point: &[f32], direction: &[f32], strength: f32) -> Vec<f32> {
    assert_eq!(point.len(), direction.len(), "a direction of another space");
    point.iter().zip(direction).map(|(p, d)| p + strength * d).collect()
}

/// Tells the classes of pictures by their pixels, linearly.
struct Judge {
    side: usize,
    /// `[classes][features + 1]`, the last of a row for the constant.
    weights: Vec<Vec<f64>>,
}

impl Judge {
    /// A judge, the part of held-out pictures that he tells right, and that of their most frequent class.
    fn learn(pictures: &Pictures, attribute: &Attribute, seed: u64) -> Result<(Self, f64, f64), Error> {
        let [height, width] = pictures.size();
        assert_eq!(height, width, "a judge is shown squares");
        let side = SEEN.min(height);
        let mut order: Vec<usize> = (0..pictures.len()).collect();
        Philox::new(seed, SHUFFLED).shuffle(&mut order);
        order.truncate(MOST);
        let (held_out, learnt): (Vec<_>, Vec<_>) = (0..).zip(order).partition(|(n, _)| n % HELD_OUT == 0);
        if learnt.len() < 2 * attribute.classes.len() {
            let reason =
                format!("{} labelled pictures are too few to tell {} classes", pictures.len(), attribute.classes.len());
            return Err(Error::Config(reason));
        }
        let class = |place: usize| attribute.values[place] as usize;
        let rows: Vec<Vec<f64>> =
            learnt.par_iter().map(|(_, place)| seen(pictures.picture(*place), height, side)).collect();
        let solve = Ridge::new(&rows, RIDGE * rows.len() as f64);
        let weights = (0..attribute.classes.len()).into_par_iter().map(|k| {
            let is: Vec<f64> = learnt.iter().map(|(_, place)| f64::from(class(*place) == k)).collect();
            solve.weights(&rows, &is)
        });
        let judge = Self { side, weights: weights.collect() };
        let told = |place: usize| {
            let scores = judge.scores(pictures.picture(place), height);
            (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
        };
        let right = held_out.iter().filter(|(_, place)| told(*place) == Some(class(*place))).count();
        let of = |k: usize| held_out.iter().filter(|(_, place)| class(*place) == k).count();
        let most = (0..attribute.classes.len()).map(of).max().unwrap_or(0);
        let part = |count: usize| count as f64 / held_out.len() as f64;
        Ok((judge, part(right), part(most)))
    }

    /// How much a picture of `size` pixels a side looks like each class.
    fn scores(&self, picture: &[u8], size: usize) -> Vec<f64> {
        let seen = seen(picture, size, self.side);
        self.weights.iter().map(|weights| dot(weights, &seen)).collect()
    }
}

/// What the judge sees of a picture `[size, size, 3]`: means over squares, in [-1, 1], and a constant.
fn seen(picture: &[u8], size: usize, side: usize) -> Vec<f64> {
    let square = size / side;
    let mut seen = vec![0.0; 3 * side * side + 1];
    for (place, value) in picture.iter().enumerate() {
        let (y, x, c) = (place / (3 * size) / square, place / 3 % size / square, place % 3);
        // Pixels that fill no whole square, on the right and below, are not looked at.
        if y < side && x < side {
            seen[(y * side + x) * 3 + c] += (f64::from(*value) / 127.5 - 1.0) / (square * square) as f64;
        }
    }
    seen[3 * side * side] = 1.0;
    seen
}

/// The Cholesky factor L of XᵀX + λI, in rows: what all regressions on the same rows share. The constant has no ridge
/// to speak of.
struct Ridge(Vec<Vec<f64>>);

impl Ridge {
    fn new(rows: &[Vec<f64>], lambda: f64) -> Self {
        let features = rows[0].len();
        let columns: Vec<Vec<f64>> =
            (0..features).into_par_iter().map(|i| rows.iter().map(|row| row[i]).collect()).collect();
        let entry = |i: usize, j: usize| {
            let ridge = if i != j {
                0.0
            } else if i + 1 == features {
                1e-6
            } else {
                lambda
            };
            dot(&columns[i], &columns[j]) + ridge
        };
        let mut factor: Vec<Vec<f64>> =
            (0..features).into_par_iter().map(|i| (0..=i).map(|j| entry(i, j)).collect()).collect();
        for i in 0..features {
            let (above, rest) = factor.split_at_mut(i);
            let row = &mut rest[0];
            for (j, other) in above.iter().enumerate() {
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            row[i] = (row[i] - dot(&row[..i], &row[..i])).max(f64::MIN_POSITIVE).sqrt();
        }
        Self(factor)
    }

    /// The weights w that minimise Σ (x · w − y)² + λ |w|².
    fn weights(&self, rows: &[Vec<f64>], y: &[f64]) -> Vec<f64> {
        let features = self.0.len();
        let mut w = vec![0.0; features];
        for (row, y) in rows.iter().zip(y).filter(|(_, y)| **y != 0.0) {
            w.iter_mut().zip(row).for_each(|(w, x)| *w += x * y);
        }
        for i in 0..features {
            w[i] = (w[i] - dot(&self.0[i][..i], &w[..i])) / self.0[i][i];
        }
        for i in (0..features).rev() {
            w[i] /= self.0[i][i];
            let solved = w[i];
            w[..i].iter_mut().zip(&self.0[i]).for_each(|(w, l)| *w -= l * solved);
        }
        w
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{Directions, Judge, Ridge, dot, moved, norm};
    use crate::data::{Attribute, Labels, Pictures};
    use crate::philox::Philox;

    /// Directions along the first two of four axes, and a third class of which nothing is known.
    fn directions() -> Directions {
        let vectors = vec![vec![2.0, 0.0, 0.0, 0.0], vec![1.0, 1.0, 0.0, 0.0], vec![0.0, 0.0, 0.001, 0.0]];
        let classes = ["a", "b", "c"].map(str::to_owned).to_vec();
        Directions { attribute: "kind".into(), classes, right: 1.0, chance: 0.5, vectors, noise: vec![0.01; 3] }
    }

    #[test]
    fn an_attribute_is_carried_and_nothing_else() {
        let (a, b) = ([0.0, 0.0, 0.0, 1.0], [3.0, 4.0, 5.0, 6.0]);
        assert_eq!(directions().carry(&a, &b, 1.0), [3.0, 4.0, 0.0, 1.0]);
        assert_eq!(directions().carry(&a, &b, 0.5), [1.5, 2.0, 0.0, 1.0]);
        assert_eq!(directions().carry(&a, &b, 0.0), a);
    }

    #[test]
    fn directions_have_length_one() {
        let between = directions().between(Some(0), 1);
        assert!((between[0] + 0.5f32.sqrt()).abs() < 1e-6 && (between[1] - 0.5f32.sqrt()).abs() < 1e-6);
        assert_eq!(directions().between(None, 0), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(moved(&[1.0, 1.0, 0.0, 0.0], &directions().between(None, 0), -2.0), [-1.0, 1.0, 0.0, 0.0]);
        assert!(directions().class("d").expect_err("no such class").to_string().contains("a, b, c"));
    }

    #[test]
    fn other_attributes_are_kept() {
        let mut other = directions();
        other.vectors.truncate(1);
        other.noise.truncate(1);
        let kept = directions().keeping(&[other]);
        assert_eq!(kept.between(None, 1), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(kept.carry(&[0.0; 4], &[3.0, 4.0, 5.0, 6.0], 1.0), [0.0, 4.0, 0.0, 0.0]);
    }

    /// Against the equations that the weights have to fulfil: Xᵀ(Xw − y) + λw = 0.
    #[test]
    fn ridge_regression_fulfils_its_equations() {
        let mut philox = Philox::new(3, 0);
        let rows: Vec<Vec<f64>> =
            (0..40).map(|_| (0..7).map(|i| if i == 6 { 1.0 } else { f64::from(philox.normal()) }).collect()).collect();
        let y: Vec<f64> = (0..40).map(|_| f64::from(philox.normal())).collect();
        let w = Ridge::new(&rows, 2.0).weights(&rows, &y);
        let residual: Vec<f64> = rows.iter().zip(&y).map(|(row, y)| dot(row, &w) - y).collect();
        for i in 0..7 {
            let column: Vec<f64> = rows.iter().map(|row| row[i]).collect();
            let gradient = dot(&column, &residual) + if i == 6 { 1e-6 } else { 2.0 } * w[i];
            assert!(gradient.abs() < 1e-9, "{i}: {gradient}");
        }
        assert!(norm(&w) > 0.01);
    }

    /// Of dark and light pictures with noise, on which the judge has to be right.
    #[test]
    fn a_judge_tells_what_pixels_show() {
        let mut philox = Philox::new(1, 0);
        let values: Vec<u32> = (0..200).map(|_| philox.below(2)).collect();
        let bytes = values.iter().flat_map(|value| [80 + 60 * *value as u8; 3 * 20 * 20]).collect::<Vec<_>>();
        let bytes = bytes.into_iter().map(|byte| byte + philox.below(50) as u8).collect();
        let classes = vec!["dark".to_owned(), "light".to_owned()];
        let attribute = Attribute { name: "tone".into(), classes, values };
        let labels = Labels { attributes: vec![attribute.clone()] };
        let set = Pictures::new([20, 20], bytes, labels);
        let (judge, right, chance) = Judge::learn(&set, &attribute, 0).expect("there are enough");
        assert!(right == 1.0 && chance < 0.8, "{right} {chance}");
        let scores = judge.scores(set.picture(0), 20);
        assert!((scores[0] + scores[1] - 1.0).abs() < 1e-3, "scores are shares: {scores:?}");
    }
}
