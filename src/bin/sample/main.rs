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
        noise::Painter,
        report::{
            best_of,
            sheet::{check, picture, save, sheet},
        },
        sample::{Choice, batches, by_class, class_of, interpolate, restore},
    },
};

const EXAMPLES: &str = "\
Examples:
  sample runs/dcgan-1 -n 64 --out faces               64 pictures: faces/0000.png to faces/0063.png
  sample runs/dcgan-1 -n 100 --seed 7 --grid all.png  100 others on one sheet
  sample runs/dcgan-1 --interpolate way.png           the way from one picture to another
  sample runs/dcgan-2 --label blond --grid fair.png   of a run with --labels: pictures of one class
  sample runs/dcgan-1 --truncation 1.5 --grid few.png 64 pictures more usual, and more alike
  sample runs/dcgan-1 --best --grid best.png          by the checkpoint that `train --metric` found best
With cargo: cargo run --release --bin sample -- --help

The same seed gives the same pictures, whatever -n: picture 5 of 10 is picture 5 of 100.";

/// Draws pictures from a run of `train`.
#[derive(Parser)]
#[command(name = "sample", version, after_help = EXAMPLES)]
#[command(group = ArgGroup::new("what").args(["out", "grid", "interpolate"]).required(true).multiple(true))]
struct Arguments {
    /// Folder of the run, such as runs/dcgan-1, or a checkpoint
    run: PathBuf,

    /// Draw by the run's best checkpoint instead of its newest: that which the metric of `train --metric` found best
    #[arg(long)]
    best: bool,

    /// How many pictures
    #[arg(short = 'n', long = "count", value_name = "N", default_value_t = 64,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    count: u32,

    /// Which pictures: another seed gives others
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Pictures of this class, from a run with --labels [default: of all classes in turn; a sheet has a row for each,
    /// and the same noise in a column]
    #[arg(long, value_name = "NAME")]
    label: Option<String>,

    /// Draw numbers of the noise again that are beyond ±PSI: the smaller it is, the more usual and the more alike are
    /// the pictures (Brock, Donahue and Simonyan, 2019); a DCGAN's pale below 1
    #[arg(long, value_name = "PSI", allow_negative_numbers = true, value_parser = truncation)]
    truncation: Option<f32>,

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

/// Below the least of these hardly a number is within the threshold, and beyond the greatest hardly one is not.
fn truncation(text: &str) -> Result<f32, String> {
    let psi = text.parse().ok().filter(|psi| (0.01..=10.0).contains(psi));
    psi.ok_or_else(|| format!("{text} is not a number from 0.01 to 10"))
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

impl Arguments {
    fn choice(&self, trainer: &dyn Painter) -> Result<Choice, Error> {
        let class = self.label.as_ref().map(|name| class_of(trainer, name)).transpose()?;
        Ok(Choice { seed: self.seed, truncation: self.truncation, class })
    }
}

fn sample(arguments: &Arguments) -> Result<(), Error> {
    let (adapter, cache) = (arguments.adapter.clone(), cache::folder());
    let gpu = Gpu::open(&Options { adapter, cache, ..Options::default() })?;
    for note in gpu.notes() {
        let _ = writeln!(io::stderr(), "{note}");
    }
    let (trainer, header) = restore(&gpu, &checkpoint(arguments)?)?;
    let (size, choice) = (trainer.size(), arguments.choice(&*trainer)?);
    if arguments.grid.is_some() {
        check(arguments.count as usize + trainer.classes().len(), [size; 2])?;
    }
    if arguments.interpolate.is_some() {
        check(arguments.steps as usize, [size; 2])?;
    }
    line(&format!("{} after {} steps, {size}×{size} pixels, on {}", header.recipe, header.steps(), gpu.adapter()));
    if arguments.out.is_some() || arguments.grid.is_some() {
        draw_and_write(arguments, &*trainer, choice)?;
    }
    if let Some(file) = &arguments.interpolate {
        let count = arguments.steps as usize;
        let bytes = interpolate(&*trainer, choice, count)?;
        write(&sheet(&bytes, [size; 2], count), file)?;
    }
    Ok(())
}

/// The checkpoint that is drawn by.
fn checkpoint(arguments: &Arguments) -> Result<PathBuf, Error> {
    let Arguments { run, best, .. } = arguments;
    if run.is_file() {
        return Ok(run.clone());
    }
    if !best {
        return Ok(run.join("checkpoint.safetensors"));
    }
    Some(best_of(run)).filter(|best| best.is_file()).ok_or_else(|| {
        Error::Config(format!(
            "{0} has no best checkpoint: its training had no metric. Go on with `train --resume {0} --metric swd`, or \
             leave --best out",
            run.display()
        ))
    })
}

/// Single pictures are written as they are drawn, and forgotten; a sheet needs them all.
fn draw_and_write(arguments: &Arguments, trainer: &dyn Painter, choice: Choice) -> Result<(), Error> {
    let (count, size) = (arguments.count as usize, trainer.size());
    // The rows of a sheet of all classes are drawn from the same noise.
    let rows = if choice.class.is_none() { trainer.classes().len() } else { 0 };
    let (mut written, mut kept) = (0, Vec::new());
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    }
    let needed = if arguments.out.is_some() || rows == 0 { count } else { 0 };
    for batch in batches(trainer, choice, needed) {
        let batch = batch?;
        if let Some(folder) = &arguments.out {
            for bytes in batch.chunks_exact(3 * size * size) {
                save(&picture(bytes, [size; 2]), &folder.join(format!("{written:04}.png")))?;
                written += 1;
            }
        }
        if arguments.grid.is_some() && rows == 0 {
            kept.extend(batch);
        }
    }
    if let Some(folder) = &arguments.out {
        line(&format!("{written} pictures in {}", folder.display()));
    }
    let Some(file) = &arguments.grid else { return Ok(()) };
    if rows == 0 {
        return write(&sheet(&kept, [size; 2], count.isqrt().max(1)), file);
    }
    let columns = count.div_ceil(rows);
    line(&format!("a row for each class: {}", trainer.classes().join(", ")));
    write(&sheet(&by_class(trainer, choice, columns)?.draw(trainer)?, [size; 2], columns), file)
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
