//! Pictures that can be seen through: the colours and the opacity, apart.

use image::{DynamicImage, GrayImage, Rgb, RgbImage, Rgba, RgbaImage};

/// Colours, and the opacity where any pixel is not opaque.
///
/// Nothing is known of the colour of a pixel that is wholly transparent (files mostly say black): it takes that of the
/// visible pixels around it, so that a network sees no edge where there is none.
pub(super) fn apart(picture: DynamicImage) -> (RgbImage, Option<GrayImage>) {
    if !picture.color().has_alpha() {
        return (picture.into_rgb8(), None);
    }
    let mut picture = picture.into_rgba8();
    fill(&mut picture);
    let (width, height) = picture.dimensions();
    let rgb = RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue, _] = picture.get_pixel(x, y).0;
        Rgb([red, green, blue])
    });
    let opaque = picture.pixels().all(|pixel| pixel[3] == 255);
    let alpha = || GrayImage::from_fn(width, height, |x, y| [picture.get_pixel(x, y)[3]].into());
    (rgb, (!opaque).then(alpha))
}

/// Gives transparent pixels the colour of their surroundings, found at the finest of ever coarser pictures that has
/// one (after Gortler and others, "The Lumigraph", 1996, section 3.4). A picture with nothing visible becomes white.
fn fill(picture: &mut RgbaImage) {
    if picture.pixels().all(|pixel| pixel[3] > 0) {
        return;
    }
    if picture.dimensions() == (1, 1) {
        picture.put_pixel(0, 0, Rgba([255, 255, 255, 0]));
        return;
    }
    let mut half = halved(picture);
    fill(&mut half);
    for (x, y, pixel) in picture.enumerate_pixels_mut().filter(|(_, _, pixel)| pixel[3] == 0) {
        let [red, green, blue, _] = half.get_pixel(x / 2, y / 2).0;
        *pixel = Rgba([red, green, blue, 0]);
    }
}

/// Half as wide and high: colours averaged by their opacity, the opacity their sum, at most 255.
fn halved(picture: &RgbaImage) -> RgbaImage {
    let (width, height) = picture.dimensions();
    RgbaImage::from_fn(width.div_ceil(2), height.div_ceil(2), |x, y| {
        let (mut sums, mut weight) = ([0; 3], 0);
        for y in 2 * y..height.min(2 * y + 2) {
            for x in 2 * x..width.min(2 * x + 2) {
                let [colour @ .., alpha] = picture.get_pixel(x, y).0.map(u32::from);
                weight += alpha;
                for (sum, value) in sums.iter_mut().zip(colour) {
                    *sum += alpha * value;
                }
            }
        }
        let [red, green, blue] = sums.map(|sum| ((sum + weight / 2) / weight.max(1)) as u8);
        Rgba([red, green, blue, weight.min(255) as u8])
    })
}
