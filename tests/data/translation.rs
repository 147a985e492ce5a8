//! What translation needs beside batches: blurred edges, measures of likeness, and what needs no learning.

use image::{Rgb, RgbImage};
use sumi::data::{
    Labels, Pictures,
    compare::{
        ColourStatistics, Likeness, delta_e, lab_of_rgb, likeness, match_colours, posterise_with_edges, psnr,
        rgb_of_lab, ssim,
    },
    smooth_edges,
};

/// A rough disc on a rough ground, moved to the left.
fn disc(left: i32) -> RgbImage {
    RgbImage::from_fn(40, 28, |x, y| {
        let (x, y) = (x as i32 + left, y as i32);
        let (noise, inside) = ((x * 37 + y * 61 + x * y * 11) % 97, (x - 15).pow(2) + (y - 13).pow(2) < 81);
        let ground = if inside { [190, 120, 60] } else { [40, 80, 150] };
        Rgb([ground[0] + noise / 4, ground[1] + noise / 3, ground[2] - noise / 5].map(|value| value as u8))
    })
}

fn set_of(pictures: &[RgbImage]) -> Pictures {
    let (width, height) = pictures[0].dimensions();
    let bytes = pictures.iter().flat_map(|picture| picture.as_raw().clone()).collect();
    Pictures::new([height as usize, width as usize], bytes, Labels::none())
}

/// FNV-1a.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

fn assert_close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{got}, not {want}");
}

/// The digest is that of OpenCV 5: Canny(100, 200), a dilation by 5×5, and there getGaussianKernel(5, 0) on a mirrored
/// border, rounded.
#[test]
fn edges_are_blurred_as_by_opencv() {
    let (sharp, smooth) = (disc(0), smooth_edges(&disc(0)));
    assert_eq!(digest(&sharp), 1_035_188_909_267_065_394, "the picture that the figures are of");
    assert_eq!(digest(&smooth), 2_007_577_994_814_731_730);
    let changed = sharp.pixels().zip(smooth.pixels()).filter(|(a, b)| a != b).count();
    assert_eq!(changed, 349);
    let set = set_of(&[disc(0), disc(2)]).smoothed().expect("two pictures fit memory");
    assert_eq!(
        (set.picture(0), set.picture(1)),
        (smooth.as_raw().as_slice(), smooth_edges(&disc(2)).as_raw().as_slice())
    );
}

#[test]
fn flat_and_tiny_pictures_stay_as_they_are() {
    for (width, height) in [(1, 1), (1, 9), (9, 1), (2, 2), (64, 64)] {
        let flat = RgbImage::from_pixel(width, height, Rgb([9, 80, 200]));
        assert_eq!(smooth_edges(&flat), flat);
    }
    // A bar across a narrow picture: blurred, to the border and beyond.
    let bar = RgbImage::from_fn(2, 12, |_, y| Rgb([if y < 6 { 0 } else { 240 }; 3]));
    let column: Vec<u8> = smooth_edges(&bar).pixels().step_by(2).map(|pixel| pixel[0]).collect();
    assert_eq!(column, [0, 0, 0, 0, 15, 75, 165, 225, 240, 240, 240, 240]);
}

/// The figures of scikit-image 0.26 for the same two pictures: structural_similarity of the luma with gaussian_weights,
/// sigma 1.5, use_sample_covariance False and data_range 255; peak_signal_noise_ratio; deltaE_cie76.
#[test]
fn likeness_is_what_others_measure() {
    let (a, b) = (disc(0), disc(2));
    let (a, b) = (a.as_raw().as_slice(), b.as_raw().as_slice());
    assert_close(ssim(a, b, [28, 40]), 0.373_668_478_887_419_3, 1e-9);
    assert_close(psnr(a, b), 19.240_931_520_422_667, 1e-9);
    assert_close(delta_e(a, b), 15.920_617_305_606_333, 1e-4);
    let (ab, ba) = (set_of(&[disc(0), disc(2)]), set_of(&[disc(2), disc(0)]));
    let both = likeness(&ab, &ba);
    assert_close(both.psnr, psnr(a, b), 1e-12);
    assert_close(both.ssim, ssim(a, b, [28, 40]), 1e-12);
    assert_close(both.delta_e, delta_e(a, b), 1e-12);
    assert_eq!(likeness(&ab, &ab), Likeness { psnr: f64::INFINITY, ssim: 1.0, delta_e: 0.0 });
}

