//! FID's network and distances against PyTorch and SciPy.

use sumi::{
    data::compare::{Features, Gaussian, frechet_distance, kernel_distance},
    models::inception::{FEATURES, Inception, SIDE},
    nn::parameter_count,
    ops::{elementwise::unpack_bytes, resample::upsample_bilinear, tape},
    train::metric,
};

use crate::{
    common::{gpu, own_gpu},
    golden::inception::{features, golden, write_weights},
};

/// How far a feature may be from PyTorch's float64, by the largest.
const FEATURE: f64 = 1e-4;

/// PyTorch's own network without its classifier has as many.
#[test]
fn there_are_as_many_parameters_as_published() {
    assert_eq!(parameter_count(&Inception::new(&tape(&gpu()))), 21_785_568);
}

#[test]
fn pictures_are_resized_as_pytorch_does() {
    let (golden, gpu) = (golden(), gpu());
    let [height, width] = golden.pictures.size();
    let bytes = unpack_bytes(&gpu, [2, height, width, 3], golden.pictures.pixels());
    let found = upsample_bilinear(&tape(&gpu).constant(bytes), [SIDE; 2], false);
    let found = found.value().to_vec().expect("the device works");
    let mut wanted = golden.resized.iter();
    for picture in 0..2 {
        for (y, x) in [0, 150, 298].into_iter().flat_map(|y| [0, 150, 298].map(|x| (y, x))) {
            for channel in 0..3 {
                let found = f64::from(found[((picture * SIDE + y) * SIDE + x) * 3 + channel]);
                let wanted = wanted.next().expect("there are as many");
                assert!((found - wanted).abs() < 1e-5, "{picture} {y} {x} {channel}: {found} instead of {wanted}");
            }
        }
    }
}

#[test]
fn features_are_those_of_pytorch() {
    let (golden, gpu) = (golden(), own_gpu());
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("inception.safetensors");
    write_weights(&tape(&gpu), &file);
    let inception = metric::Inception::open(&gpu, &file).expect("the weights fit");
    let found = inception.features(&golden.pictures).expect("the device works");
    assert_eq!((found.count(), found.length()), (2, FEATURES));
    let largest = golden.features.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let rows = [found.row(0), found.row(1)].concat();
    let errors = rows.iter().zip(&golden.features).map(|(found, wanted)| (found - wanted).abs() / largest);
    let worst = errors.fold(0.0, f64::max);
    assert!(worst < FEATURE, "off by {worst:e} of the largest");
}

#[test]
fn distances_are_those_of_scipy() {
    let golden = golden();
    let of = |count: usize, step: u64| Features::new(16, &features(count, step));
    let (one, other) = (of(40, 1), of(50, 2));
    let frechet = |a: &Features, b: &Features| frechet_distance(&Gaussian::of(a), &Gaussian::of(b));
    for (found, wanted) in
        [(frechet(&one, &other), golden.frechet[0]), (frechet(&of(10, 1), &of(12, 2)), golden.frechet[1])]
    {
        assert!((found - wanted).abs() < 1e-6 * wanted, "{found} instead of {wanted}");
    }
    let first = Features::new(16, &features(50, 2)[..40 * 16]);
    let found = kernel_distance(&one, &first, 0);
    assert!((found.mean - golden.kernel).abs() < 1e-9 * golden.kernel.abs(), "{found:?}, not {}", golden.kernel);
}
