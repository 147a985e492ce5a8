//! Draws pictures from a trained network: parses the command line, draws, writes, and turns the outcome into an exit
//! code.

#[path = "../shared/cache.rs"]
mod cache;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ArgGroup, Parser};
use sumi::{
    gpu::{Gpu, Options},
    train::{
        Error,
        dcgan::Trainer,
        report::sheet::{check, picture, save, sheet},
        sample::{batches, interpolate, restore},
    },
};

const EXAMPLES: &str = "\
Examples:
  sample runs/dcgan-1 -n 64 --out faces               64 pictures: faces/0000.png to faces/0063.png
  sample runs/dcgan-1 -n 100 --seed 7 --grid all.png  100 others on one sheet
  sample runs/dcgan-1 --interpolate way.png           the way from one picture to another
With cargo: cargo run --release --bin sample -- --help

The same seed gives the same pictures, whatever -n: picture 5 of 10 is picture 5 of 100.";

/// Draws pictures from a run of `train`.
#[derive(Parser)]
#[command(name = "sample", version, after_help = EXAMPLES)]
#[command(group = ArgGroup::new("what").args(["out", "grid", "interpolate"]).required(true).multiple(true))]
struct Arguments {
    /// Folder of the run, such as runs/dcgan-1, or a checkpoint
    run: PathBuf,

    /// How many pictures
    #[arg(short = 'n', long = "count", value_name = "N", default_value_t = 64,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    count: u32,

    /// Which pictures: another seed gives others
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Write single pictures to this folder: 0000.png, 0001.png, …
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Write one sheet with all of them to this PNG file
    #[arg(long, value_name = "FILE")]
    grid: Option<PathBuf>,

    /// Write a strip to this PNG file: the way from the seed's first picture to its second
    #[arg(long, value_name = "FILE")]
    interpolate: Option<PathBuf>,

    /// How many pictures the strip has
    #[arg(long, value_name = "N", default_value_t = 8, requires = "interpolate",
        value_parser = clap::value_parser!(u32).range(2..=1000))]
    steps: u32,

    /// What to compute on: an index or a part of a name from `train --list-adapters` [default: the best GPU, else the
    /// CPU]
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
}

fn main() -> ExitCode {
    match sample(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn sample(arguments: &Arguments) -> Result<(), Error> {
    let (adapter, cache) = (arguments.adapter.clone(), cache::folder());
    let gpu = Gpu::open(&Options { adapter, cache, ..Options::default() })?;
    for note in gpu.notes() {
        let _ = writeln!(io::stderr(), "{note}");
    }
    let checkpoint =
        if arguments.run.is_file() { &arguments.run } else { &arguments.run.join("checkpoint.safetensors") };
    let (trainer, header) = restore(&gpu, checkpoint)?;
    let size = trainer.config().size;
    if arguments.grid.is_some() {
        check(arguments.count as usize, [size; 2])?;
    }
    if arguments.interpolate.is_some() {
        check(arguments.steps as usize, [size; 2])?;
    }
    line(&format!("{} after {} steps, {size}×{size} pixels, on {}", header.recipe, header.steps(), gpu.adapter()));
    if arguments.out.is_some() || arguments.grid.is_some() {
        draw_and_write(arguments, &trainer)?;
    }
    if let Some(file) = &arguments.interpolate {
        let count = arguments.steps as usize;
        let bytes = interpolate(&trainer, arguments.seed, count)?;
        write(&sheet(&bytes, [size; 2], count), file)?;
    }
    Ok(())
}

/// Single pictures are written as they are drawn, and forgotten; a sheet needs them all.
fn draw_and_write(arguments: &Arguments, trainer: &Trainer) -> Result<(), Error> {
    let (count, size) = (arguments.count as usize, trainer.config().size);
    let (mut written, mut kept) = (0, Vec::new());
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    }
    for batch in batches(trainer, arguments.seed, count) {
        let batch = batch?;
        if let Some(folder) = &arguments.out {
            for bytes in batch.chunks_exact(3 * size * size) {
                save(&picture(bytes, [size; 2]), &folder.join(format!("{written:04}.png")))?;
                written += 1;
            }
        }
        if arguments.grid.is_some() {
            kept.extend(batch);
        }
    }
    if let Some(folder) = &arguments.out {
        line(&format!("{written} pictures in {}", folder.display()));
    }
    match &arguments.grid {
        Some(file) => write(&sheet(&kept, [size; 2], count.isqrt().max(1)), file),
        None => Ok(()),
    }
}

fn write(sheet: &image::RgbImage, file: &Path) -> Result<(), Error> {
    save(sheet, file)?;
    line(&format!("{}", file.display()));
    Ok(())
}

/// Prints a line. A reader that has gone away is no reason to stop.
fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
