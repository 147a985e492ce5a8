//! The command line of `train`.

use std::{fmt::Write, path::PathBuf};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, builder::PossibleValuesParser};
use sumi::train::{
    anime,
    config::RecipeFlags,
    cut, cyclegan, dcgan, faces,
    flags::RunFlags,
    preset::{Preset, RECIPES},
};

use super::terminal::values;

const EXAMPLES: &str = "\
Examples:
  train                                      learn to draw faces from built-in portraits
  train --data photos --size 64 --epochs 25  learn from every picture in a folder
  train --preset dcgan128 --data photos      larger pictures, on a good GPU
  train faces --data photos                  FastGAN: 64 to 256 pixels, from some hundred pictures
  train --metric swd --metric-every 200      keep the checkpoint that draws best
  train --resume runs/dcgan-1                go on where a run stopped
  train --resume runs/dcgan-1 --lr 0.0001    the same, with another learning rate
  mpirun -n 2 train --batch 128              two processes, on a GPU each; built with --features mpi
  train --preset dcgan256 --dry-run          what memory that would take
  train --list-adapters                      which GPUs are here, and what the CPU can do
With cargo: cargo run --release --bin train -- --help

A run is a folder:
  config.toml             every value of the run, read again by --resume
  losses.csv              step, epoch, losses and scores, a row every --log-every steps
  metrics.csv             with --metric: what drawn pictures were measured by, a row every --metric-every steps
  samples/000000.png, …   64 pictures from the same noise, so that one sees it learn
  samples/real.png        64 pictures that it learns from
  report.html             all of it to look at: curves, samples, speed, memory, warnings
  tensorboard/            the same for TensorBoard
  skipped.txt             every file of --data that could not be read, and why
  checkpoint.safetensors  the whole state; `sample RUN` draws from it
  checkpoints/            the last of them, where --keep-last asks for it; with --metric best.safetensors

Ctrl-C finishes the step, saves, and says how to go on; a second Ctrl-C leaves at once.
";

/// Trains a GAN that draws pictures like those it is shown.
///
/// Without a subcommand it trains a DCGAN. Every value comes from a preset unless a flag gives it.
#[derive(Parser)]
#[command(name = "train", version, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    recipe: Option<Recipe>,
    #[command(flatten)]
    dcgan: Arguments<dcgan::Flags>,
}

#[derive(Subcommand)]
enum Recipe {
    /// Noise to pictures (Radford, Metz and Chintala, 2016); what `train` alone does
    Dcgan(Box<Arguments<dcgan::Flags>>),
    /// Noise to pictures of 64 to 256 pixels, from some hundred of them on: FastGAN (Liu et al., 2021)
    Faces(Box<Arguments<faces::Flags>>),
    /// Photographs to anime, from two folders of pictures and nothing else
    Anime(Box<Arguments<anime::Flags>>),
    /// Pictures to pictures and back (Zhu et al., 2017)
    Cyclegan(Box<Arguments<cyclegan::Flags>>),
    /// Pictures to pictures by comparing patches (Park et al., 2020); FastCUT with --preset fastcut
    Cut(Box<Arguments<cut::Flags>>),
}

/// What a run of one recipe is told.
#[derive(Args)]
struct Arguments<F: Args> {
    #[command(flatten)]
    machine: Machine,
    #[command(flatten)]
    flags: RunFlags,
    #[command(flatten)]
    own: F,
}

/// What is asked of this program beside a run's values.
#[derive(Args)]
pub struct Machine {
    /// Folder of the run; it must not hold anything yet [default: the next free of runs/RECIPE-1, runs/RECIPE-2, …]
    #[arg(long, value_name = "RUN", help_heading = "Run")]
    pub out: Option<PathBuf>,

    /// Go on with the run in this folder; flags that are given replace what its config.toml says
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "preset"], help_heading = "Run")]
    pub resume: Option<PathBuf>,

    /// Say what memory the run would take, by planning its first steps, and leave without one
    #[arg(long, help_heading = "Run")]
    pub dry_run: bool,

    /// Show the adapters of this machine, with driver, limits and features, and leave
    #[arg(long, help_heading = "Machine")]
    pub list_adapters: bool,

    /// Look at what every kernel writes, and name the first that makes an infinity or NaN; slows the run down a lot. A
    /// run that diverges does so by itself, from its last checkpoint
    #[arg(long, help_heading = "Machine")]
    pub find_nan: bool,

    /// Time every kernel and show a table at the end; slows the run down
    #[arg(long, help_heading = "Machine")]
    pub profile: bool,
}

/// The command line, whichever recipe it is for.
pub struct Line {
    pub machine: Machine,
    pub flags: RunFlags,
    pub own: Box<dyn RecipeFlags>,
}

impl Line {
    /// Reads the command line; leaves the program when help is wanted or something is wrong.
    pub fn read() -> Self {
        let mut command = CommandLine::command().mut_arg("preset", |preset| preset.value_parser(names("dcgan")));
        for recipe in RECIPES {
            command = command.mut_subcommand(recipe, |command| {
                let command = command.mut_arg("preset", |preset| preset.value_parser(names(recipe)));
                command.after_help(format!("{}\n{EXAMPLES}", presets(recipe)))
            });
        }
        let command = command.after_help(format!("{}\n{EXAMPLES}", presets("dcgan")));
        let line = CommandLine::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
        match line.recipe {
            Some(Recipe::Dcgan(arguments)) => Self::of(*arguments),
            Some(Recipe::Faces(arguments)) => Self::of(*arguments),
            Some(Recipe::Anime(arguments)) => Self::of(*arguments),
            Some(Recipe::Cyclegan(arguments)) => Self::of(*arguments),
            Some(Recipe::Cut(arguments)) => Self::of(*arguments),
            None => Self::of(line.dcgan),
        }
    }

    fn of<F: Args + RecipeFlags + 'static>(arguments: Arguments<F>) -> Self {
        let Arguments { machine, flags, own } = arguments;
        Self { machine, flags, own: Box::new(own) }
    }
}

fn names(recipe: &str) -> PossibleValuesParser {
    PossibleValuesParser::new(Preset::all(recipe).into_iter().map(|preset| preset.name))
}

/// A recipe's presets as a table.
fn presets(recipe: &str) -> String {
    let mut table = "Presets (without --preset the first on a GPU, the last on a CPU):\n".to_owned();
    for preset in Preset::all(recipe) {
        let _ = writeln!(table, "  {:<12} {}", preset.name, preset.about);
        let _ = writeln!(table, "  {:<12} {}", "", values(&preset.networks, preset.length));
    }
    table
}
