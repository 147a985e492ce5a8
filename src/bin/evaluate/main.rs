//! Measures trained networks: parses the command line, translates, compares, and turns the outcome into an exit code.

#[path = "../shared/cache.rs"]
mod cache;
mod distances;
#[path = "../shared/terminal.rs"]
mod terminal;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
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
use terminal::{line, note};

const EXAMPLES: &str = "\
Examples:
  evaluate runs/anime-1                                 one run
  evaluate runs/anime-1 runs/anime-2 runs/anime-3       several, such as of three seeds, and their mean
  evaluate runs/anime-1 --sheet compared.png            and a sheet: photograph, translation, truth
  evaluate runs/dcgan-1 runs/dcgan-1/checkpoints/*      which checkpoint draws best
  evaluate runs/dcgan-1 --inception pt_inception.pth    and FID and KID, by weights that you bring
With cargo: cargo run --release --bin evaluate -- --help

Of dcgan and faces: the sliced Wasserstein distance of drawn pictures to those that the first run learns from, on
patches of their Laplacian pyramids (Karras et al., 2018), times 1000, from the finest details to 16 pixels; less is
nearer.
Precision and recall (Kynkäänniemi et al., 2019) by features of the first run's discriminator: how many of the drawn
pictures are like real ones, and how many of the real ones are like drawn ones. With --inception FID (Heusel et al.,
2017) and KID (Bińkowski et al., 2018); less is nearer. The first line is of other pictures of the same set.

Of the others: portraits are drawn of people that no run has trained on, as photographs and as anime. The photographs
are translated and compared with the true drawings: PSNR in dB (more is nearer), SSIM of the brightness (Wang et al.,
2004; at most 1) and the mean distance of colours in Lab (CIE 1976; less is nearer), beside what comes near without any
training.";

/// Pictures of a row of the sheet's three columns.
const COLUMNS: usize = 3;

/// The most people on a sheet.
const SHOWN: usize = 16;

/// Measures how near the translations of runs come to the truth, on drawn portraits, and how far pictures drawn from
/// noise lie from those they were learnt from.
#[derive(Parser)]
#[command(name = "evaluate", version, after_help = EXAMPLES)]
struct Arguments {
    /// Folders of runs of anime, cyclegan or cut, or of dcgan or faces, or their checkpoints
    #[arg(required = true)]
    runs: Vec<PathBuf>,

    /// How many pictures are drawn from noise, and compared with as many of those that were learnt from
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pictures: u32,

    /// Which pictures are drawn from noise and compared
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Also compute FID and KID of pictures drawn from noise by the weights in this file: pytorch-fid's
    /// pt_inception-2015-12-05-6726825d.pth
    #[arg(long, value_name = "FILE")]
    inception: Option<PathBuf>,

    /// How many people
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    people: u32,

    /// Write the first people to this PNG file: photograph, translation of the first run, truth
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
    gpu.notes().iter().for_each(|sentence| note(sentence));
    if distances::apply(&arguments.runs[0])? {
        return distances::evaluate(&gpu, arguments);
    }
    let (mut truth, mut found): (Option<Truth>, Vec<Likeness>) = (None, Vec::new());
    for run in &arguments.runs {
        let (trainer, header) = restore(&gpu, &checkpoint(run))?;
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

/// The checkpoint of a run, or the file itself.
fn checkpoint(run: &Path) -> PathBuf {
    if run.is_file() { run.to_owned() } else { run.join("checkpoint.safetensors") }
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
