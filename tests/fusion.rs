//! Launches that the kernel before them does: the same bits as one after the other, and fewer launches.

use sumi::{
    autograd::Var,
    gpu::{Family, FamilyKind, Gpu, Options},
    ops::{
        self,
        activation::{leaky_relu, relu},
        conv::{Conv2d, conv_transpose2d, conv2d},
        elementwise::{add, mul, square},
        norm::{Running, batch_norm, instance_norm},
        random::Random,
        reduce::{Axis, sum},
        resample::reflection_pad2d,
    },
    tensor::Shape,
    train::{dcgan, noise::Painter},
};

use crate::common::{families, open, wanted_adapter};

/// A network of one layer: from a picture and the layer's weights and bias.
type Layer = fn(&Var, &Var, &Var) -> Var;

/// Each with what is to be done besides its kernel, and the extents `[n, h, w, c]` of its input.
const LAYERS: [(&str, Layer, [usize; 4]); 7] = [
    ("convolution, bias, leaky_relu", |x, w, b| leaky_relu(&conv2d(x, w, Some(b), &stride_2()), 0.2), [3, 9, 7, 5]),
    ("convolution, bias, residual", |x, w, b| add(x, &conv2d(x, w, Some(b), &same())), [2, 7, 11, 5]),
    ("transposed, bias, relu", |x, w, b| relu(&conv_transpose2d(x, w, Some(b), &stride_2(), [0, 0])), [2, 5, 6, 5]),
    (
        "batch norm, relu, twice",
        |x, w, b| {
            let running = Running::new(x.value().gpu(), 5);
            let norm = |x: &Var| relu(&batch_norm(x, b, b, &running, true, 0.1, 1e-5));
            norm(&conv2d(&norm(x), w, None, &same()))
        },
        [3, 6, 5, 5],
    ),
    (
        "instance norm, residual",
        |x, w, b| add(x, &instance_norm(&conv2d(x, w, Some(b), &same()), None, 1e-5)),
        [2, 9, 8, 5],
    ),
    (
        "relu before a padding",
        |x, w, b| {
            let y = relu(&instance_norm(&conv2d(x, w, Some(b), &same()), None, 1e-5));
            conv2d(&reflection_pad2d(&y, [1, 1, 1, 1]), w, None, &Conv2d::default())
        },
        [2, 9, 8, 5],
    ),
    (
        "two uses of one value",
        |x, w, b| {
            let y = conv2d(x, w, Some(b), &same());
            mul(&relu(&y), &y)
        },
        [2, 5, 8, 5],
    ),
];

fn same() -> Conv2d {
    Conv2d { padding: [1, 1], ..Conv2d::default() }
}

fn stride_2() -> Conv2d {
    Conv2d { stride: [2, 2], ..same() }
}

/// A device of one's own with the kernels of a family, which does launch after launch where it is `unfused`.
fn own(like: &Gpu, unfused: bool) -> Gpu {
    let kinds = [FamilyKind::Panels, FamilyKind::Tiled, FamilyKind::Lanes];
    let family = kinds.into_iter().find(|kind| like.adapter().family_of(*kind) == like.family());
    open(&Options { adapter: wanted_adapter(), checked: true, family, unfused, ..Options::default() })
}

/// The layer's output and the gradients of its input, weights and bias, as bits.
fn results(gpu: &Gpu, layer: Layer, extents: [usize; 4]) -> Vec<Vec<u32>> {
    let tape = ops::tape(gpu);
    let random = Random::new(gpu, 5, 0);
    let leaf = |shape: Shape| tape.leaf(random.normal(shape));
    let leaves = [leaf(extents.into()), leaf([3, 3, 5, 5].into()), leaf([5].into())];
    let y = layer(&leaves[0], &leaves[1], &leaves[2]);
    let output = y.value().clone();
    // So that the last layer's activation is not looked at by the loss alone.
    sum(&square(&mul(&y, &y)), Axis::All).backward();
    drop(y);
    let gradients = leaves.iter().map(|leaf| leaf.grad().expect("it has one").value().clone());
    let tensors: Vec<_> = [output].into_iter().chain(gradients).collect();
    tensors.iter().map(|tensor| tensor.to_words().expect("the device answers")).collect()
}

#[test]
fn layers_are_the_same_bits_fused_or_not() {
    for gpu in families() {
        let one_by_one = own(&gpu, true);
        for (name, layer, extents) in LAYERS {
            let (got, want) = (results(&gpu, layer, extents), results(&one_by_one, layer, extents));
            for (what, (got, want)) in ["output", "input", "weight", "bias"].iter().zip(got.iter().zip(&want)) {
                // -0 is 0: a bias that is not there is added as 0.
                let same = got.iter().zip(want).all(|(g, w)| f32::from_bits(*g) == f32::from_bits(*w));
                assert!(same, "{name} on {:?}: {what} differs", gpu.family());
            }
        }
    }
}

/// How often a second step launches an activation, where the device can tell, and the moments after it.
fn dcgan_step(gpu: &Gpu) -> (u64, Vec<Vec<u32>>) {
    let config = dcgan::Config { size: 32, batch: 4, nz: 8, ngf: 8, ndf: 8, ..dcgan::Config::default() };
    let mut trainer = dcgan::Trainer::new(gpu, &config);
    let pictures: Vec<u8> = (0..4 * 32 * 32 * 3).map(|i| (i * 37 % 251) as u8).collect();
    for _ in 0..2 {
        gpu.start_profile();
        trainer.step(&pictures, None).expect("the device works");
        gpu.finish().expect("the device works");
    }
    let activation = |name: &str| name.contains("relu");
    let launches = gpu.profile().rows().iter().filter(|(name, _)| activation(name)).map(|(_, row)| row.calls).sum();
    let moments = [&trainer.discriminator_adam, &trainer.generator_adam].map(|adam| adam.moments());
    (launches, moments.iter().flatten().map(|(_, m)| m.to_words().expect("the device answers")).collect())
}

#[test]
fn a_training_step_is_the_same_bits_and_launches_few_activations() {
    for gpu in families() {
        let family = gpu.family();
        // A device's profile counts whatever is launched on it, and other tests share the family's.
        let [(launches, moments), (all, plain)] = [false, true].map(|unfused| dcgan_step(&own(&gpu, unfused)));
        assert!(moments == plain, "{family:?}: the moments differ");
        // Where a product is cut into parts, what adds them has no epilogue.
        let most = if family == Family::Tiled { all / 2 } else { all / 8 };
        assert!(launches <= most, "{family:?}: {launches} of {all} activations are launched");
    }
}
