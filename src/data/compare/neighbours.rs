//! Precision and recall of drawn pictures by nearest neighbours (Kynkäänniemi, Karras, Laine, Lehtinen and Aila,
//! "Improved precision and recall metric for assessing generative models", NeurIPS 2019).

use super::Features;

/// Around a picture lies what is no farther than its neighbour of this number.
const NEIGHBOUR: usize = 3;

/// Shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionRecall {
    /// How many of the drawn pictures lie around a real one: are they good?
    pub precision: f64,
    /// How many of the real pictures lie around a drawn one: are all kinds there?
    pub recall: f64,
}

/// Precision and recall with k = 3: a picture lies around another if it is no farther from it than that one's third
/// nearest neighbour in its own set.
///
/// # Panics
/// When the features are of different lengths, or a set has fewer than four pictures.
pub fn precision_recall(drawn: &Features, real: &Features) -> PrecisionRecall {
    PrecisionRecall { precision: share_around(drawn, real), recall: share_around(real, drawn) }
}

/// The share of `found` that lies around one of `set`.
fn share_around(found: &Features, set: &Features) -> f64 {
    assert!(set.count() > NEIGHBOUR, "precision and recall take {} pictures or more", NEIGHBOUR + 1);
    let radii = distances(set, set, |number, distances| {
        // To itself it is none, whatever rounding makes of it.
        distances[number] = 0.0;
        *distances.select_nth_unstable_by(NEIGHBOUR, f64::total_cmp).1
    });
    let around = |_: usize, distances: &mut [f64]| distances.iter().zip(&radii).any(|(distance, r)| distance <= r);
    let found = distances(found, set, around);
    found.iter().filter(|around| **around).count() as f64 / found.len() as f64
}

/// The squared distances of each row to all rows of a set: what `of` makes of them.
fn distances<T: Send>(rows: &Features, set: &Features, of: impl Fn(usize, &mut [f64]) -> T + Sync) -> Vec<T> {
    let squares = |features: &Features| features.columns().column_iter().map(|c| c.norm_squared()).collect::<Vec<_>>();
    let (own, others) = (squares(rows), squares(set));
    rows.products(set, |number, products| {
        let distance = |(product, other): (&f64, &f64)| own[number] + other - 2.0 * product;
        of(number, &mut products.iter().zip(&others).map(distance).collect::<Vec<_>>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a line.
    fn line(places: &[f32]) -> Features {
        Features::new(1, places)
    }

    #[test]
    fn what_lies_within_the_third_neighbour_counts() {
        let real = line(&[0.0, 1.0, 2.0, 3.0]);
        assert_eq!(precision_recall(&real, &real), PrecisionRecall { precision: 1.0, recall: 1.0 });
        // Around 0 and 3 lies what is at most 3 from them, around 1 and 2 at most 2: from -3 to 6.
        let drawn = line(&[-3.0, 6.0, 6.5, 100.0]);
        assert_eq!(precision_recall(&drawn, &real).precision, 0.5);
        // Around 100 lies what is no farther than -3 is, and so everything.
        assert_eq!(precision_recall(&drawn, &real).recall, 1.0);
    }

    #[test]
    fn a_collapsed_set_is_precise_and_recalls_little() {
        let real = line(&[0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        let PrecisionRecall { precision, recall } = precision_recall(&line(&[20.0, 20.1, 20.2, 20.3]), &real);
        assert!(precision == 1.0 && recall < 0.2, "{precision} {recall}");
    }
}
