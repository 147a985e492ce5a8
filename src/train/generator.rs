//! A generator from picture to picture, from wherever its weights are: a run, its checkpoint, or a file of others.

use std::path::Path;

use super::{
    Error,
    checkpoint::{self, Checkpoint},
    config::Networks,
};
use crate::{
    autograd::{Tape, Var},
    gpu::Gpu,
    models::{animegan::AnimeGenerator, cartoongan::CartoonGenerator, resnet::Resnet},
    nn::{Module, Parameter, Sequential, init::Init, parameter_count},
    ops,
    tensor::Tensor,
    weights::{self, Architecture, Kind, StateDict},
};

/// Which of a CycleGAN's two generators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// G_A, which makes B (anime) of A (photographs).
    #[default]
    AtoB,
    /// G_B, which makes A of B.
    BtoA,
}

/// Sides of the pictures that generators take are multiples of this.
pub const STRIDE: usize = 4;

/// No generator that is known is wider, or has more blocks: a file that says so is not what it says it is.
const MOST: [usize; 2] = [512, 64];

/// A generator with its weights.
pub struct Generator {
    /// From pictures `[N, H, W, 3]` in [-1, 1] to pictures of the same size.
    pub network: Sequential,
    /// The tape it computes on.
    pub tape: Tape,
    /// What the weights were taken for, in words.
    pub about: String,
    shape: Shape,
}

/// The networks that there are, with their sizes.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// With whether the blocks count a dropout layer.
    Resnet(Resnet, bool),
    Anime(AnimeGenerator),
    Cartoon(CartoonGenerator),
}

impl Generator {
    /// Reads a run's folder, its checkpoint, or a file of weights, and puts the generator in it on a device.
    ///
    /// # Errors
    /// When there is none: the sentence says what there is instead.
    pub fn open(gpu: &Gpu, path: &Path, direction: Direction) -> Result<Self, Error> {
        if path.is_dir() {
            return Self::of_checkpoint(gpu, &path.join("checkpoint.safetensors"), direction);
        }
        let dict = weights::read(path)?;
        if let Kind::Checkpoint { .. } = dict.kind {
            return Self::of_checkpoint(gpu, path, direction);
        }
        if direction == Direction::BtoA {
            return Err(Error::Config(format!(
                "{} holds one generator: leave --direction out, which chooses between the two of a CycleGAN's run",
                path.display()
            )));
        }
        Self::of_dict(gpu, &dict)
    }

    fn of_dict(gpu: &Gpu, dict: &StateDict) -> Result<Self, Error> {
        let found = weights::recognise(dict)?;
        let file = dict.path.display();
        let shape = match found {
            Architecture::Cyclegan { ngf, blocks, dropout, .. } => {
                Shape::Resnet(Resnet::cyclegan(ngf, blocks), dropout)
            }
            Architecture::Cut { ngf, blocks, dropout } => Shape::Resnet(Resnet::cut(ngf, blocks), dropout),
            Architecture::AnimeGan2 { width } => {
                let blocks = (1..).take_while(|i| dict.shape(&format!("block_c.{i}.layers.2.weight")).is_some());
                Shape::Anime(AnimeGenerator { width, blocks: blocks.count(), ..AnimeGenerator::default() })
            }
            Architecture::CartoonGan { width } => Shape::Cartoon(CartoonGenerator { width }),
            Architecture::Dcgan { .. } => {
                return Err(Error::Config(format!(
                    "{file} is a {found}: it draws from noise and takes no pictures; give the weights of a generator \
                     from picture to picture"
                )));
            }
            Architecture::Checkpoint { .. }
            | Architecture::DcganDiscriminator { .. }
            | Architecture::PatchGan { .. } => {
                return Err(Error::Config(format!(
                    "{file} is a {found}: it judges pictures and draws none; give the weights of a generator"
                )));
            }
        };
        shape.check().map_err(|reason| Error::Config(format!("{file} cannot be a {found}: {reason}")))?;
        let generator = Self::new(gpu, shape, format!("{}: {found}", dict.describe()));
        let harmless = |name: &str| {
            [".running_mean", ".running_var", ".num_batches_tracked", ".filt"].iter().any(|end| name.ends_with(end))
        };
        weights::load_into(&generator.network, dict, &|name| shape.torch_name(name), &harmless)?;
        let broken = dict.tensors.iter().find(|(_, array)| !array.values.iter().all(|value| value.is_finite()));
        if let Some((name, _)) = broken {
            return Err(not_finite(&dict.path, name));
        }
        Ok(generator)
    }

    fn of_checkpoint(gpu: &Gpu, path: &Path, direction: Direction) -> Result<Self, Error> {
        let checkpoint = Checkpoint::read(path)?;
        let (shape, name) = match &checkpoint.header.config {
            Networks::Cyclegan(c) => {
                let name = if direction == Direction::AtoB { "G_A" } else { "G_B" };
                (Shape::Resnet(Resnet::cyclegan(c.ngf, c.blocks), false), name)
            }
            Networks::Cut(c) => (Shape::Resnet(Resnet::cut(c.ngf, c.blocks), false), "G"),
            Networks::Anime(c) => {
                let anime = AnimeGenerator { width: c.ngf, blocks: c.blocks, ..AnimeGenerator::default() };
                (Shape::Anime(anime), "G")
            }
            Networks::Dcgan(_) | Networks::Faces(_) => {
                return Err(Error::Config(format!(
                    "{} is a checkpoint of {}, which draws from noise and takes no pictures: `sample` draws from it",
                    path.display(),
                    checkpoint.header.recipe
                )));
            }
        };
        let Header { recipe, steps } = Header::of(&checkpoint);
        if name == "G" && direction == Direction::BtoA {
            return Err(Error::Config(format!(
                "{} is a checkpoint of {recipe}, which has no generator back; leave --direction out",
                path.display()
            )));
        }
        if let Some(name) = checkpoint.not_finite() {
            return Err(not_finite(path, name));
        }
        let averaged = checkpoint.tensors.keys().any(|tensor| tensor.ends_with(".average"));
        let kind = if averaged { "averages of its" } else { "its" };
        let generator = Self::new(gpu, shape, format!("a checkpoint of {recipe} after {steps} steps, {kind} {name}"));
        let mut missing = Vec::new();
        for (parameter_name, parameter) in generator.network.parameters() {
            let full = format!("{name}.{parameter_name}");
            let expected = parameter.var().shape();
            let average = checkpoint.tensors.get(&format!("{full}.average"));
            match average.or(checkpoint.tensors.get(&full)).filter(|values| values.shape == expected.dims()) {
                Some(values) => parameter.load(&values.elements),
                None => missing.push(format!("  {full} is missing or misshapen, expected {expected:?}")),
            }
        }
        if missing.is_empty() {
            return Ok(generator);
        }
        Err(checkpoint::Error::Misfit { path: path.into(), differences: missing.join("\n") }.into())
    }

