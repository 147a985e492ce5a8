//! Pictures in bands: each network gives what it gives of the whole picture, whatever the height of the bands.

use std::{cell::Cell, ops::Range};

use sumi::{
    autograd::Tape,
    models::{animegan::AnimeGenerator, cartoongan::CartoonGenerator, resnet::Resnet},
    nn::{
        AvgPool2d, BatchNorm2d, Conv2d, ConvTranspose2d, GroupNorm, InstanceNorm2d, Linear, Module, Relu, Residual,
        Sequential, Upsample,
        bands::{forward, in_bands, whole},
        init::Init,
    },
    ops::{self, conv::Conv2d as Config},
    tensor::Tensor,
};

use crate::common::gpu;

/// Values in [-1, 1], smooth enough for statistics to differ from place to place.
fn picture([height, width, channels]: [usize; 3]) -> Vec<f32> {
    let at = |i: usize| {
        let (y, x, c) = (i / (width * channels), i / channels % width, i % channels);
        ((0.31 * y as f64 + 0.17 * (x * x) as f64).sin() * 0.6 + 0.4 * ((y * 7 + x * 3 + c) as f64).cos()) as f32
    };
    (0..height * width * channels).map(at).collect()
}

/// Gives every parameter, norms' included, other values than zeros and ones.
fn shake(network: &dyn Module) {
    for (number, (_, parameter)) in network.parameters().into_iter().enumerate() {
        let len = parameter.var().value().len();
        let values = parameter.var().value().to_vec().expect("the device works");
        let shaken = (0..len).map(|i| values[i] + 0.3 * ((i * 13 + number * 5) as f32).sin());
        parameter.load(&shaken.collect::<Vec<_>>());
    }
}

/// The largest distance between the network's output for a picture and that in bands of `rows`.
#[track_caller]
fn distance(network: &dyn Module, tape: &Tape, size: [usize; 3], rows: usize) -> f32 {
    let values = picture(size);
    let [h, w, c] = size;
    let x = tape.constant(Tensor::from_slice(tape.gpu(), [1, h, w, c], &values));
    let expected = tape.no_grad(|| network.forward(&x));
    let [_, height, width, channels] = expected.shape().nhwc("expected");
    let expected = expected.value().to_vec().expect("the device works");

    let layers = network.structure().expect("it can be done in bands");
    let (bands, mut next, mut found) = (Cell::new(0), 0, Vec::new());
    let mut each = |rows: Range<usize>, band: Vec<f32>| {
        assert_eq!((rows.start, band.len()), (next, rows.len() * width * channels));
        next = rows.end;
        found.extend(band);
    };
    let count = || bands.set(bands.get() + 1);
    forward(tape, &layers, values, size, rows, &mut each, &count).expect("the device works");
    assert_eq!((next, found.len()), (height, expected.len()));
    assert_eq!(bands.get(), in_bands(&layers, size, rows).bands, "the cost tells how many bands there are");
    let scale = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
    found.iter().zip(&expected).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f32::max)
}

#[track_caller]
fn agrees(network: &dyn Module, tape: &Tape, size: [usize; 3], heights: &[usize]) {
    shake(network);
    for rows in heights {
        let distance = distance(network, tape, size, *rows);
        assert!(distance < 1e-4, "{size:?} in bands of {rows} is off by {distance:.1e}");
    }
}

#[test]
fn every_generator_in_bands_is_the_generator() {
    let (tape, mut init) = (ops::tape(&gpu()), Init::new(1, 0));
    let heights = [1, 3, 8, 17, 100];
    agrees(&Resnet::cyclegan(4, 2).generator(&tape, &mut init), &tape, [20, 12, 3], &heights);
    agrees(&Resnet::cut(4, 2).generator(&tape, &mut init), &tape, [16, 28, 3], &heights);
    agrees(&CartoonGenerator { width: 4 }.generator(&tape, &mut init), &tape, [24, 16, 3], &heights);
    for align_corners in [false, true] {
        let anime = AnimeGenerator { width: 4, blocks: 2, align_corners, recomputed: false };
        agrees(&anime.generator(&tape, &mut init), &tape, [20, 16, 3], &[1, 5, 8, 100]);
    }
}

