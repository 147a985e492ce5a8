//! Measures trained networks: parses the command line, translates, compares, and turns the outcome into an exit code.

#[path = "../shared/cache.rs"]
mod cache;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use sumi::{
    data::compare::Likeness,
    gpu::{Gpu, Options},
    train::{
        Error,
        report::sheet::{save, sheet},
        translate::measure::{Truth, restore, translated},
    },
};

const EXAMPLES: &str = "\
Examples:
  evaluate runs/anime-1                                 one run
  evaluate runs/anime-1 runs/anime-2 runs/anime-3       several, such as of three seeds, and their mean
  evaluate runs/anime-1 --sheet compared.png            and a sheet: photograph, translation, truth
With cargo: cargo run --release --bin evaluate -- --help

Portraits are drawn of people that no run has trained on, as photographs and as anime. The photographs are translated
and compared with the true drawings: PSNR in dB (more is nearer), SSIM of the brightness (Wang et al., 2004; at most 1)
and the mean distance of colours in Lab (CIE 1976; less is nearer), beside what comes near without any training.";

/// Pictures of a row of the sheet's three columns.
const COLUMNS: usize = 3;

/// The most people on a sheet.
const SHOWN: usize = 16;

/// Measures how near the translations of runs come to the truth, on drawn portraits.
#[derive(Parser)]
#[command(name = "evaluate", version, after_help = EXAMPLES)]
struct Arguments {
    /// Folders of runs of anime, cyclegan or cut, or their checkpoints
    #[arg(required = true)]
    runs: Vec<PathBuf>,

    /// How many people
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    people: u32,

    /// Write the first of them to this PNG file: photograph, translation of the first run, truth
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,

    /// What to compute on: an index or a part of a name from `train --list-adapters` [default: the best GPU, else the
    /// CPU]
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
}

fn main() -> ExitCode {
    match evaluate(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn evaluate(arguments: &Arguments) -> Result<(), Error> {
    let (adapter, cache) = (arguments.adapter.clone(), cache::folder());
    let gpu = Gpu::open(&Options { adapter, cache, ..Options::default() })?;
    for note in gpu.notes() {
        let _ = writeln!(io::stderr(), "{note}");
    }
    let (mut truth, mut found): (Option<Truth>, Vec<Likeness>) = (None, Vec::new());
    for run in &arguments.runs {
        let file = if run.is_file() { run } else { &run.join("checkpoint.safetensors") };
        let (trainer, header) = restore(&gpu, file)?;
        let size = trainer.common().size;
        let same = truth.as_ref().is_none_or(|truth| truth.photos.size() == size);
        if !same {
            return Err(Error::Config(format!("{} has learnt another size than the runs before it", run.display())));
        }
        if truth.is_none() {
            let drawn = Truth::draw(arguments.people as usize, size)?;
            head(&drawn);
            truth = Some(drawn);
        }
        let truth = truth.as_ref().expect("it was drawn before the first run was measured");
        let made = translated(&gpu, &*trainer, &truth.photos)?;
        let likeness = truth.likeness(&made);
        row(&format!("{} ({}, {} steps)", run.display(), header.recipe, header.steps()), &likeness);
        if let Some(file) = arguments.sheet.as_ref().filter(|_| found.is_empty()) {
            let sets = [&truth.photos, &made, &truth.anime];
            let shown = 0..SHOWN.min(made.len());
            let bytes: Vec<u8> = shown.flat_map(|i| sets.iter().flat_map(move |set| set.picture(i))).copied().collect();
            save(&sheet(&bytes, size, COLUMNS), file)?;
        }
        found.push(likeness);
    }
    if found.len() > 1 {
        let mean = |of: fn(&Likeness) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
        let all = Likeness { psnr: mean(|l| l.psnr), ssim: mean(|l| l.ssim), delta_e: mean(|l| l.delta_e) };
        row(&format!("mean of the {} runs", found.len()), &all);
    }
    Ok(())
}

/// The table's head, and what comes near without any training.
fn head(truth: &Truth) {
    let [height, width] = truth.photos.size();
    line(&format!("| {} people, {width}×{height} pixels | PSNR | SSIM | Lab |", truth.photos.len()));
    line("|---|---|---|---|");
    for (name, likeness) in truth.baselines() {
        row(name, &likeness);
    }
}

fn row(name: &str, likeness: &Likeness) {
    let Likeness { psnr, ssim, delta_e } = likeness;
    line(&format!("| {name} | {psnr:.2} dB | {ssim:.3} | {delta_e:.1} |"));
}

/// Prints a line. A reader that has gone away is no reason to stop.
fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
