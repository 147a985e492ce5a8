//! Cost against work: what a picture takes in a training step while the batch, the resolution or the channels grow.
//!
//! `cargo bench --bench scale` prints a table for each network and each of the three, and says whether time and memory
//! of a picture grow no faster than its flops. A name behind `--` picks (`-- channels`), `--json FILE` also writes the
//! results, for the bench `plots`; `--budget SECONDS` says how long a point may take, beyond which it is left out, and
//! named; `--test` runs the smallest points.

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::{Value, json};
use sumi::{
    gpu::{Error, Gpu, Options},
    ops::elementwise::unpack_bytes,
    train::{
        cyclegan, dcgan,
        noise::Painter,
        translate::{Batches, Common, Translator},
    },
};

/// Steps that a time is the median of, where the budget allows.
const STEPS: usize = 7;

/// How much faster than the flops of a picture its time and its memory may grow from one point to the next: what
/// repeated measurements differ by.
const SLACK: f64 = 1.1;

#[derive(Parser)]
struct Arguments {
    /// Part of the name of a network or of what grows: the others are left out
    only: Option<String>,
    /// The file for the results
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How long a point may take
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    budget: f64,
    /// An index or a part of a name from `train --list-adapters` [default: the best]
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
    /// The smallest points alone
    #[arg(long)]
    test: bool,
    /// What cargo tells every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// The sizes of a step.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    resolution: usize,
    channels: usize,
}

/// A size that grows while the others stay.
struct Axis {
    name: &'static str,
    values: &'static [usize],
    /// How many times as long a step is expected to take when it doubles.
    growth: f64,
    of: fn(usize) -> Sizes,
}

/// A network, and what makes a step of it: something to call for each.
struct Network {
    name: &'static str,
    begin: fn(&Gpu, Sizes) -> Step,
    axes: [Axis; 3],
}

type Step = Box<dyn FnMut() -> Result<(), Error>>;

/// What a step took.
struct Point {
    value: usize,
    batch: usize,
    seconds: f64,
    /// Of the whole step; `None` where the adapter has no clock for launches, and so nobody counts.
    flops: Option<f64>,
    memory: u64,
}

fn networks() -> [Network; 2] {
    const BATCHES: [usize; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];
    const RESOLUTIONS: [usize; 5] = [32, 64, 128, 256, 512];
    const CHANNELS: [usize; 6] = [16, 32, 64, 128, 256, 512];
    let axis = |name, values, growth, of| Axis { name, values, growth, of };
    [
        Network {
            name: "DCGAN",
            begin: begin_dcgan,
            axes: [
                axis("batch", &BATCHES, 2.0, |batch| Sizes { batch, resolution: 64, channels: 32 }),
                // A stage more each time, twice as wide as the one before: flops grow by four and a bit.
                axis("resolution", &RESOLUTIONS, 4.5, |resolution| Sizes { batch: 4, resolution, channels: 16 }),
                axis("channels", &CHANNELS, 4.0, |channels| Sizes { batch: 16, resolution: 32, channels }),
            ],
        },
        Network {
            name: "CycleGAN",
            begin: begin_cyclegan,
            axes: [
                axis("batch", &BATCHES, 2.0, |batch| Sizes { batch, resolution: 32, channels: 16 }),
                axis("resolution", &RESOLUTIONS, 4.0, |resolution| Sizes { batch: 1, resolution, channels: 16 }),
                axis("channels", &CHANNELS, 4.0, |channels| Sizes { batch: 1, resolution: 64, channels }),
            ],
        },
    ]
}

fn begin_dcgan(gpu: &Gpu, Sizes { batch, resolution, channels }: Sizes) -> Step {
    let config = dcgan::Config { size: resolution, batch, ngf: channels, ndf: channels, ..dcgan::Config::default() };
    let mut trainer = dcgan::Trainer::new(gpu, &config);
    let pictures = pictures(batch, resolution);
    Box::new(move || trainer.step(&pictures, None).map(drop))
}

/// With two blocks, and without a pool, whose memory would not be the step's.
fn begin_cyclegan(gpu: &Gpu, Sizes { batch, resolution, channels }: Sizes) -> Step {
    let paper = cyclegan::Config::default();
    let common = Common { size: [resolution; 2], load_size: [resolution; 2], batch, ..paper.common.clone() };
    let config =
        cyclegan::Config { common, ngf: channels, ndf: channels, blocks: 2, d_layers: 2, pool_size: 0, ..paper };
    let mut trainer = cyclegan::Trainer::new(gpu, &config);
    let (gpu, pictures) = (gpu.clone(), pictures(batch, resolution));
    Box::new(move || {
        let unpacked = || unpack_bytes(&gpu, [batch, resolution, resolution, 3], &pictures);
        trainer.step(&Batches { a: unpacked(), b: unpacked(), smooth: None }, 0.0).map(drop)
    })
}

