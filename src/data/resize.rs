//! Any picture to a given size.

use image::{
    RgbImage,
    imageops::{self, FilterType},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{DataError, Pictures, pictures::memory_for};

/// How a picture of another shape comes to a given size. Written `scale_to_cover` and `resize_and_crop`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fit {
    /// Scaled as a whole until it covers the size, the middle kept: nothing is distorted, some of the longer side is
    /// lost.
    #[default]
    #[serde(rename = "scale_to_cover")]
    Cover,
    /// Each side scaled by itself: all is kept, distorted where the shapes differ. What pytorch-CycleGAN-and-pix2pix
    /// does in `resize_and_crop`.
    #[serde(rename = "resize_and_crop")]
    Stretch,
}

impl Pictures {
    /// The same set, every picture brought to `size`, [height, width]. Labels stay.
    ///
    /// Errors: [`DataError::TooLarge`]. Panics where a side is 0.
    pub fn resized(&self, size: [usize; 2], fit: Fit) -> Result<Self, DataError> {
        let mut bytes = memory_for(self.len(), size)?;
        bytes.resize(3 * self.len() * size[0] * size[1], 0);
        bytes.par_chunks_exact_mut(3 * size[0] * size[1]).enumerate().for_each(|(index, pixels)| {
            pixels.copy_from_slice(to_size(&self.image(index), size, fit).as_raw());
        });
        Ok(Self::new(size, bytes, self.labels().clone()))
    }
}

/// A picture of `size`, [height, width].
///
/// The filter is Catmull and Rom's cubic, widened by the scale when it makes a picture smaller, so that it averages
/// over all the pixels it merges (no aliasing); it rings less around drawn outlines than Lanczos'. It works on the
/// stored sRGB values, as the tools do that data sets are usually prepared with. A picture that already has the size
/// keeps its bytes.
///
/// Where the longer side has an odd number of pixels to spare, the left or upper margin is the smaller one: a crop
/// between pixels would blur.
pub(super) fn to_size(picture: &RgbImage, size: [usize; 2], fit: Fit) -> RgbImage {
    let [height, width] = size.map(|side| u32::try_from(side).expect("sizes of pictures fit 32 bits"));
    let [kept_width, kept_height] = match fit {
        Fit::Cover => largest_inside(picture.dimensions(), (width, height)),
        Fit::Stretch => picture.dimensions().into(),
    };
    let (left, top) = ((picture.width() - kept_width) / 2, (picture.height() - kept_height) / 2);
    let middle = imageops::crop_imm(picture, left, top, kept_width, kept_height).to_image();
    if middle.dimensions() == (width, height) {
        return middle;
    }
    imageops::resize(&middle, width, height, FilterType::CatmullRom)
}

/// [width, height] of the largest part of a picture that has the shape of another, to the nearest pixel.
fn largest_inside((width, height): (u32, u32), (shape_width, shape_height): (u32, u32)) -> [u32; 2] {
    let rounded = |side: u32, factor: u32, divisor: u32| {
        let (product, divisor) = (u64::from(side) * u64::from(factor), u64::from(divisor));
        ((2 * product + divisor) / (2 * divisor)).max(1) as u32
    };
    if u64::from(width) * u64::from(shape_height) >= u64::from(height) * u64::from(shape_width) {
        [rounded(height, shape_width, shape_height).min(width), height]
    } else {
        [width, rounded(width, shape_height, shape_width).min(height)]
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::{Fit, largest_inside, to_size};

    #[test]
    fn the_part_that_is_kept_has_the_shape() {
        for (from, shape, kept) in [
            ((100, 50), (64, 64), [50, 50]),
            ((50, 101), (64, 64), [50, 50]),
            ((400, 300), (32, 48), [200, 300]),
            ((300, 400), (48, 32), [300, 200]),
            ((7, 5), (3, 2), [7, 5]),
            ((3000, 1), (64, 64), [1, 1]),
            ((1, 3000), (1000, 1), [1, 1]),
        ] {
            assert_eq!(largest_inside(from, shape), kept, "{from:?} as {shape:?}");
        }
    }

    /// Left half black, right half white, with a white frame above and below that only a cover cuts away.
    #[test]
    fn covering_cuts_and_stretching_does_not() {
        let picture = RgbImage::from_fn(8, 16, |x, y| Rgb([if !(4..12).contains(&y) || x >= 4 { 255 } else { 0 }; 3]));
        let (cover, stretch) = (to_size(&picture, [8, 8], Fit::Cover), to_size(&picture, [8, 8], Fit::Stretch));
        assert_eq!(cover.get_pixel(0, 0).0, [0; 3]);
        assert_eq!(stretch.get_pixel(0, 0).0, [255; 3]);
        assert_eq!((stretch.get_pixel(0, 4).0, stretch.get_pixel(7, 4).0), ([0; 3], [255; 3]));
        let wide = to_size(&picture, [2, 6], Fit::Cover);
        assert_eq!(wide.dimensions(), (6, 2));
    }
}
