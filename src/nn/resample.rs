//! Padding, upsampling and pooling as layers.

use super::{Layer, Module, RowMap, Rowwise, structure::Resampled};
use crate::{
    autograd::Var,
    ops::resample::{
        Taps, avg_pool2d, blur_pool2d, blur_upsample2d, reflection_pad2d, upsample_bilinear, upsample_nearest,
    },
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

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Rows(self)])
    }
}

impl Rowwise for ReflectionPad2d {
    fn rows(&self, input: [usize; 3]) -> Box<dyn RowMap + '_> {
        let [top, bottom, left, right] = self.sides;
        resampled(input, |h| Taps::reflect(h, top, bottom), |w| Taps::reflect(w, left, right))
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

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Rows(self)])
    }
}

impl Rowwise for Upsample {
    fn rows(&self, input: [usize; 3]) -> Box<dyn RowMap + '_> {
        let map = |n| match *self {
            Self::Nearest { factor } => Taps::nearest(n, factor),
            Self::Bilinear { factor, align_corners } => Taps::bilinear(n, factor * n, align_corners),
        };
        resampled(input, map, map)
    }
}

impl Module for AvgPool2d {
    fn forward(&self, x: &Var) -> Var {
        avg_pool2d(x, self.kernel, self.stride)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Rows(self)])
    }
}

impl Rowwise for AvgPool2d {
    fn rows(&self, input: [usize; 3]) -> Box<dyn RowMap + '_> {
        let map = |axis: usize| move |n| Taps::average(n, self.kernel[axis], self.stride[axis]);
        resampled(input, map(0), map(1))
    }
}

impl Module for BlurPool2d {
    fn forward(&self, x: &Var) -> Var {
        blur_pool2d(x)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Rows(self)])
    }
}

impl Rowwise for BlurPool2d {
    fn rows(&self, input: [usize; 3]) -> Box<dyn RowMap + '_> {
        resampled(input, Taps::blur_down, Taps::blur_down)
    }
}

impl Module for BlurUpsample2d {
    fn forward(&self, x: &Var) -> Var {
        blur_upsample2d(x)
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        Some(vec![Layer::Rows(self)])
    }
}

impl Rowwise for BlurUpsample2d {
    fn rows(&self, input: [usize; 3]) -> Box<dyn RowMap + '_> {
        resampled(input, Taps::blur_up, Taps::blur_up)
    }
}

/// The maps along both axes on pictures of one size.
fn resampled(
    [height, width, channels]: [usize; 3],
    down: impl Fn(usize) -> Taps,
    across: impl Fn(usize) -> Taps,
) -> Box<dyn RowMap> {
    Box::new(Resampled { down: down(height), across: across(width), channels })
}
