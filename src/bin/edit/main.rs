//! Edits pictures in the space that a trained generator draws from: parses the command line, runs, writes, and turns
//! the outcome into an exit code.

#[path = "../shared/cache.rs"]
mod cache;
mod commands;
mod people;
#[path = "../shared/terminal.rs"]
mod terminal;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use sumi::{
    gpu::{Gpu, Options},
    train::{Error, latent::invert::Search, noise::Painter, sample::restore},
};

const EXAMPLES: &str = "\
Examples:
  edit invert runs/dcgan-1 face.png --sheet both.png          the noise that draws a picture: face.safetensors
  edit interpolate runs/dcgan-1 3 face.png --out way.png      from picture 3 of `sample` to that of a file
  edit loop runs/dcgan-1 --out loop.webp                      six faces that become each other, for ever
  edit direction runs/dcgan-1 --labels hair_colour --classes black..blond --out hair.png
                                                              the same people with darker and fairer hair
  edit mix runs/dcgan-1 a.png b.png --carry hair_colour --out mix.png
                                                              one person becomes another; or takes their hair alone
With cargo: cargo run --release --bin edit -- --help

Directions are learnt from the labelled pictures of the run. What changes along with an attribute, because the pictures
or the generator have it so, can be held: --labels expression --classes calm..laugh --keep hair_colour.

A PERSON is a number (that picture of `sample RUN --seed`), a file of points that `edit invert` wrote (all in it), or a
picture, whose point is then searched. What is written follows from the ending: .png is a sheet, .gif and .webp move.";

/// Edits pictures with the generator of a run of dcgan or faces: finds the noise that draws a picture, goes from one to
/// another, changes one attribute of it, and carries one person's attribute to another.
#[derive(Parser)]
#[command(name = "edit", version, after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find the noise that draws given pictures, by descent through the generator
    Invert(commands::Invert),
    /// Go from one person to the next
    Interpolate(commands::Interpolate),
    /// Go through people and back to the first, for ever
    Loop(commands::Loop),
    /// Change one attribute of people, along a direction that is learnt from labelled pictures
    Direction(commands::Direction),
    /// Make one person of two: the way between them, and attributes of the second carried to the first
    Mix(commands::Mix),
}

/// What all commands are told.
#[derive(Args)]
struct Common {
    /// Folder of the run, such as runs/dcgan-1, or a checkpoint
    run: PathBuf,

    /// Which people the numbers are, as `sample --seed` draws them, and every other random choice
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// What to compute on: an index or a part of a name from `train --list-adapters` [default: the best GPU, else the
    /// CPU]
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,

    #[command(flatten)]
    search: Searching,
}

/// How the point of a picture is searched.
#[derive(Args)]
struct Searching {
    /// Steps of the search for the noise of a picture
    #[arg(long, value_name = "N", default_value_t = 300, help_heading = "Search",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    search_steps: u32,

    /// Starts of the search for each picture: the best end is kept
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = "Search",
        value_parser = clap::value_parser!(u32).range(1..=32))]
    restarts: u32,

    /// Pull towards the noise that the generator knows: less comes nearer to the picture, more can be edited better
    #[arg(long, value_name = "X", default_value_t = 0.1, help_heading = "Search", allow_negative_numbers = true,
        value_parser = pull)]
    prior: f64,
}

fn pull(text: &str) -> Result<f64, String> {
    let pull = text.parse().ok().filter(|pull| (0.0..=1000.0).contains(pull));
    pull.ok_or_else(|| format!("{text} is not a number from 0 to 1000"))
}

impl Common {
    /// The generator of the run, with how many steps it has learnt.
    fn open(&self) -> Result<Box<dyn Painter>, Error> {
        let (adapter, cache) = (self.adapter.clone(), cache::folder());
        let gpu = Gpu::open(&Options { adapter, cache, ..Options::default() })?;
        gpu.notes().iter().for_each(|sentence| terminal::note(sentence));
        let file = if self.run.is_file() { &self.run } else { &self.run.join("checkpoint.safetensors") };
        let (trainer, header) = restore(&gpu, file)?;
        let size = trainer.size();
        terminal::line(&format!(
            "{} after {} steps, {size}×{size} pixels, on {}",
            header.recipe,
            header.steps(),
            gpu.adapter()
        ));
        Ok(trainer)
    }

    fn search(&self) -> Search {
        let Searching { search_steps, restarts, prior } = self.search;
        let (steps, restarts, seed) = (search_steps as usize, restarts as usize, self.seed);
        Search { steps, restarts, prior, seed, ..Search::default() }
    }
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::Invert(command) => command.run(),
        Command::Interpolate(command) => command.run(),
        Command::Loop(command) => command.run(),
        Command::Direction(command) => command.run(),
        Command::Mix(command) => command.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
