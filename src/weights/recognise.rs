//! Which network a state dict belongs to, by names and shapes. The names are those of the repositories in which the
//! networks were published; each tensor is a convolution of PyTorch's, `[c_out, c_in, k_h, k_w]`, or
//! `[c_in, c_out, k_h, k_w]` where it is transposed.

use std::fmt;

use super::{
    error::Error,
    state::{Kind, StateDict},
};

/// A network, with what is needed to build it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Architecture {
    /// A checkpoint of ours, which holds all networks of a run.
    Checkpoint {
        /// What they were trained by.
        recipe: String,
    },
    /// DCGAN's generator (`main.0.weight`, pytorch/examples).
    Dcgan {
        /// Side of its pictures.
        size: usize,
        /// Length of the noise vector.
        nz: usize,
        /// Channels of its last hidden stage.
        ngf: usize,
    },
    /// DCGAN's discriminator.
    DcganDiscriminator {
        /// Side of its pictures.
        size: usize,
        /// Channels of its first stage.
        ndf: usize,
    },
    /// CycleGAN's resnet generator (`model.1.weight`, junyanz/pytorch-CycleGAN-and-pix2pix), which is also CUT's
    /// without antialiasing.
    Cyclegan {
        /// Channels of its first stage.
        ngf: usize,
        /// Residual blocks.
        blocks: usize,
        /// Whether its blocks count a dropout layer, so that their second convolution is number 6 and not 5.
        dropout: bool,
        /// Whether the file has running statistics, as PyTorch before 0.4 saved them. They are not used.
        running_statistics: bool,
    },
    /// CUT's resnet generator with antialiasing (taesungp/contrastive-unpaired-translation).
    Cut {
        /// Channels of its first stage.
        ngf: usize,
        /// Residual blocks.
        blocks: usize,
        /// As in [`Architecture::Cyclegan`].
        dropout: bool,
    },
    /// The 70×70 PatchGAN of CycleGAN and its kin (`model.0.weight`), with any number of layers.
    PatchGan {
        /// Channels of its first stage.
        ndf: usize,
    },
    /// AnimeGANv2's generator (`block_a.0.1.weight`, bryandlee/animegan2-pytorch).
    AnimeGan2 {
        /// Channels of its first stage: 32 as published.
        width: usize,
    },
    /// CartoonGAN's generator (`conv01_1.weight`, Yijunmaverick/CartoonGAN-Test-Pytorch-Torch).
    CartoonGan {
        /// Channels of its first stage: 64 as published.
        width: usize,
    },
}

/// What [`recognise`] knows, for people.
const KNOWN: &str = "known are the generators of DCGAN (main.0.weight), CycleGAN and CUT (model.1.weight), AnimeGANv2 \
                     (block_a.0.1.weight) and CartoonGAN (conv01_1.weight), and checkpoints of Sumi's";

/// How many tensors of an unknown file are shown.
const SHOWN: usize = 6;

impl Architecture {
    /// Whether it draws pictures; a discriminator only judges them.
    pub fn is_generator(&self) -> bool {
        !matches!(self, Self::Checkpoint { .. } | Self::DcganDiscriminator { .. } | Self::PatchGan { .. })
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dropout = |dropout: bool| if dropout { ", trained with dropout" } else { "" };
        match self {
            Self::Checkpoint { recipe } => write!(f, "checkpoint of Sumi's ({recipe})"),
            Self::Dcgan { size, nz, ngf } => {
                write!(f, "DCGAN generator for {size}×{size} pictures from {nz} numbers, ngf {ngf}")
            }
            Self::DcganDiscriminator { size, ndf } => {
                write!(f, "DCGAN discriminator for {size}×{size} pictures, ndf {ndf}")
            }
            Self::Cyclegan { ngf, blocks, dropout: with, running_statistics } => {
                let ignored = ", with running statistics of an old PyTorch, which are ignored";
                let running = if *running_statistics { ignored } else { "" };
                write!(f, "CycleGAN resnet generator, {blocks} blocks, ngf {ngf}{}{running}", dropout(*with))
            }
            Self::Cut { ngf, blocks, dropout: with } => {
                write!(f, "CUT resnet generator, antialiased, {blocks} blocks, ngf {ngf}{}", dropout(*with))
            }
            Self::PatchGan { ndf } => write!(f, "PatchGAN discriminator, ndf {ndf}"),
            Self::AnimeGan2 { width } => write!(f, "AnimeGANv2 generator, width {width}"),
            Self::CartoonGan { width } => write!(f, "CartoonGAN generator, width {width}"),
        }
    }
}

/// Finds out which network the tensors belong to, from a few of them; whether all of them fit is for
/// [`load_into`](super::load_into) to say.
///
/// # Errors
/// [`Error::Unknown`]: it says what the file holds and what is known.
pub fn recognise(dict: &StateDict) -> Result<Architecture, Error> {
    if let Kind::Checkpoint { recipe } = &dict.kind {
        return Ok(Architecture::Checkpoint { recipe: recipe.clone() });
    }
    let known = [dcgan, dcgan_discriminator, resnet, patch_gan, anime_gan, cartoon_gan];
    for network in known {
        match network(dict) {
            Ok(Some(architecture)) => return Ok(architecture),
            Ok(None) => {}
            Err(reason) => return Err(Error::Unknown { path: dict.path.clone(), reason }),
        }
    }
    Err(Error::Unknown { path: dict.path.clone(), reason: unknown(dict) })
}

/// What a network's recogniser says: it is one, it is none, or it is one of a kind that is not known, and why.
type Recognised = Result<Option<Architecture>, String>;

