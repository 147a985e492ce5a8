//! Networks by names and shapes, as the repositories that published them write them.

use sumi::weights::{Architecture, Array, Error, Kind, StateDict, recognise};

use super::dict;

type Layer = (String, Vec<usize>);

fn layer(name: impl Into<String>, shape: &[usize]) -> Layer {
    (name.into(), shape.to_vec())
}

/// Shapes are all that is looked at.
fn named(layers: Vec<Layer>) -> StateDict {
    dict(layers.into_iter().map(|(name, shape)| (name, Array { shape, values: Vec::new() })))
}

/// What the layers are taken for.
fn seen(layers: Vec<Layer>) -> Architecture {
    recognise(&named(layers)).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(layers: Vec<Layer>) -> String {
    recognise(&named(layers)).map(|found| found.to_string()).expect_err("no known network").to_string()
}

/// CycleGAN's generator, with or without antialiasing before and behind the blocks.
fn resnet(ngf: usize, blocks: usize, second: usize, [down, up]: [bool; 2]) -> Vec<Layer> {
    let mut layers = vec![layer("model.1.weight", &[ngf, 3, 7, 7]), layer("model.1.bias", &[ngf])];
    let mut at = 4;
    for channels in [ngf, 2 * ngf] {
        layers.push(layer(format!("model.{at}.weight"), &[2 * channels, channels, 3, 3]));
        if down {
            layers.push(layer(format!("model.{}.filt", at + 3), &[2 * channels, 1, 3, 3]));
        }
        at += if down { 4 } else { 3 };
    }
    for _ in 0..blocks {
        for conv in [1, second] {
            layers.push(layer(format!("model.{at}.conv_block.{conv}.weight"), &[4 * ngf, 4 * ngf, 3, 3]));
        }
        at += 1;
    }
    for channels in [4 * ngf, 2 * ngf] {
        if up {
            layers.push(layer(format!("model.{at}.filt"), &[channels, 1, 4, 4]));
            layers.push(layer(format!("model.{}.weight", at + 1), &[channels / 2, channels, 3, 3]));
        } else {
            layers.push(layer(format!("model.{at}.weight"), &[channels, channels / 2, 3, 3]));
        }
        at += if up { 4 } else { 3 };
    }
    layers.push(layer(format!("model.{}.weight", at + 1), &[3, ngf, 7, 7]));
    layers
}

#[test]
fn cyclegan_and_cut() {
    let plain = resnet(64, 9, 5, [false; 2]);
    for place in [19, 22, 26] {
        assert!(plain.iter().any(|(name, _)| *name == format!("model.{place}.weight")), "as published: {place}");
    }
    let expected = Architecture::Cyclegan { ngf: 64, blocks: 9, dropout: false, running_statistics: false };
    assert_eq!(seen(plain.clone()), expected);
    assert_eq!(expected.to_string(), "CycleGAN resnet generator, 9 blocks, ngf 64");

    let mut old = resnet(32, 6, 6, [false; 2]);
    old.push(layer("model.2.running_mean", &[32]));
    assert_eq!(
        seen(old).to_string(),
        "CycleGAN resnet generator, 6 blocks, ngf 32, trained with dropout, with running statistics of an old PyTorch, \
         which are ignored"
    );

    let cut = resnet(16, 4, 5, [true; 2]);
    for name in ["model.7.filt", "model.8.weight", "model.12.conv_block.1.weight", "model.16.filt", "model.17.weight"] {
        assert!(cut.iter().any(|(layer, _)| layer == name), "as published: {name}");
    }
    assert_eq!(seen(cut.clone()), Architecture::Cut { ngf: 16, blocks: 4, dropout: false });
    let without_filters = cut.into_iter().filter(|(name, _)| !name.ends_with("filt")).collect();
    assert_eq!(seen(without_filters), Architecture::Cut { ngf: 16, blocks: 4, dropout: false });

    assert!(refusal(resnet(16, 4, 5, [true, false])).contains("antialiased on one side only"));
    let mut batch = plain.clone();
    batch.push(layer("model.2.weight", &[64]));
    assert!(refusal(batch).contains("batch normalisation"));
    let grey =
        plain.into_iter().map(|(name, shape)| if shape[0] == 3 { (name, vec![1, 64, 7, 7]) } else { (name, shape) });
    assert!(refusal(grey.collect()).contains("model.26.weight is [1, 64, 7, 7], expected [3, 64, 7, 7]"));
}

/// DCGAN's generator for pictures of side 4 << `doublings`.
fn dcgan(doublings: usize, ngf: usize) -> Vec<Layer> {
    let mut layers = vec![layer("main.0.weight", &[100, ngf << (doublings - 1), 4, 4])];
    for i in 1..=doublings {
        let channels = ngf << (doublings - i);
        layers.push(layer(format!("main.{}.running_mean", 3 * i - 2), &[channels]));
        let c_out = if i == doublings { 3 } else { channels / 2 };
        layers.push(layer(format!("main.{}.weight", 3 * i), &[channels, c_out, 4, 4]));
    }
    layers
}

#[test]
fn dcgan_and_the_discriminators() {
    assert_eq!(seen(dcgan(4, 64)), Architecture::Dcgan { size: 64, nz: 100, ngf: 64 });
    assert_eq!(seen(dcgan(5, 16)), Architecture::Dcgan { size: 128, nz: 100, ngf: 16 });
    let judge = vec![
        layer("main.0.weight", &[64, 3, 4, 4]),
        layer("main.2.weight", &[128, 64, 4, 4]),
        layer("main.3.running_mean", &[128]),
        layer("main.5.weight", &[256, 128, 4, 4]),
        layer("main.8.weight", &[512, 256, 4, 4]),
        layer("main.11.weight", &[1, 512, 4, 4]),
    ];
    let judge = seen(judge);
    assert_eq!(judge, Architecture::DcganDiscriminator { size: 64, ndf: 64 });
    assert!(!judge.is_generator());
    let patch = vec![layer("model.0.weight", &[64, 3, 4, 4]), layer("model.2.weight", &[128, 64, 4, 4])];
    assert_eq!(seen(patch), Architecture::PatchGan { ndf: 64 });
}

#[test]
fn the_anime_generators() {
    let anime = vec![layer("block_a.0.1.weight", &[32, 3, 7, 7]), layer("out_layer.0.weight", &[3, 32, 1, 1])];
    assert_eq!(seen(anime), Architecture::AnimeGan2 { width: 32 });
    let cartoon = vec![layer("conv01_1.weight", &[64, 3, 7, 7]), layer("deconv03_1.weight", &[3, 64, 7, 7])];
    let cartoon = seen(cartoon);
    assert_eq!(cartoon, Architecture::CartoonGan { width: 64 });
    assert!(cartoon.is_generator());
}

#[test]
fn ours_and_what_is_nobodys() {
    let ours = StateDict { kind: Kind::Checkpoint { recipe: "cut".into() }, ..named(resnet(8, 2, 5, [false; 2])) };
    let found = recognise(&ours).expect("a checkpoint says what it is");
    assert_eq!(found, Architecture::Checkpoint { recipe: "cut".into() });

    let text = refusal((0..9).map(|i| layer(format!("layer{i}.weight"), &[i, 2])).collect());
    assert!(
        text.contains("layer0.weight [0, 2]") && text.contains("and 3 more") && text.contains("known are"),
        "{text}"
    );
    let empty = recognise(&named(Vec::new()));
    assert!(matches!(empty, Err(Error::Unknown { reason, .. }) if reason.contains("no tensors")));
}