/// By hand: one channel of four is wrong by 51, so MSE = 51²/12 and PSNR = 10 log₁₀(255²·12/51²) = 10 log₁₀ 300.
#[test]
fn psnr_by_hand() {
    let (a, mut b) = ([100; 12], [100; 12]);
    b[7] = 151;
    assert_close(psnr(&a, &b), 10.0 * 300_f64.log10(), 1e-12);
}

/// Of flat pictures only the first factor is left: (2 · 100 · 150 + C₁) / (100² + 150² + C₁).
#[test]
fn ssim_of_flat_pictures_by_hand() {
    let want = (30_000.0 + 6.5025) / (32_500.0 + 6.5025);
    assert_close(ssim(&[100; 363], &[150; 363], [11, 11]), want, 1e-9);
}

#[test]
fn lab_and_back() {
    for (rgb, want) in [
        ([255, 0, 0], [53.240_587_94, 80.092_308_23, 67.202_751_04]),
        ([10, 200, 90], [70.945_772_75, -64.900_312_46, 43.051_706_4]),
        ([3, 2, 1], [0.586_868_92, 0.122_420_68, 0.470_628_06]),
        ([0, 0, 0], [0.0; 3]),
        ([255, 255, 255], [100.0, 0.0, 0.0]),
    ] {
        let lab = lab_of_rgb(rgb);
        (0..3).for_each(|axis| assert_close(lab[axis], want[axis], 6e-3));
    }
    for value in 0..=255_u8 {
        let rgb = [value, value.wrapping_mul(7), value.wrapping_mul(31)];
        assert_eq!(rgb_of_lab(lab_of_rgb(rgb)), rgb);
    }
    assert_eq!(rgb_of_lab([100.0, 200.0, 0.0])[0], 255, "what cannot be shown is clipped");
}

#[test]
fn colours_are_matched_as_a_whole() {
    let photos = set_of(&[disc(0), disc(2)]);
    let reddish = RgbImage::from_fn(40, 28, |x, y| Rgb([150 + (x % 9) as u8, 90 + (y % 7) as u8, 80 + (x % 5) as u8]));
    let anime = ColourStatistics::of(&set_of(&[reddish]));
    for photo_statistics in [None, Some(ColourStatistics::of(&photos))] {
        let matched = ColourStatistics::of(&match_colours(&photos, photo_statistics.as_ref(), &anime));
        for axis in 0..3 {
            // As near as bytes can be.
            assert_close(matched.mean[axis], anime.mean[axis], 0.3);
            assert_close(matched.deviation[axis], anime.deviation[axis], 0.3);
        }
    }
    let own = ColourStatistics::of(&photos);
    assert_eq!(match_colours(&photos, Some(&own), &own).pixels(), photos.pixels(), "nothing to match, nothing moved");
    let flat = set_of(&[RgbImage::from_pixel(4, 4, Rgb([7, 8, 9]))]);
    let colours = match_colours(&flat, None, &anime);
    assert!(colours.pixels().chunks_exact(3).all(|pixel| *pixel == rgb_of_lab(anime.mean)), "one colour stays one");
}

#[test]
fn posterised_pictures_have_few_colours_and_dark_edges() {
    let photo = set_of(&[disc(0)]);
    let drawn = posterise_with_edges(&photo);
    let levels = [0, 51, 102, 153, 204, 255_u8];
    let is_level = |value: &u8| levels.contains(value);
    let (flat, inked): (Vec<_>, Vec<_>) = drawn.pixels().chunks_exact(3).partition(|p| p.iter().all(is_level));
    assert!((40..120).contains(&inked.len()), "{} pixels of the disc's edge are dark", inked.len());
    assert!(inked.iter().all(|pixel| pixel.iter().all(|value| *value <= 77)), "{inked:?}");
    assert!(flat.len() > 900);
    // In the middle of the disc: the photograph's colours to half a level.
    let (got, want) = (drawn.image(0), disc(0));
    let (got, want) = (got.get_pixel(15, 13), want.get_pixel(15, 13));
    assert!((0..3).all(|c| got[c].abs_diff(want[c]) <= 26 + 12), "{got:?} for {want:?}");
}

#[test]
#[should_panic(expected = "likeness: 1 pictures of [28, 40] and 2 of [28, 40]")]
fn sets_of_different_length_are_refused() {
    likeness(&set_of(&[disc(0)]), &set_of(&[disc(0), disc(1)]));
}

#[test]
#[should_panic(expected = "no window of 11×11")]
fn pictures_without_a_window_are_refused() {
    ssim(&[0; 300], &[0; 300], [10, 10]);
}