    fn new(gpu: &Gpu, shape: Shape, about: String) -> Self {
        let tape = ops::tape(gpu);
        let network = shape.network(&tape);
        let about = format!("{about}, {} parameters", parameter_count(&network));
        Self { network, tape, about, shape }
    }

    /// The shortest side of a picture that the network takes.
    pub fn least_side(&self) -> usize {
        match self.shape {
            Shape::Anime(_) => 16,
            Shape::Resnet(..) | Shape::Cartoon(_) => 8,
        }
    }

    /// Writes the weights as safetensors with PyTorch's names and layouts, so that the network's `load_state_dict`
    /// takes them. Submits and waits.
    ///
    /// # Errors
    /// When the device failed, or the file cannot be written; then a file that was there before stays.
    pub fn export(&self, path: &Path) -> Result<(), Error> {
        let exported = Exported { network: &self.network, filters: self.shape.filters(&self.tape) };
        Ok(weights::write_safetensors(path, &exported, &|name| self.shape.torch_name(name))?)
    }
}

/// What is told of a checkpoint.
struct Header<'a> {
    recipe: &'a str,
    steps: u64,
}

impl<'a> Header<'a> {
    fn of(checkpoint: &'a Checkpoint) -> Self {
        Self { recipe: &checkpoint.header.recipe, steps: checkpoint.header.steps() }
    }
}

fn not_finite(path: &Path, name: &str) -> Error {
    Error::Config(format!(
        "the weights {} cannot draw: {name} holds infinities or NaN, as after a training that diverged; take an \
         earlier file",
        path.display()
    ))
}

impl Shape {
    fn check(&self) -> Result<(), String> {
        let [width, blocks] = match self {
            Self::Resnet(resnet, _) => [resnet.ngf, resnet.blocks],
            Self::Anime(anime) => [anime.width, anime.blocks],
            Self::Cartoon(cartoon) => [cartoon.width, 0],
        };
        let [most_width, most_blocks] = MOST;
        if width == 0 || width > most_width || blocks > most_blocks {
            return Err(format!(
                "it would have {width} channels and {blocks} blocks; known are up to {most_width} and {most_blocks}"
            ));
        }
        Ok(())
    }

    fn network(&self, tape: &Tape) -> Sequential {
        let mut init = Init::new(0, 0);
        match self {
            Self::Resnet(resnet, _) => resnet.generator(tape, &mut init),
            Self::Anime(anime) => anime.generator(tape, &mut init),
            Self::Cartoon(cartoon) => cartoon.generator(tape, &mut init),
        }
    }

    /// What the published code calls a tensor of ours.
    fn torch_name(&self, name: &str) -> String {
        match self {
            Self::Resnet(_, true) => name.replace(".conv_block.5.", ".conv_block.6."),
            Self::Cartoon(_) if name.starts_with("in") => name.replace(".weight", ".scale").replace(".bias", ".shift"),
            _ => name.to_owned(),
        }
    }

    /// The blurring filters that CUT's code keeps beside the weights, `[k, k, 1, C]` each.
    fn filters(&self, tape: &Tape) -> Vec<(String, Tensor)> {
        let Self::Resnet(Resnet { ngf, blocks, antialias: true, .. }, _) = *self else { return Vec::new() };
        let filter = |place: usize, channels: usize, taps: &[f32]| {
            let taps = taps.iter().flat_map(|down| taps.iter().map(move |across| down * across));
            let values: Vec<f32> = taps.flat_map(|tap| std::iter::repeat_n(tap, channels)).collect();
            let side = (values.len() / channels).isqrt();
            (format!("model.{place}.filt"), Tensor::from_slice(tape.gpu(), [side, side, 1, channels], &values))
        };
        // Halving sums to one along each axis, doubling to two.
        let (halving, doubling) = ([0.25, 0.5, 0.25], [0.25, 0.75, 0.75, 0.25]);
        let first_up = 12 + blocks;
        vec![
            filter(7, 2 * ngf, &halving),
            filter(11, 4 * ngf, &halving),
            filter(first_up, 4 * ngf, &doubling),
            filter(first_up + 4, 2 * ngf, &doubling),
        ]
    }
}

/// A network with tensors that PyTorch's has and ours computes without.
struct Exported<'a> {
    network: &'a Sequential,
    filters: Vec<(String, Tensor)>,
}

impl Module for Exported<'_> {
    fn forward(&self, x: &Var) -> Var {
        self.network.forward(x)
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        self.network.parameters()
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        [self.network.buffers(), self.filters.clone()].concat()
    }
}