/// Bytes of some pictures, none like another.
fn pictures(count: usize, side: usize) -> Vec<u8> {
    (0..count * side * side * 3).map(|place| (place * 37 % 251) as u8).collect()
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut records = Vec::new();
    let mut left_out = Vec::new();
    let (adapter, device) = match open(&arguments) {
        Ok(gpu) => (gpu.adapter().name.clone(), format!("{}, {:?}", gpu.adapter(), gpu.family())),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{device}");
    for network in networks() {
        for axis in &network.axes {
            let name = format!("{}, {}", network.name, axis.name);
            if arguments.only.as_ref().is_some_and(|only| !name.to_lowercase().contains(&only.to_lowercase())) {
                continue;
            }
            let (points, reasons) = along(&arguments, &network, axis);
            print(&name, axis, &points);
            reasons.iter().for_each(|reason| println!("{reason}"));
            records.extend(points.iter().map(|point| record(&network, axis, point)));
            left_out.extend(reasons);
        }
    }
    let results =
        json!({ "bench": "scale", "adapter": adapter, "device": device, "records": records, "left_out": left_out });
    match arguments.json.as_ref().map(|path| fs::write(path, results.to_string())) {
        Some(Err(error)) => {
            eprintln!("error: the results cannot be written: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn open(arguments: &Arguments) -> Result<Gpu, Error> {
    Gpu::open(&Options { adapter: arguments.adapter.clone(), ..Options::default() })
}

/// The points of an axis, each on a device of its own, so that its memory is its own; and why others are left out.
fn along(arguments: &Arguments, network: &Network, axis: &Axis) -> (Vec<Point>, Vec<String>) {
    let values = if arguments.test { &axis.values[..2.min(axis.values.len())] } else { axis.values };
    let (mut points, mut left_out) = (Vec::<Point>::new(), Vec::new());
    for &value in values {
        let why = |reason: String| format!("Left out: {}, {} {value}: {reason}.", network.name, axis.name);
        // A step to warm up and two that are timed, at least.
        let expected = points.last().map_or(0.0, |point| 3.0 * axis.growth * point.seconds);
        if expected > arguments.budget {
            left_out.push(why(format!("it would take about {expected:.0} s of at most {}", arguments.budget)));
            break;
        }
        match measure(arguments, network, (axis.of)(value), value) {
            Ok(point) => points.push(point),
            Err(error) => {
                left_out.push(why(error.to_string().trim_end_matches('.').to_owned()));
                break;
            }
        }
    }
    (points, left_out)
}

fn measure(arguments: &Arguments, network: &Network, sizes: Sizes, value: usize) -> Result<Point, Error> {
    let gpu = open(arguments)?;
    let mut step = (network.begin)(&gpu, sizes);
    let mut timed = || {
        let start = Instant::now();
        step()?;
        gpu.finish()?;
        Ok::<_, Error>(start.elapsed())
    };
    // The first compiles, and lays out the memory.
    timed()?;
    let (begun, budget) = (Instant::now(), Duration::from_secs_f64(arguments.budget));
    let mut times = Vec::new();
    while times.len() < 2 || (times.len() < STEPS && begun.elapsed() < budget && !arguments.test) {
        times.push(timed()?);
    }
    times.sort();
    let seconds = times[times.len() / 2].as_secs_f64();
    let memory = gpu.memory().bytes;
    let flops = gpu.start_profile().then(|| {
        timed()?;
        Ok::<_, Error>(gpu.profile().rows().iter().map(|(_, row)| row.work.flops).sum())
    });
    Ok(Point { value, batch: sizes.batch, seconds, flops: flops.transpose()?, memory })
}

impl Point {
    fn seconds_per_image(&self) -> f64 {
        self.seconds / self.batch as f64
    }

    fn flops_per_image(&self) -> Option<f64> {
        self.flops.map(|flops| flops / self.batch as f64)
    }

    fn memory_per_image(&self) -> f64 {
        self.memory as f64 / self.batch as f64
    }
}

fn record(network: &Network, axis: &Axis, point: &Point) -> Value {
    let Sizes { batch, resolution, channels } = (axis.of)(point.value);
    json!({
        "network": network.name,
        "axis": axis.name,
        "value": point.value,
        "batch": batch,
        "resolution": resolution,
        "channels": channels,
        "seconds_per_image": point.seconds_per_image(),
        "flops_per_image": point.flops_per_image(),
        "memory_bytes": point.memory,
    })
}

fn print(name: &str, axis: &Axis, points: &[Point]) {
    println!("\n## {name}\n");
    println!("| {} | ms an image | Mflop an image | GFLOP/s | MiB | MiB an image |", axis.name);
    println!("|---:|---:|---:|---:|---:|---:|");
    const MIB: f64 = 1_048_576.0;
    for point in points {
        let (ms, flops) = (1e3 * point.seconds_per_image(), point.flops_per_image());
        let mflop = flops.map_or_else(|| "?".to_owned(), |flops| format!("{:.1}", flops / 1e6));
        let rate = flops.map_or_else(|| "?".to_owned(), |flops| format!("{:.1}", flops / 1e6 / ms));
        let (whole, each) = (point.memory as f64 / MIB, point.memory_per_image() / MIB);
        println!("| {} | {ms:.3} | {mflop} | {rate} | {whole:.1} | {each:.2} |", point.value);
    }
    println!();
    println!("{}", statement("time", points, Point::seconds_per_image));
    println!("{}", statement("memory", points, Point::memory_per_image));
}

/// Whether a figure of a picture grows no faster than its flops, from each point to the next.
fn statement(what: &str, points: &[Point], figure: impl Fn(&Point) -> f64) -> String {
    let faster = |pair: &[Point]| {
        let flops = pair[1].flops_per_image()? / pair[0].flops_per_image()?;
        Some((figure(&pair[1]) / figure(&pair[0]) / flops, pair[0].value, pair[1].value))
    };
    let steps: Option<Vec<_>> = points.windows(2).map(faster).collect();
    let worst = steps.and_then(|steps| steps.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)));
    let Some((ratio, from, to)) = worst else {
        return format!("The {what} of an image: nothing to compare with flops.");
    };
    let holds = if ratio <= SLACK { "grows no faster than its flops" } else { "GROWS FASTER than its flops" };
    format!("The {what} of an image {holds}: at most {ratio:.2} times as fast, from {from} to {to}.")
}
