//! The DCGAN goldens, put together: stored gradients and losses, and the states that follow from them.

pub use super::State;
use super::formula::{NZ, initial, noise, pictures};
use super::{Digest, File, Tensor};
use sumi::reference::conv::{ConvTranspose2d, conv2d_backward_weight};

/// Pictures in a batch of the ten steps, at ngf = ndf = 8.
pub const BATCH_STEPS: usize = 8;
/// Pictures in the batch at ngf = ndf = 64.
pub const BATCH_FULL_WIDTH: usize = 4;
const STEPS: usize = 10;
const WIDTH_STEPS: usize = 8;
const WIDTH_FULL: usize = 64;

/// One training step of DCGAN. D's half starts from `generator` and `discriminator`; G's half, on the same noise, from
/// `generator` and `discriminator_after`.
#[derive(Clone, Debug)]
pub struct Step {
    /// Adam's step number, from 1.
    pub number: u64,
    /// z `[8, 1, 1, 100]`.
    pub noise: Vec<f64>,
    /// Real pictures `[8, 64, 64, 3]`; the networks see [`super::formula::scaled`].
    pub pictures: Vec<u8>,
    pub generator: State,
    pub discriminator: State,
    /// D on real pictures, D on fakes, G; each the mean over the batch of binary cross-entropy with logits.
    pub losses: [f64; 3],
    /// Of real + fake.
    pub discriminator_gradients: Vec<Tensor>,
    pub discriminator_after: State,
    pub generator_gradients: Vec<Tensor>,
    pub generator_after: State,
    pub float32: Float32,
}

/// How far PyTorch's own float32 is from its float64.
#[derive(Clone, Debug)]
pub struct Float32 {
    /// This step from the golden state: relative errors of the three losses.
    pub forced_losses: [f64; 3],
    /// This step from the golden state: the worst error of D's and of G's gradients, over its tensor's largest entry.
    pub forced_gradients: [f64; 2],
    /// All steps so far on its own: its three losses.
    pub free_losses: [f64; 3],
    /// All steps so far on its own: the L2 distances of D's and of G's weights, all tensors together, from float64's
    /// after this step.
    pub free_distance: [f64; 2],
}

/// D's first half-step at full width.
#[derive(Clone, Debug)]
pub struct FullWidth {
    pub generator: Vec<Tensor>,
    pub discriminator: Vec<Tensor>,
    /// z `[4, 1, 1, 100]`.
    pub noise: Vec<f64>,
    /// Real pictures `[4, 64, 64, 3]`; the network sees [`super::formula::scaled`].
    pub pictures: Vec<u8>,
    /// D on real pictures and on fakes.
    pub losses: [f64; 2],
    /// Of D, real + fake, in the order of its tensors.
    pub gradients: Vec<Digest>,
    /// Some entries of G's pictures `[4, 64, 64, 3]`, those that [`sample`] takes.
    pub fake: Vec<f64>,
    /// PyTorch float32's relative errors of the losses.
    pub float32_losses: [f64; 2],
    /// PyTorch float32's worst gradient error, over its tensor's largest entry.
    pub float32_gradients: f64,
}

/// The ten steps, in order. States are float64 PyTorch's to 1e-9; see `make_dcgan.py`.
pub fn steps() -> impl Iterator<Item = Step> {
    let file = File::open(include_bytes!("dcgan_steps.safetensors"));
    let seed = file.numbers("seed")[0] as u64;
    let (generator, discriminator) = initial(WIDTH_STEPS, seed);
    let start = (State::at_rest(generator), State::at_rest(discriminator));
    (0..STEPS).scan(start, move |(generator, discriminator), index| {
        let number = index as u64 + 1;
        let noise = noise(BATCH_STEPS, seed, number);
        let discriminator_gradients = stored_gradients(&file, &discriminator.weights, index, &noise);
        let generator_gradients = stored_gradients(&file, &generator.weights, index, &noise);
        let step = Step {
            number,
            pictures: pictures(BATCH_STEPS, seed, number),
            losses: file.row("losses", index),
            discriminator_after: discriminator.updated(&discriminator_gradients, number),
            generator_after: generator.updated(&generator_gradients, number),
            float32: Float32 {
                forced_losses: file.row("float32.forced.losses", index),
                forced_gradients: file.row("float32.forced.gradients", index),
                free_losses: file.row("float32.free.losses", index),
                free_distance: file.row("float32.free.distance", index),
            },
            noise,
            discriminator_gradients,
            generator_gradients,
            generator: generator.clone(),
            discriminator: discriminator.clone(),
        };
        (*generator, *discriminator) = (step.generator_after.clone(), step.discriminator_after.clone());
        Some(step)
    })
}

