//! Every convolution of DCGAN-64, CycleGAN-256 and AnimeGANv2-256, forward and both gradients, by the wall clock.
//!
//! `cargo bench --bench convolutions` times whole ops, so weights that are packed and parts that are added are in the
//! figures. `--adapter NAME` picks the adapter, `--only TEXT` the lines that hold the text, `--json FILE` writes the
//! results for programs, `--test` runs a few of the small layers once. The layers stand in `shapes.json`.

mod layer;
mod shapes;

use std::{error::Error, fs, path::PathBuf};

use clap::Parser;
use serde::Serialize;
use sumi::{
    autograd::Tape,
    gpu::{Gpu, Options},
    ops,
};

use self::{
    layer::{Direction, Layer},
    shapes::{geometry, layers_for, median, operation, peak, seconds},
};

/// What one sample should take at least, in seconds: shorter ones are too near to the clock and to the launch.
const SAMPLE: f64 = 0.02;
/// Launches that one submit holds at most.
const LAUNCHES: usize = 32;
/// Samples, and how many seconds are spent on more of them.
const SAMPLES: usize = 5;
const PATIENCE: f64 = 0.3;
/// Seconds of one run beyond which there is one sample only.
const SLOW: f64 = 10.0;

const DIRECTIONS: [Direction; 3] = [Direction::Forward, Direction::InputGradient, Direction::WeightGradient];

#[derive(Parser)]
struct Arguments {
    /// Writes the results to this file as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Index or part of the name of the adapter.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// Only lines that hold this text: a network, a layer, a direction.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Runs a few small layers once.
    #[arg(long)]
    test: bool,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Serialize)]
struct Report {
    adapter: String,
    driver: String,
    family: String,
    peak_gflops: f64,
    lines: Vec<Line>,
}

/// One direction of one layer.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    layer: Layer,
    direction: Direction,
    /// Of one run, the median of the samples.
    seconds: f64,
    samples: usize,
    launches: usize,
    gflops: f64,
    percent_of_peak: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let gpu = Gpu::open(&Options { adapter: arguments.adapter, ..Options::default() })?;
    let peak_gflops = peak(&gpu)?;
    println!("{}, {:?}\npeak {peak_gflops:.1} GFLOP/s (fma)\n", gpu.adapter(), gpu.family());
    println!(
        "| network | layers | convolution | direction | ms | GFLOP/s | % of peak |\n|---|---:|---|---|---:|---:|---:|"
    );
    let tape = ops::tape(&gpu);
    let mut lines = Vec::new();
    for layer in layers_for(&gpu).into_iter().filter(|layer| !arguments.test || is_small(layer)) {
        for direction in DIRECTIONS {
            let label = format!("| {} | {} | {layer} | {direction} |", layer.network, layer.count);
            if !label.contains(&arguments.only) {
                continue;
            }
            let line = time(&tape, &layer, direction, peak_gflops, arguments.test)?;
            println!("{label} {:.3} | {:.1} | {:.0} |", 1e3 * line.seconds, line.gflops, line.percent_of_peak);
            lines.push(line);
        }
    }
    println!("\nAll layers of a network, once each way:\n");
    for network in networks(&lines) {
        println!("| {network} | {} |", whole(&lines, network));
    }
    if let Some(file) = arguments.json {
        let info = gpu.adapter();
        let (adapter, driver, family) = (info.name.clone(), info.driver.clone(), format!("{:?}", gpu.family()));
        let report = Report { adapter, driver, family, peak_gflops, lines };
        fs::write(&file, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

/// Whether it is among those that `--test` runs.
fn is_small(layer: &Layer) -> bool {
    let flops = geometry(layer).flops();
    (layer.network == "DCGAN-64 small" || layer.groups > 1) && flops < 3e7
}

fn time(
    tape: &Tape,
    layer: &Layer,
    direction: Direction,
    peak_gflops: f64,
    once: bool,
) -> Result<Line, Box<dyn Error>> {
    let (gpu, run) = (tape.gpu(), operation(tape, layer, direction));
    // Some drivers compile at the first launch.
    let mut first = seconds(gpu, &run, 1)?;
    if !once && first < SLOW {
        first = seconds(gpu, &run, 1)?;
    }
    let launches = ((SAMPLE / first).ceil() as usize).clamp(1, LAUNCHES);
    let mut samples = vec![];
    if once || first > SLOW {
        samples.push(first);
    }
    let enough = |samples: &[f64]| {
        let spent = samples.iter().sum::<f64>() * launches as f64;
        samples.len() >= SAMPLES && spent > PATIENCE || samples.len() > 10 * SAMPLES
    };
    while !once && first <= SLOW && !enough(&samples) {
        samples.push(seconds(gpu, &run, launches)?);
    }
    let seconds = median(&samples);
    let gflops = geometry(layer).flops() / seconds / 1e9;
    Ok(Line {
        layer: layer.clone(),
        direction,
        seconds,
        samples: samples.len(),
        launches: if samples.len() == 1 { 1 } else { launches },
        gflops,
        percent_of_peak: 100.0 * gflops / peak_gflops,
    })
}

/// The networks in the order of the lines.
fn networks(lines: &[Line]) -> Vec<&str> {
    let mut names: Vec<_> = lines.iter().map(|line| line.layer.network.as_str()).collect();
    names.dedup();
    names
}

/// For each direction the milliseconds of all timed layers of a network, each as often as the network has it.
fn whole(lines: &[Line], network: &str) -> String {
    let total = |direction: Direction| {
        let of = lines.iter().filter(|line| line.layer.network == network && line.direction == direction);
        let seconds: f64 = of.map(|line| line.layer.count as f64 * line.seconds).sum();
        format!("{direction} {:.2} ms", 1e3 * seconds)
    };
    DIRECTIONS.map(total).join(" | ")
}
