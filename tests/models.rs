//! The networks against PyTorch: as many parameters, the same names and layouts, and from the same weight files the
//! same pictures and logits.

use sumi::{
    autograd::{Tape, Var},
    gpu::Gpu,
    models::{
        animegan::{AnimeDiscriminator, AnimeGenerator},
        cartoongan::CartoonGenerator,
        patch_discriminator::PatchDiscriminator,
        patch_heads::PatchHeads,
        resnet::Resnet,
    },
    nn::{Module, Parameter, Sequential, init::Init, parameter_count},
    ops::{
        rows::{Indices, gather_rows},
        shape::reshape,
        tape,
    },
    tensor::Tensor,
    weights::{StateDict, layout, load_into, read},
};

use crate::{
    common::{families, gpu},
    golden::{
        self,
        networks::{Case, FILES, cases, heads, path, spectral_state},
    },
};

/// How far an output may be from PyTorch's float64, by its largest entry.
const OUTPUT: f64 = 1e-4;

/// The layers whose features CUT's heads are given in the golden file.
const LAYERS: [usize; 4] = [0, 4, 8, 12];

fn init() -> Init {
    Init::new(1, 0)
}

fn count(network: impl FnOnce(&Tape, &mut Init) -> Sequential) -> usize {
    parameter_count(&network(&tape(&gpu()), &mut init()))
}

#[test]
fn at_full_width_there_are_as_many_parameters_as_published() {
    assert_eq!(count(|t, i| Resnet::cyclegan(64, 9).generator(t, i)), 11_378_179);
    assert_eq!(count(|t, i| Resnet::cyclegan(64, 6).generator(t, i)), 7_837_699);
    assert_eq!(count(|t, i| Resnet::cut(64, 9).generator(t, i)), 11_378_179);
    assert_eq!(count(|t, i| PatchDiscriminator::cyclegan(64, 3).discriminator(t, i)), 2_764_737);
    assert_eq!(count(|t, i| PatchDiscriminator::cut(64, 3).discriminator(t, i)), 2_764_737);
    assert_eq!(count(|t, i| AnimeGenerator::default().generator(t, i)), 2_143_552);
    assert_eq!(count(|t, i| AnimeDiscriminator { ndf: 32 }.discriminator(t, i)), 1_128_800);
    assert_eq!(count(|t, i| CartoonGenerator::default().generator(t, i)), 11_129_667);
    let resnet = Resnet::cut(64, 9);
    assert_eq!((resnet.nce_layers(), resnet.nce_channels()), (vec![0, 4, 8, 12, 16], vec![3, 128, 256, 256, 256]));
    let heads = PatchHeads::new(&tape(&gpu()), &mut init(), &resnet.nce_channels(), 256);
    let numbers: usize = heads.parameters().iter().map(|(_, p)| p.var().value().len()).sum();
    assert_eq!(numbers, 560_384);
}

/// Not square, no power of two, several at once.
#[test]
fn sizes_are_those_of_the_published_code() {
    let tape = tape(&gpu());
    let shape_of = |network: Sequential, size: [usize; 2]| {
        let x = Tensor::from_slice(tape.gpu(), [2, size[0], size[1], 3], &vec![0.25; 6 * size[0] * size[1]]);
        network.forward(&tape.constant(x)).shape().dims().to_vec()
    };
    let generators = [
        Resnet::cyclegan(2, 1).generator(&tape, &mut init()),
        Resnet::cut(2, 1).generator(&tape, &mut init()),
        AnimeGenerator { width: 2, blocks: 1, align_corners: false, recomputed: false }.generator(&tape, &mut init()),
        AnimeGenerator { width: 2, blocks: 1, align_corners: true, recomputed: false }.generator(&tape, &mut init()),
        CartoonGenerator { width: 2 }.generator(&tape, &mut init()),
    ];
    for generator in generators {
        assert_eq!(shape_of(generator, [20, 28]), [2, 20, 28, 3]);
    }
    for layers in [1, 2, 3] {
        for of in [PatchDiscriminator::cyclegan, PatchDiscriminator::cut] {
            // Each halving is of what is left, and the last two layers take a pixel each.
            let left = |n: usize| (n >> layers) - 2;
            let shape = shape_of(of(2, layers).discriminator(&tape, &mut init()), [32, 48]);
            assert_eq!(shape, [2, left(32), left(48), 1], "{layers} halvings");
        }
    }
    let anime = AnimeDiscriminator { ndf: 2 }.discriminator(&tape, &mut init());
    assert_eq!(shape_of(anime, [20, 28]), [2, 5, 7, 1]);
}

