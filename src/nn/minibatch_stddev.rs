//! A look at the batch as a whole, by which a discriminator notices that a generator draws the same picture again and
//! again.

use super::Module;
use crate::{
    autograd::Var,
    ops::{
        elementwise::{shift, sqrt, square, sub},
        reduce::{Axis, expand, mean},
        shape::{concat_channels, reshape},
    },
};

/// Added to variances before the root is taken, as in StyleGAN2.
const EPS: f32 = 1e-8;

/// One more channel, which tells how much the pictures of a group differ (Karras et al., 2018, as StyleGAN2 has it):
/// `x [N, H, W, C]` → `[N, H, W, C + 1]`.
///
/// Picture n is of group n mod (N / size). The standard deviation of each of its H · W · C numbers over the group, in
/// the mean over all of them, is what the new channel holds in every pixel of the group's pictures.
pub struct MinibatchStddev {
    group: usize,
}

impl MinibatchStddev {
    /// A layer with groups of at most `group` pictures: 4 in StyleGAN2. A batch that does not divide by it is cut into
    /// the largest groups below that it divides by.
    ///
    /// # Panics
    /// When `group` is 0.
    pub fn new(group: usize) -> Self {
        assert!(group > 0, "MinibatchStddev: a group has pictures");
        Self { group }
    }
}

impl Module for MinibatchStddev {
    fn forward(&self, x: &Var) -> Var {
        let [n, h, w, c] = x.shape().nhwc("MinibatchStddev");
        let size = (1..=self.group.min(n)).rev().find(|size| n.is_multiple_of(*size)).unwrap_or(1);
        let (groups, numbers) = (n / size, h * w * c);
        // [size, groups, numbers]: the pictures of a group stand in one column.
        let members = reshape(x, [size, groups * numbers]);
        let means = expand(&mean(&members, Axis::PerChannel), Axis::PerChannel, members.shape());
        let variances = mean(&square(&sub(&members, &means)), Axis::PerChannel);
        let deviations = reshape(&sqrt(&shift(&variances, EPS)), [groups, numbers]);
        let of_groups = mean(&deviations, Axis::PerSample);
        let of_pictures = reshape(&expand(&of_groups, Axis::PerChannel, [size, groups]), [n]);
        concat_channels(&[x.clone(), expand(&of_pictures, Axis::PerSample, [n, h, w, 1])])
    }
}
