//! The command line of `train`.

use std::{fmt::Write, path::PathBuf};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use sumi::train::{config::Flags, preset::Preset};

const EXAMPLES: &str = "\
Examples:
  train                                      learn to draw faces from built-in portraits
  train --data photos --size 64 --epochs 25  learn from every picture in a folder
  train --preset dcgan128 --data photos      larger pictures, on a good GPU
  train --resume runs/dcgan-1                go on where a run stopped
  train --resume runs/dcgan-1 --lr 0.0001    the same, with another learning rate
  train --list-adapters                      which GPUs are here, and what the CPU can do
With cargo: cargo run --release --bin train -- --help

A run is a folder:
  config.toml             every value of the run, read again by --resume
  losses.csv              step, epoch, losses and scores, a row every --log-every steps
  samples/000000.png, …   64 pictures from the same noise, so that one sees it learn
  samples/real.png        64 pictures that it learns from
  skipped.txt             every file of --data that could not be read, and why
  checkpoint.safetensors  the whole state; `sample RUN` draws from it

Ctrl-C finishes the step, saves, and says how to go on; a second Ctrl-C leaves at once.
";

/// Trains a GAN that draws pictures like those it is shown.
///
/// Without a subcommand it trains a DCGAN. Every value comes from a preset unless a flag gives it.
#[derive(Parser)]
#[command(name = "train", version, args_conflicts_with_subcommands = true)]
struct Line {
    #[command(subcommand)]
    recipe: Option<Recipe>,
    #[command(flatten)]
    dcgan: Arguments,
}

#[derive(Subcommand)]
enum Recipe {
    /// Noise to pictures (Radford, Metz and Chintala, 2016); what `train` alone does
    Dcgan(Arguments),
}

/// What a DCGAN run is told.
#[derive(Args)]
pub struct Arguments {
    /// Folder of the run; it must not hold anything yet [default: the next free of runs/dcgan-1, runs/dcgan-2, …]
    #[arg(long, value_name = "RUN", help_heading = "Run")]
    pub out: Option<PathBuf>,

    /// Go on with the run in this folder; flags that are given replace what its config.toml says
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "preset"], help_heading = "Run")]
    pub resume: Option<PathBuf>,

    #[command(flatten)]
    pub flags: Flags,

    /// Show the adapters of this machine, with driver, limits and features, and leave
    #[arg(long, help_heading = "Machine")]
    pub list_adapters: bool,

    /// Time every kernel and show a table at the end; slows the run down
    #[arg(long, help_heading = "Machine")]
    pub profile: bool,
}

/// Reads the command line; leaves the program when help is wanted or something is wrong.
pub fn parse() -> Arguments {
    let teaching = format!("{}\n{EXAMPLES}", presets());
    let command = Line::command()
        .mut_subcommand("dcgan", |recipe| recipe.after_help(teaching.clone()))
        .after_help(teaching.clone());
    let line = Line::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    match line.recipe {
        Some(Recipe::Dcgan(arguments)) => arguments,
        None => line.dcgan,
    }
}

/// The presets as a table.
fn presets() -> String {
    let mut table = "Presets:\n  name       size  batch   nz  ngf  ndf      lr  beta1  beta2  length\n".to_owned();
    for preset in Preset::ALL {
        let c = preset.networks();
        let _ = writeln!(
            table,
            "  {preset:<9} {:>5} {:>6} {:>4} {:>4} {:>4} {:>7} {:>6} {:>6}  {}; samples every {}, checkpoint every {}",
            c.size,
            c.batch,
            c.nz,
            c.ngf,
            c.ndf,
            c.lr,
            c.beta1,
            c.beta2,
            preset.length(),
            preset.sample_every(),
            preset.checkpoint_every()
        );
    }
    table
}
