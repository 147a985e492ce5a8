//! Any picture to a square: the shorter side to `size`, the middle of the longer one.

use image::{
    RgbImage,
    imageops::{self, FilterType},
};

/// The middle square of a picture, resized to `size` × `size`: [size, size, 3] bytes.
///
/// The filter is Catmull and Rom's cubic, widened by the scale when it makes a picture smaller, so that it averages
/// over all the pixels it merges (no aliasing); it rings less around drawn outlines than Lanczos'. It works on the
/// stored sRGB values, as the tools do that data sets are usually prepared with. A picture that already has the size
/// keeps its bytes.
///
/// Where the longer side has an odd number of pixels to spare, the left or upper margin is the smaller one: a crop
/// between pixels would blur.
pub(super) fn square(picture: &RgbImage, size: usize) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    let (left, top) = ((width - side) / 2, (height - side) / 2);
    let middle = imageops::crop_imm(picture, left, top, side, side).to_image();
    let target = u32::try_from(size).expect("sizes of pictures fit 32 bits");
    if side == target {
        return middle.into_raw();
    }
    imageops::resize(&middle, target, target, FilterType::CatmullRom).into_raw()
}