/// The half-step at ngf = ndf = 64.
pub fn full_width() -> FullWidth {
    let file = File::open(include_bytes!("dcgan_full_width.safetensors"));
    let seed = file.numbers("seed")[0] as u64;
    let (generator, discriminator) = initial(WIDTH_FULL, seed);
    let digest = |Tensor { name, .. }: &Tensor| Digest {
        name: name.clone(),
        sample: file.numbers(&format!("sample.{name}")),
        max: file.numbers(&format!("max.{name}"))[0],
        norm: file.numbers(&format!("norm.{name}"))[0],
    };
    FullWidth {
        gradients: discriminator.iter().map(digest).collect(),
        noise: noise(BATCH_FULL_WIDTH, seed, 1),
        pictures: pictures(BATCH_FULL_WIDTH, seed, 1),
        losses: file.row("losses", 0),
        fake: file.numbers("sample.fake"),
        float32_losses: file.row("float32.losses", 0),
        float32_gradients: file.numbers("float32.gradients")[0],
        generator,
        discriminator,
    }
}

/// The entries of `values` that a golden sample of `count` holds: those at `⌊i · len / count⌋`, or all if fewer.
pub fn sample(values: &[f64], count: usize) -> Vec<f64> {
    let count = count.min(values.len());
    (0..count).map(|i| values[i * values.len() / count]).collect()
}

/// The gradients by all of `weights` in the step at `index`. Of G's first layer the file holds the output's gradient,
/// from which, and the noise, its weights' gradient follows.
fn stored_gradients(file: &File<'_>, weights: &[Tensor], index: usize, noise: &[f64]) -> Vec<Tensor> {
    let at_index = |name: &str, len: usize| file.numbers(name)[index * len..][..len].to_vec();
    let gradient = |Tensor { name, shape, .. }: &Tensor| {
        let values = if name == "generator.0.weight" {
            let c_out = shape[2];
            let (none, one) = ([0; 2], [1; 2]);
            let c = ConvTranspose2d::new([BATCH_STEPS, 1, 1, NZ], c_out, [4, 4], one, none, none, one, 1);
            let output_gradient = at_index("output_gradient.generator.0", BATCH_STEPS * 4 * 4 * c_out);
            conv2d_backward_weight(&output_gradient, noise, &c.conv())
        } else {
            at_index(&format!("gradient.{name}"), shape.iter().product())
        };
        Tensor { name: name.clone(), shape: shape.clone(), values }
    };
    weights.iter().map(gradient).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The states are recomputed from stored gradients; they must arrive where PyTorch's own Adam did.
    #[test]
    fn recomputed_weights_are_those_pytorch_had() {
        let file = File::open(include_bytes!("dcgan_steps.safetensors"));
        let mut worst: f64 = 0.0;
        let mut compare = |weights: &[Tensor], index: usize| {
            for Tensor { name, values, .. } in weights {
                let stored = file.numbers(&format!("sample.{name}"));
                let count = stored.len() / (STEPS + 1);
                let got = sample(values, count);
                assert_eq!(got.len(), count, "{name}");
                for (got, want) in got.iter().zip(&stored[index * count..]) {
                    assert!((got - want).abs() <= 1e-9, "{name} before step {}: {got} is not {want}", index + 1);
                    worst = worst.max((got - want).abs());
                }
            }
        };
        for step in steps() {
            let index = step.number as usize - 1;
            compare(&step.generator.weights, index);
            compare(&step.discriminator.weights, index);
            compare(&step.generator_after.weights, index + 1);
            compare(&step.discriminator_after.weights, index + 1);
        }
        println!("recomputed weights are within {worst:.1e} of PyTorch's");
    }

    /// A bound is worth something only if PyTorch's own float32 keeps it, ten times over.
    #[test]
    fn pytorch_float32_itself_keeps_the_bounds() {
        for step in steps() {
            let Float32 { forced_losses, forced_gradients, free_losses, free_distance } = step.float32;
            assert!(forced_losses.iter().all(|e| *e <= 1e-6), "step {}: losses {forced_losses:?}", step.number);
            assert!(forced_gradients.iter().all(|e| *e <= 1e-5), "step {}: {forced_gradients:?}", step.number);
            assert!(free_distance.iter().all(|d| *d > 0.0), "step {}: float32 cannot be exact", step.number);
            for (free, golden) in free_losses.iter().zip(step.losses) {
                assert!((free - golden).abs() <= 1e-5 * golden, "step {}: {free} and {golden}", step.number);
            }
        }
        let full = full_width();
        assert!(full.float32_losses.iter().all(|e| *e <= 1e-5), "{:?}", full.float32_losses);
        assert!(full.float32_gradients <= 1e-5, "{:?}", full.float32_gradients);
    }

    #[test]
    fn the_formulas_make_the_same_weights_as_in_python() {
        let full = full_width();
        let file = File::open(include_bytes!("dcgan_full_width.safetensors"));
        let counts = [&full.generator, &full.discriminator].map(|n| n.iter().map(|w| w.values.len()).sum::<usize>());
        assert_eq!(counts, [3_576_704, 2_765_568], "the parameters of DCGAN-64");
        for Tensor { name, values, .. } in full.generator.iter().chain(&full.discriminator) {
            let (got, want) = (values.iter().sum::<f64>(), file.numbers(&format!("sum.{name}"))[0]);
            // One weight of millions may round the other way: libraries differ in the last place of sine and logarithm.
            assert!((got - want).abs() <= 1e-8, "{name}: the sum is {got}, in Python {want}");
        }
    }
}
