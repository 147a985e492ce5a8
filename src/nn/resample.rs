//! Padding, upsampling and pooling as layers.

use super::Module;
use crate::{
    autograd::Var,
    ops::resample::{avg_pool2d, blur_pool2d, blur_upsample2d, reflection_pad2d, upsample_bilinear, upsample_nearest},
};

/// `torch.nn.ReflectionPad2d`.
pub struct ReflectionPad2d {
    sides: [usize; 4],
}

impl ReflectionPad2d {
    /// A layer that adds `sides` = `[top, bottom, left, right]`; PyTorch's order is left, right, top, bottom.
    pub fn new(sides: [usize; 4]) -> Self {
        Self { sides }
    }
}

/// `torch.nn.Upsample` by a whole factor.
pub enum Upsample {
    /// Each pixel `factor` by `factor` times.
    Nearest {
        /// Output pixels to an input pixel, along each axis.
        factor: usize,
    },
    /// By straight lines between neighbours.
    Bilinear {
        /// Output pixels to an input pixel, along each axis.
        factor: usize,
        /// Whether the corners' centres stay where they are; else the pictures' edges do.
        align_corners: bool,
    },
}

/// `torch.nn.AvgPool2d`, without padding.
pub struct AvgPool2d {
    kernel: [usize; 2],
    stride: [usize; 2],
}

impl AvgPool2d {
    /// A layer that takes the means of `kernel` by `kernel` pixels, `stride` apart.
    pub fn new(kernel: usize, stride: usize) -> Self {
        Self { kernel: [kernel; 2], stride: [stride; 2] }
    }
}

/// Half the extent, blurred before: see [`blur_pool2d`]. CUT's `Downsample`.
pub struct BlurPool2d;

/// Twice the extent, blurred after: see [`blur_upsample2d`]. CUT's `Upsample`.
pub struct BlurUpsample2d;

impl Module for ReflectionPad2d {
    fn forward(&self, x: &Var) -> Var {
        reflection_pad2d(x, self.sides)
    }
}

impl Module for Upsample {
    fn forward(&self, x: &Var) -> Var {
        let [_, h, w, _] = x.shape().nhwc("Upsample");
        match *self {
            Self::Nearest { factor } => upsample_nearest(x, factor),
            Self::Bilinear { factor, align_corners } => upsample_bilinear(x, [factor * h, factor * w], align_corners),
        }
    }
}

impl Module for AvgPool2d {
    fn forward(&self, x: &Var) -> Var {
        avg_pool2d(x, self.kernel, self.stride)
    }
}

impl Module for BlurPool2d {
    fn forward(&self, x: &Var) -> Var {
        blur_pool2d(x)
    }
}

impl Module for BlurUpsample2d {
    fn forward(&self, x: &Var) -> Var {
        blur_upsample2d(x)
    }
}
