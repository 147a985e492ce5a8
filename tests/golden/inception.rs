//! What FID's Inception-v3 makes of two pictures, and distances of small sets of features; `make_inception.py` tells
//! what each is, and makes the same weights by the same formula.

use std::path::Path;

use safetensors::{Dtype, tensor::TensorView};
use sumi::{
    autograd::Tape,
    data::{Labels, Pictures},
    models::inception::Inception,
    nn::Module,
    reference::random::normal,
    weights::layout::torch_shape,
};

use super::File;

const SEED: u64 = 299;

/// What PyTorch and SciPy found.
pub struct Golden {
    pub pictures: Pictures,
    /// `[2, 2048]`.
    pub features: Vec<f64>,
    /// `[2, 9, 3]`, three by three pixels of what went into the network.
    pub resized: Vec<f64>,
    pub frechet: [f64; 2],
    pub kernel: f64,
}

pub fn golden() -> Golden {
    let golden = File::open(include_bytes!("inception.safetensors"));
    let pictures = golden.tensors.tensor("pictures").expect("there are pictures");
    let [_, height, width, _] = *pictures.shape() else { panic!("pictures have four extents") };
    let frechet = golden.numbers("frechet");
    Golden {
        pictures: Pictures::new([height, width], pictures.data().to_vec(), Labels::none()),
        features: golden.numbers("features"),
        resized: golden.numbers("resized"),
        frechet: [frechet[0], frechet[1]],
        kernel: golden.numbers("kernel")[0],
    }
}

/// The network's state, by name: PyTorch's shape, and the numbers that both sides make.
fn state(tape: &Tape) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let network = Inception::new(tape);
    let parameters = network.parameters().into_iter().map(|(name, p)| (name, torch_shape(p.var().shape().dims())));
    let buffers = network.buffers().into_iter().map(|(name, tensor)| (name, torch_shape(tensor.shape().dims())));
    let mut named: Vec<_> = parameters.chain(buffers).collect();
    named.sort();
    let numbers = |(draw, (name, shape)): (usize, (String, Vec<usize>))| {
        let spread = (2.0 / shape[1..].iter().product::<usize>() as f64).sqrt();
        let of = |z: f64| match shape.len() {
            4 => z * spread,
            _ if name.ends_with("weight") => 1.0 + 0.1 * z,
            _ if name.ends_with("var") => 1.0 + 0.2 * z.abs(),
            _ => 0.1 * z,
        };
        let z = normal(shape.iter().product(), SEED, 0, draw as u32);
        let values = z.into_iter().map(|z| of(z) as f32).collect();
        (name, shape, values)
    };
    named.into_iter().enumerate().map(numbers).collect()
}

/// Writes them as a file of weights, with what else such files hold.
pub fn write_weights(tape: &Tape, path: &Path) {
    let mut state = state(tape);
    state.push(("fc.weight".to_owned(), vec![1008, 1], vec![0.0; 1008]));
    state.push(("Conv2d_1a_3x3.bn.num_batches_tracked".to_owned(), vec![1], vec![0.0]));
    let view = |(name, shape, values): &(String, Vec<usize>, Vec<f32>)| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        (name.clone(), shape.clone(), bytes)
    };
    let bytes: Vec<_> = state.iter().map(view).collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        (name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("as many bytes as the shape says"))
    });
    let file = safetensors::serialize(views, None).expect("names and shapes fit the header");
    std::fs::write(path, file).expect("the file can be written");
}

/// `[count, 16]`, correlated.
pub fn features(count: usize, step: u64) -> Vec<f32> {
    let z = normal(count * 16, SEED, step, 0);
    let row = |row: &[f64]| {
        let mixed = |i: usize| row[i] + 0.5 * row[(i + 15) % 16] * step as f64 + 0.1 * step as f64;
        (0..16).map(|i| mixed(i) as f32).collect::<Vec<_>>()
    };
    z.chunks_exact(16).flat_map(row).collect()
}