#[test]
fn layers_with_strides_dilations_and_gaps() {
    let (tape, mut init) = (ops::tape(&gpu()), Init::new(2, 0));
    let mut conv = |kernel, stride, padding, dilation| {
        let config = Config { stride: [stride; 2], padding: [padding; 2], dilation: [dilation; 2], groups: 1 };
        Sequential::new().with(Conv2d::new(&tape, &mut init, 2, 3, kernel, config, true, 0.5))
    };
    let convolutions = [conv(3, 1, 1, 1), conv(4, 2, 1, 1), conv(3, 1, 2, 2), conv(2, 3, 0, 1), conv(5, 2, 4, 1)];
    for network in &convolutions {
        agrees(network, &tape, [13, 9, 2], &[1, 2, 4, 13]);
    }
    // The last one's strides leave gaps between what its inputs reach.
    for [kernel, stride, padding, extra] in [[3, 2, 1, 1], [4, 2, 1, 0], [5, 3, 2, 2], [2, 3, 0, 2]] {
        let config = Config { stride: [stride; 2], padding: [padding; 2], ..Config::default() };
        let up = ConvTranspose2d::new(&tape, &mut init, 2, 3, kernel, config, extra, true, 0.5);
        agrees(&Sequential::new().with(up), &tape, [7, 5, 2], &[1, 2, 3, 7]);
    }
    let resampled = Sequential::new()
        .with(Upsample::Nearest { factor: 3 })
        .with(AvgPool2d::new(3, 2))
        .with(Upsample::Bilinear { factor: 2, align_corners: true });
    agrees(&resampled, &tape, [9, 7, 2], &[1, 2, 5, 9]);
}

#[test]
fn shortcuts_of_every_kind() {
    let (tape, mut init) = (ops::tape(&gpu()), Init::new(3, 0));
    let mut conv = || {
        let config = Config { padding: [1; 2], ..Config::default() };
        Conv2d::new(&tape, &mut init, 4, 4, 3, config, true, 0.5)
    };
    let norm = || InstanceNorm2d::new(&tape, 4, true, 1e-5);
    // Without a norm the shortcut's rows are asked for twice in a band; two norms in a row; a shortcut in a shortcut.
    let plain = Residual::new(Sequential::new().with(conv()).with(Relu));
    let inner = Residual::new(Sequential::new().with(norm()).with(conv()).with(GroupNorm::new(&tape, 2, 4, 1e-5)));
    let outer = Residual::new(Sequential::new().with(conv()).with(inner).with(norm()).with(norm()));
    let network = Sequential::new().with(conv()).with(plain).with(outer).with(Relu).with(conv());
    agrees(&network, &tape, [11, 6, 4], &[1, 2, 5, 11]);
    agrees(&Sequential::new().with(norm()).with(Relu), &tape, [5, 3, 4], &[1, 2, 5]);

    let batch = BatchNorm2d::new(&tape, &mut Init::new(4, 0), 4, 0.1);
    assert!(batch.structure().is_none(), "in training it moves its running statistics");
    batch.train(false);
    agrees(&batch, &tape, [5, 3, 4], &[2]);
    assert!(Linear::new(&tape, &mut Init::new(5, 0), 3, 3, true).structure().is_none());
}

/// What the cost says is what is there: no more device memory, and not much less.
#[test]
fn the_cost_is_told_before() {
    for rows in [None, Some(16), Some(64)] {
        let gpu = crate::common::own_gpu();
        let tape = ops::tape(&gpu);
        let network = CartoonGenerator { width: 8 }.generator(&tape, &mut Init::new(6, 0));
        let (size, layers) = ([256, 320, 3], network.structure().expect("it can be done in bands"));
        gpu.finish().expect("the device works");
        let before = gpu.memory().bytes;
        let cost = match rows {
            None => {
                let x = tape.constant(Tensor::from_slice(&gpu, [1, 256, 320, 3], &picture(size)));
                let y = tape.no_grad(|| network.forward(&x));
                drop(x);
                y.value().to_vec().expect("the device works");
                whole(&layers, size)
            }
            Some(rows) => {
                forward(&tape, &layers, picture(size), size, rows, &mut |_, _| {}, &|| {}).expect("the device works");
                in_bands(&layers, size, rows)
            }
        };
        let taken = gpu.memory().bytes - before;
        // Packed weights, parameters and tables come on top; not every family of kernels takes all that was told.
        let close = taken as f64 <= 1.1 * cost.device as f64 + 4e6 && taken as f64 >= 0.6 * cost.device as f64;
        assert!(close, "bands of {rows:?}: {taken} bytes were taken, {} were told", cost.device);
    }
}
