//! Drawings whose outlines are blurred: what a discriminator has to tell from clean ones (CartoonGAN, Chen, Lai and
//! Liu, CVPR 2018), so that the generator learns to draw clean lines.

use image::RgbImage;
use rayon::prelude::*;

use super::{DataError, Labels, Pictures, canny, pictures::memory_for};

/// Canny's two thresholds, in sums of Sobel's |dx| + |dy| over bytes.
const THRESHOLDS: [i32; 2] = [100, 200];

/// Pixels that the edge is widened by to each side, and that the blur reaches.
const REACH: usize = 2;

/// The blur's weights along each axis, of 16: OpenCV's Gaussian of five taps.
const WEIGHTS: [u32; 5] = [1, 4, 6, 4, 1];

/// A picture blurred along its edges and nowhere else, as AnimeGANv2's set is prepared: edges by Canny (100, 200) on
/// grey, widened by a square of 5×5, and there a Gaussian of 5×5 (1 4 6 4 1 along each axis). The border is mirrored.
pub fn smooth_edges(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let mut pixels = picture.as_raw().clone();
    smooth(picture.as_raw(), &mut pixels, [height as usize, width as usize]);
    RgbImage::from_raw(width, height, pixels).expect("as many bytes as before")
}

impl Pictures {
    /// The same set with blurred edges ([`smooth_edges`]), by all cores. No labels.
    ///
    /// Errors: [`DataError::TooLarge`].
    pub fn smoothed(&self) -> Result<Self, DataError> {
        let mut bytes = memory_for(self.len(), self.size())?;
        bytes.extend_from_slice(self.pixels());
        let each = 3 * self.height() * self.width();
        let both = bytes.par_chunks_exact_mut(each).zip(self.pixels().par_chunks_exact(each));
        both.for_each(|(smoothed, picture)| smooth(picture, smoothed, self.size()));
        Ok(Self::new(self.size(), bytes, Labels::none()))
    }
}

/// Overwrites the pixels of `smoothed`, a copy of `picture` [height, width, 3], that are near an edge.
fn smooth(picture: &[u8], smoothed: &mut [u8], [height, width]: [usize; 2]) {
    let edges = canny::edges(&canny::grey(picture), [height, width], THRESHOLDS);
    for (place, pixel) in smoothed.chunks_exact_mut(3).enumerate() {
        let (x, y) = (place % width, place / width);
        let mut rows = y.saturating_sub(REACH)..height.min(y + REACH + 1);
        let columns = x.saturating_sub(REACH)..width.min(x + REACH + 1);
        if rows.any(|y| edges[y * width + columns.start..y * width + columns.end].contains(&true)) {
            pixel.copy_from_slice(&blurred(picture, [height, width], [y, x]));
        }
    }
}

/// The Gaussian mean around one pixel, rounded.
fn blurred(picture: &[u8], [height, width]: [usize; 2], [y, x]: [usize; 2]) -> [u8; 3] {
    let mut sums = [0; 3];
    for (down, row_weight) in WEIGHTS.into_iter().enumerate() {
        let row = mirrored(y + down, height) * width;
        for (right, weight) in WEIGHTS.into_iter().enumerate() {
            let place = 3 * (row + mirrored(x + right, width));
            for (sum, &value) in sums.iter_mut().zip(&picture[place..place + 3]) {
                *sum += row_weight * weight * u32::from(value);
            }
        }
    }
    sums.map(|sum| ((sum + 128) >> 8) as u8)
}

/// The index that stands `REACH` before `at`, mirrored at both ends without repeating the end itself.
fn mirrored(at: usize, count: usize) -> usize {
    let period = (2 * (count - 1)).max(1);
    let folded = (at + REACH * (2 * period - 1)) % period;
    folded.min(period - folded).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::mirrored;

    #[test]
    fn the_border_is_mirrored_however_narrow_the_picture() {
        let mirror = |count| (0..count + 4).map(|at| mirrored(at, count)).collect::<Vec<_>>();
        assert_eq!(mirror(4), [2, 1, 0, 1, 2, 3, 2, 1]);
        assert_eq!(mirror(3), [2, 1, 0, 1, 2, 1, 0]);
        assert_eq!(mirror(2), [0, 1, 0, 1, 0, 1]);
        assert_eq!(mirror(1), [0; 5]);
    }
}