/// The network that a golden file is of.
fn network(file: &str, variant: Option<&str>, tape: &Tape) -> Sequential {
    let init = &mut init();
    match file {
        "cyclegan_generator" => Resnet::cyclegan(4, 2).generator(tape, init),
        "cyclegan_generator_old" => Resnet::cyclegan(3, 1).generator(tape, init),
        "cyclegan_discriminator" => PatchDiscriminator::cyclegan(2, 3).discriminator(tape, init),
        "cut_generator" => Resnet::cut(2, 2).generator(tape, init),
        "cut_discriminator" => PatchDiscriminator::cut(2, 3).discriminator(tape, init),
        "animegan2_generator" => {
            let align_corners = variant == Some("align_corners");
            AnimeGenerator { width: 4, blocks: 4, align_corners, recomputed: false }.generator(tape, init)
        }
        "animegan2_discriminator" => {
            let network = AnimeDiscriminator { ndf: 2 }.discriminator(tape, init);
            network.train(variant == Some("train"));
            network
        }
        "cartoongan_generator" => CartoonGenerator { width: 4 }.generator(tape, init),
        other => panic!("{other} is no file of a network"),
    }
}

fn file(name: &str) -> StateDict {
    read(&path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Loads a file by name: what is missing, left over or misshapen fails.
fn load(network: &Sequential, name: &str) {
    // CartoonGAN's norms scale and shift.
    let rename = |own: &str| match own.strip_prefix("in") {
        Some(norm) if name == "cartoongan_generator" => {
            format!("in{}", norm.replace("weight", "scale").replace("bias", "shift"))
        }
        _ => own.to_owned(),
    };
    // Constants of the blurs, and statistics of an old PyTorch that were never used.
    let harmless = |own: &str| {
        own.ends_with("filt")
            || (name == "cyclegan_generator_old" && (own.contains("running_") || own.ends_with("num_batches_tracked")))
    };
    let mut dict = file(name);
    turn_singular_vectors(network, &mut dict);
    load_into(network, &dict, &rename, &harmless).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Brings each `weight_v` from PyTorch's order of a filter's numbers to ours. No file that we read for its own sake has
/// one, so the library does not.
fn turn_singular_vectors(network: &Sequential, dict: &mut StateDict) {
    for (name, parameter) in network.parameters() {
        let Some(layer) = name.strip_suffix("weight_orig") else { continue };
        let name = format!("{layer}weight_v");
        let array = dict.tensors.get_mut(&name).unwrap_or_else(|| panic!("the file has no {name}"));
        array.values = turned(&parameter, &array.values);
    }
}

/// One number for each of a filter's, in our order.
fn turned(weight: &Parameter, values: &[f32]) -> Vec<f32> {
    let [_, inner, k_h, k_w] = layout::torch_shape(weight.var().shape().dims())[..] else { panic!("a convolution") };
    layout::to_ours(&[1, inner, k_h, k_w], values)
}

/// Whether the engine computes it as it is: other sizes are padded before.
fn is_supported(case: &Case) -> bool {
    case.file.ends_with("discriminator") || case.input.shape[1..3].iter().all(|side| side.is_multiple_of(4))
}

/// The case's pictures. CartoonGAN's are BGR in the golden file, and RGB for us.
fn ours(case: &Case, picture: &golden::Tensor) -> Vec<f64> {
    let mut values = picture.values.clone();
    if case.file == "cartoongan_generator" {
        values.chunks_exact_mut(3).for_each(|pixel| pixel.swap(0, 2));
    }
    values
}

fn constant(tape: &Tape, shape: &[usize], values: &[f64]) -> Var {
    let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
    tape.constant(Tensor::from_slice(tape.gpu(), shape, &values))
}

/// The worst error over the largest entry; fails where it is above the bound.
fn assert_near(what: &str, got: &Var, shape: &[usize], want: &[f64]) -> f64 {
    assert_eq!(got.shape().dims(), shape, "{what}");
    let got = got.value().to_vec().expect("the device answers");
    let largest = want.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let error = got.iter().zip(want).map(|(g, w)| (f64::from(*g) - w).abs() / largest);
    // Not max, which forgets a NaN.
    let worst = error.fold(0.0, |most, e| if e <= most { most } else { e });
    assert!(worst <= OUTPUT, "{what}: off by {worst:.1e} of the largest entry");
    worst
}

fn outputs_are_pytorchs(gpu: &Gpu) {
    let tape = tape(gpu);
    let mut compared = Vec::new();
    for case in cases().into_iter().filter(is_supported) {
        let variant = case.variant.as_deref();
        let what = format!("{} {} {variant:?} on {:?}", case.file, case.input_name, gpu.family());
        let network = network(case.file, variant, &tape);
        load(&network, case.file);
        let input = constant(&tape, &case.input.shape, &ours(&case, &case.input));
        let output = tape.no_grad(|| network.forward(&input));
        let worst = assert_near(&what, &output, &case.output.shape, &ours(&case, &case.output));
        println!("{what}: off by {worst:.1e}, PyTorch's float32 {:.1e}", case.float32);
        if variant == Some("train") {
            spectral_vectors_are_pytorchs(&network, &what);
        }
        compared.push(case.file);
    }
    for file in FILES.into_iter().filter(|file| *file != "cut_heads") {
        assert!(compared.contains(&file), "{file} was not compared");
    }
}

/// After a forward pass in training.
fn spectral_vectors_are_pytorchs(network: &Sequential, what: &str) {
    let (parameters, state) = (network.parameters(), spectral_state());
    assert_eq!(network.buffers().len(), state.len());
    for (name, buffer) in network.buffers() {
        let want = state.iter().find(|want| want.name == name).unwrap_or_else(|| panic!("there is no {name}"));
        let mut expected: Vec<f32> = want.values.iter().map(|v| *v as f32).collect();
        if let Some(layer) = name.strip_suffix("weight_v") {
            let of = |(name, _): &&(String, Parameter)| *name == format!("{layer}weight_orig");
            expected = turned(&parameters.iter().find(of).expect("its convolution").1, &expected);
        }
        let got = buffer.to_vec().expect("the device answers");
        let near = got.iter().zip(&expected).all(|(g, w)| f64::from((g - w).abs()) <= OUTPUT);
        assert!(got.len() == expected.len() && near, "{what}: {name}");
    }
}

#[test]
fn published_files_give_pytorchs_outputs() {
    families().iter().for_each(outputs_are_pytorchs);
}

#[test]
fn cuts_heads_give_pytorchs_rows() {
    let golden = heads();
    for gpu in families() {
        let tape = tape(&gpu);
        let generator = network("cut_generator", None, &tape);
        load(&generator, "cut_generator");
        let resnet = Resnet::cut(2, 2);
        assert_eq!(resnet.nce_layers(), LAYERS);
        let heads = PatchHeads::new(&tape, &mut init(), &resnet.nce_channels(), 16);
        let dict = file("cut_heads");
        assert_eq!(heads.parameters().len(), dict.tensors.len());
        for (name, parameter) in heads.parameters() {
            let array = dict.tensors.get(&name).unwrap_or_else(|| panic!("the file has no {name}"));
            assert_eq!(layout::our_shape(&array.shape), parameter.var().shape().dims(), "{name}");
            parameter.load(&layout::to_ours(&array.shape, &array.values));
        }
        let features = generator.features(&constant(&tape, &golden.input.shape, &golden.input.values), &LAYERS);
        for (place, features) in features.iter().enumerate() {
            let [n, h, w, c] = *features.shape().dims() else { panic!("features are NHWC") };
            let per_picture = golden.positions[place].len() / n;
            let row = |(i, at): (usize, &usize)| (i / per_picture * h * w + at) as u32;
            let rows: Vec<u32> = golden.positions[place].iter().enumerate().map(row).collect();
            let picked = gather_rows(&reshape(features, [n * h * w, c]), &Indices::new(&gpu, &rows, n * h * w));
            let what = format!("head {place} on {:?}", gpu.family());
            assert_near(&what, &heads.project(place, &picked), &[rows.len(), 16], &golden.rows[place].values);
        }
    }
}
