//! Batches in parts: where the whole does not fit, some pictures after the others, to the same gradients.
//!
//! Every loss here is a mean over the pictures of a batch, and no layer looks at two pictures at once. So the gradient
//! of the batch is the sum of its parts' gradients, each weighed by its part of the pictures, and what is drawn at
//! random is drawn for the whole batch.

use std::ops::Range;

use crate::{
    autograd::Var,
    ops::{
        elementwise::{add, scale},
        shape::{concat_rows, slice_rows},
    },
    parallel::World,
};

/// How a batch is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    batch: usize,
    each: usize,
}

impl Parts {
    /// Of the batch `pictures [N, ..]`, parts of at most `micro_batch`; the batch as it is where that is 0.
    pub fn of(pictures: &Var, micro_batch: usize) -> Self {
        let batch = pictures.shape().dims()[0];
        Self { batch, each: if micro_batch == 0 { batch } else { micro_batch.min(batch) } }
    }

    /// Whether there is one part.
    pub fn is_whole(&self) -> bool {
        self.each == self.batch
    }

    /// The pictures of each part.
    pub fn ranges(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.batch).step_by(self.each).map(move |first| first..self.batch.min(first + self.each))
    }

    /// The part of something that has a row for each picture.
    pub fn take(&self, whole: &Var, part: &Range<usize>) -> Var {
        if self.is_whole() { whole.clone() } else { slice_rows(whole, part.clone()) }
    }

    /// What a part's mean contributes to the mean of the batch.
    pub fn weigh(&self, mean: &Var, part: &Range<usize>) -> Var {
        if self.is_whole() { mean.clone() } else { scale(mean, part.len() as f32 / self.batch as f32) }
    }

    /// The sum over the parts of what `of_part` makes of each, such as means that were weighed.
    pub fn sum(self, of_part: impl FnMut(Range<usize>) -> Var) -> Var {
        self.ranges().map(of_part).reduce(|sum, part| add(&sum, &part)).expect("a batch has pictures")
    }

    /// The rows of all parts, each as `of_part` makes them.
    pub fn join(self, of_part: impl FnMut(Range<usize>) -> Var) -> Var {
        let mut parts: Vec<_> = self.ranges().map(of_part).collect();
        if parts.len() == 1 { parts.remove(0) } else { concat_rows(&parts) }
    }

    /// The pictures of a part as they are numbered in the batch of all processes, and how many there are in that.
    pub fn among_all(&self, part: &Range<usize>, world: &World) -> (Range<usize>, usize) {
        let whole = self.batch * world.size();
        let first = world.share(whole).start;
        (first + part.start..first + part.end, whole)
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;
    use crate::parallel::World;

    #[test]
    fn parts_cover_a_batch_once() {
        let ranges = |batch, each| Parts { batch, each }.ranges().collect::<Vec<_>>();
        assert_eq!(ranges(5, 2), [0..2, 2..4, 4..5]);
        assert_eq!(ranges(4, 4), std::slice::from_ref(&(0..4)));
        assert_eq!(Parts { batch: 5, each: 2 }.among_all(&(2..4), &World::alone()), (2..4, 5));
    }
}
