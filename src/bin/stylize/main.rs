//! Draws pictures, or the frames of a video, in the style of a trained network: parses the command line, draws, and
//! turns the outcome into an exit code.

#[path = "../shared/cache.rs"]
mod cache;
mod outputs;
mod pictures;
mod terminal;
mod video;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};
use sumi::{
    gpu::{self, Options},
    train::{
        Error,
        generator::Direction,
        stylize::{Stylist, Tile},
    },
};
use terminal::error;

const EXAMPLES: &str = "\
Examples:
  stylize --weights runs/anime-1 photo.jpg             stylized/photo.png
  stylize --weights hayao.pth holiday --out drawn      every picture in a folder
  stylize --weights hayao.pth --tile huge.jpg          in bands, on little memory
With cargo: cargo run --release --bin stylize -- --help

A video goes through pipes of ffmpeg, as raw frames (R is the frame rate, W×H the size):
  ffmpeg -i in.mp4 -f rawvideo -pix_fmt rgb24 - \\
    | stylize --weights hayao.pth --video WxH \\
    | ffmpeg -f rawvideo -pix_fmt rgb24 -s WxH -r R -i - -pix_fmt yuv420p out.mp4

Weights: a run of `train` (anime, cyclegan, cut) or its checkpoint; CycleGAN's, CUT's, AnimeGANv2's and CartoonGAN's
generators as .pth, .pt or .safetensors.";

/// Draws pictures in the style of a trained network.
///
/// Each picture becomes a PNG of the same name and size. Pictures of one name (a.jpg, a.png) become a.png, a-2.png.
/// A file that exists is not written over unless --overwrite is given, and a picture never over itself. A picture that
/// cannot be read is skipped with a sentence, and the exit code is then 1.
#[derive(Parser)]
#[command(name = "stylize", version, after_help = EXAMPLES)]
struct Arguments {
    /// A run's folder, such as runs/anime-1, a checkpoint, or a file of weights
    #[arg(long, value_name = "FILE|RUN")]
    weights: PathBuf,

    /// Pictures, or folders of them (not the folders below)
    #[arg(value_name = "PICTURE|DIR", required_unless_present = "video")]
    pictures: Vec<PathBuf>,

    /// Where the pictures are written to
    #[arg(long, value_name = "DIR", default_value = "stylized")]
    out: PathBuf,

    /// Write over files that exist
    #[arg(long)]
    overwrite: bool,

    /// Write each picture beside its drawing
    #[arg(long)]
    side_by_side: bool,

    /// Make pictures smaller whose longer side has more pixels than this
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_535))]
    long_side: Option<u32>,

    /// Compute in bands of rows, which takes less memory and gives the same picture; without it only what would not fit
    /// is [default: ROWS as the memory allows]
    #[arg(long, value_name = "ROWS", num_args = 0..=1, require_equals = true, default_missing_value = "0",
        value_parser = clap::value_parser!(u32).range(0..=100_000))]
    tile: Option<u32>,

    /// Of a CycleGAN's run, which of its two generators
    #[arg(long, value_enum, default_value_t = Way::AtoB)]
    direction: Way,

    /// Raw frames (RGB, 8 bits) of this size from stdin, drawn ones to stdout
    #[arg(long, value_name = "WxH", value_parser = video::size,
        conflicts_with_all = ["pictures", "long_side", "side_by_side"])]
    video: Option<[usize; 2]>,

    /// What to compute on: an index or a part of a name from `train --list-adapters` [default: the best GPU, else the
    /// CPU]
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
}

/// As pytorch-CycleGAN-and-pix2pix spells them.
#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// From A (photographs) to B (anime)
    #[value(name = "AtoB")]
    AtoB,
    /// Back
    #[value(name = "BtoA")]
    BtoA,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(failure) => {
            error(&format!("{failure}{}", advice(&failure)));
            ExitCode::FAILURE
        }
    }
}

/// What else to do where a device has too little memory, which it does not tell before.
fn advice(failure: &Error) -> &'static str {
    match failure {
        Error::Gpu(gpu::Error::OutOfMemory { .. } | gpu::Error::Exhausted | gpu::Error::TooLarge { .. }) => {
            ". Here that means --tile, --tile=ROWS with fewer rows, or a smaller --long-side"
        }
        _ => "",
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    // Whatever can be refused without a device is refused before one is opened.
    let work = match arguments.video {
        Some(_) => Vec::new(),
        None => outputs::plan(&arguments.pictures, &arguments.out, arguments.overwrite)?,
    };
    let tile = match arguments.tile {
        None => Tile::Auto,
        Some(0) => Tile::Bands,
        Some(rows) => Tile::Rows(rows as usize),
    };
    let direction = match arguments.direction {
        Way::AtoB => Direction::AtoB,
        Way::BtoA => Direction::BtoA,
    };
    let (adapter, cache) = (arguments.adapter.clone(), cache::folder());
    let options = Options { adapter, cache, ..Options::default() };
    let mut stylist = Stylist::open(options, arguments.weights.clone(), direction, tile)?;
    // Not on stdout, which may be a video.
    stylist.gpu().notes().iter().for_each(|note| terminal::aside(note));
    match arguments.video {
        Some(size) => video::draw(&mut stylist, size),
        None => pictures::draw(&mut stylist, &work, arguments),
    }
}