/// The shape of a convolution's weights.
fn conv(dict: &StateDict, name: &str) -> Option<[usize; 4]> {
    dict.shape(name)?.try_into().ok()
}

fn has(dict: &StateDict, name: &str) -> bool {
    dict.tensors.contains_key(name)
}

/// How many of `name(0)`, `name(1)`, … there are before the first that is missing.
fn count(dict: &StateDict, name: impl Fn(usize) -> String) -> usize {
    (0..).take_while(|place| has(dict, &name(*place))).count()
}

/// Transposed convolutions at 0, 3, 6, …, batch normalisations behind them: the side is 4 and doubles with each.
fn dcgan(dict: &StateDict) -> Recognised {
    let weight = |place| format!("main.{}.weight", 3 * place);
    let layers = count(dict, weight);
    let (Some([nz, _, 4, 4]), true) = (conv(dict, &weight(0)), has(dict, "main.1.running_mean")) else {
        return Ok(None);
    };
    match conv(dict, &weight(layers - 1)) {
        Some([ngf, 3, 4, 4]) if (2..=16).contains(&layers) => {
            Ok(Some(Architecture::Dcgan { size: 4 << (layers - 1), nz, ngf }))
        }
        last => {
            Err(format!("it looks like DCGAN's generator, but its last layer is {last:?}, expected [ngf, 3, 4, 4]"))
        }
    }
}

/// Convolutions at 0, 2, 5, 8, …: the last sees 4×4.
fn dcgan_discriminator(dict: &StateDict) -> Recognised {
    let Some([ndf, 3, 4, 4]) = conv(dict, "main.0.weight") else { return Ok(None) };
    let layers = count(dict, |place| format!("main.{}.weight", 3 * place + 2)) as u32;
    let size = 4_usize.checked_shl(layers).filter(|_| (1..=16).contains(&layers));
    Ok(size.map(|size| Architecture::DcganDiscriminator { size, ndf }))
}

/// The encoder of CycleGAN's resnet has its convolutions at 1, 4 and 7, and its first block at 10. With antialiasing a
/// blur follows each halving, so that they are at 1, 4 and 8, and the first block at 12; and one precedes each of the
/// decoder's two convolutions.
fn resnet(dict: &StateDict) -> Recognised {
    let Some([ngf, c_in, 7, 7]) = conv(dict, "model.1.weight") else { return Ok(None) };
    let layer = |place: usize| format!("model.{place}.weight");
    let blurred_down = !has(dict, &layer(7)) && has(dict, &layer(8));
    let first = if blurred_down { 12 } else { 10 };
    let blocks = count(dict, |block| format!("model.{}.conv_block.1.weight", first + block));
    let end = first + blocks;
    if blocks == 0 {
        return Ok(None);
    }
    let looks_like = "it looks like a resnet generator of CycleGAN's or CUT's, but";
    let blurred_up = !has(dict, &layer(end)) && has(dict, &layer(end + 1));
    let last = layer(if blurred_up { end + 9 } else { end + 7 });
    let c_out = conv(dict, &last).map(|[c_out, ..]| c_out);
    let dropout = has(dict, &format!("model.{first}.conv_block.6.weight"));
    if has(dict, "model.2.weight") {
        return Err(format!("{looks_like} with batch normalisation; only instance normalisation is known"));
    }
    if c_in != 3 || c_out != Some(3) {
        let found = conv(dict, &last).map_or("missing".to_owned(), |shape| format!("{shape:?}"));
        return Err(format!(
            "{looks_like} not from RGB to RGB: model.1.weight is [{ngf}, {c_in}, 7, 7], expected [{ngf}, 3, 7, 7]; \
             {last} is {found}, expected [3, {ngf}, 7, 7]"
        ));
    }
    match (blurred_down, blurred_up) {
        (true, true) => Ok(Some(Architecture::Cut { ngf, blocks, dropout })),
        (false, false) => {
            let running_statistics = has(dict, "model.2.running_mean");
            Ok(Some(Architecture::Cyclegan { ngf, blocks, dropout, running_statistics }))
        }
        _ => Err(format!("{looks_like} antialiased on one side only; known is antialiasing on both or none")),
    }
}

fn patch_gan(dict: &StateDict) -> Recognised {
    let Some([ndf, _, 4, 4]) = conv(dict, "model.0.weight") else { return Ok(None) };
    Ok(Some(Architecture::PatchGan { ndf }))
}

fn anime_gan(dict: &StateDict) -> Recognised {
    let Some([width, 3, 7, 7]) = conv(dict, "block_a.0.1.weight") else { return Ok(None) };
    Ok(has(dict, "out_layer.0.weight").then_some(Architecture::AnimeGan2 { width }))
}

fn cartoon_gan(dict: &StateDict) -> Recognised {
    let Some([width, 3, 7, 7]) = conv(dict, "conv01_1.weight") else { return Ok(None) };
    Ok(has(dict, "deconv03_1.weight").then_some(Architecture::CartoonGan { width }))
}

fn unknown(dict: &StateDict) -> String {
    let mut names: Vec<_> =
        dict.tensors.iter().take(SHOWN).map(|(n, array)| format!("{n} {:?}", array.shape)).collect();
    if dict.tensors.len() > SHOWN {
        names.push(format!("and {} more", dict.tensors.len() - SHOWN));
    }
    let held =
        if names.is_empty() { "it holds no tensors".to_owned() } else { format!("it holds {}", names.join(", ")) };
    format!("{held}; {KNOWN}")
}
