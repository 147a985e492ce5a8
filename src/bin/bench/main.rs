//! Measures this machine: parses the command line, measures, writes, and turns the outcome into an exit code.

#[path = "../shared/cache.rs"]
mod cache;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clap::{Args, Parser, Subcommand};
use sumi::{
    gpu::{Asked, Cache, Gpu, Options, Tuning},
    train::{
        Error,
        config::Networks,
        preset::{Preset, RECIPES},
    },
    tune::{self, Effort, Finding, Listener},
};

const EXAMPLES: &str = "\
Examples:
  bench tune --quick                   a first impression, in a minute or two
  bench tune --networks small          for what `train` does by itself on a CPU
  bench tune --networks dcgan64 --batch 32
  bench tune --print                   what was measured on this adapter
  bench tune --clear                   forget it
With cargo: cargo run --release --bin bench -- tune --help

Each choice is kept for its shape alone, batch included, so give the batch that you train with. What is measured changes
the order of additions, and with it the last bits of results; a checkpoint tells under which choices it was computed.
The file lies in the user's cache folder, or in the one that the variable SUMI_CACHE names; SUMI_CACHE= keeps nothing.";

/// Measures this machine.
#[derive(Parser)]
#[command(name = "bench", version)]
struct CommandLine {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Finds the fastest tiles of the kernels on this adapter and keeps them for later runs
    Tune(Arguments),
}

#[derive(Args)]
#[command(after_help = EXAMPLES)]
struct Arguments {
    /// Presets of `train` whose networks are measured, separated by commas; a name that several recipes have stands for
    /// all of them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "dcgan64,cyclegan256,anime256")]
    networks: Vec<String>,

    /// Pictures in a batch [default: the preset's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    batch: Option<u32>,

    /// Short samples, no other numbers of parts, batches of at most 4
    #[arg(long)]
    quick: bool,

    /// Show what was measured on this adapter, and leave
    #[arg(long, conflicts_with = "clear")]
    print: bool,

    /// Forget what was measured on this adapter, and leave
    #[arg(long)]
    clear: bool,

    /// What to compute on: an index or a part of a name from `train --list-adapters` [default: the best GPU, else the
    /// CPU]
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
}

fn main() -> ExitCode {
    let What::Tune(arguments) = CommandLine::parse().what;
    match tune(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tune(arguments: &Arguments) -> Result<(), Error> {
    let folder = cache::folder()
        .ok_or_else(|| Error::Config("there is no folder to keep results in: let SUMI_CACHE name one".to_owned()))?;
    let cache = Cache::new(&folder);
    let options = Options { adapter: arguments.adapter.clone(), ..Options::default() };
    let gpu = Gpu::open(&options)?;
    let info = gpu.adapter().clone();
    line(&format!("Adapter {info}, {:?}", gpu.family()));
    if arguments.clear {
        let cleared = cache.clear_tuning(&info).map_err(Error::io("remove", cache.tuning_file(&info)))?;
        line(if cleared { "Forgotten" } else { "There was nothing to forget" });
        return Ok(());
    }
    let (before, note) = cache.tuning(&info);
    note.iter().for_each(|note| line(note));
    if arguments.print {
        print(&before);
        return Ok(());
    }
    let asked = questions(&gpu, arguments)?;
    // Lists that were recorded for their questions go with it.
    drop(gpu);
    let effort = if arguments.quick { Effort::QUICK } else { Effort::FULL };
    let findings = tune::measure(&options, &asked, effort, &mut Terminal::new())?;
    let both = || findings.iter().filter_map(|finding| Some((finding.rule.1?, finding.best.as_ref()?.1)));
    let (rule, best): (f64, f64) = (both().map(|(rule, _)| rule).sum(), both().map(|(_, best)| best).sum());
    let faster = findings.iter().filter(|finding| finding.gain() > 0.0).count();
    line(&format!(
        "{} shapes measured, {faster} of them faster by another choice; all of them once: {:.1} ms by rule, {:.1} ms \
         as measured",
        findings.len(),
        1e3 * rule,
        1e3 * best,
    ));
    let path = cache
        .write_tuning(&info, &tune::merged(&before, &findings))
        .map_err(Error::io("write", cache.tuning_file(&info)))?;
    line(&format!("Kept in {}; programs use it from now on", path.display()));
    Ok(())
}

/// What the networks ask, each question once.
fn questions(gpu: &Gpu, arguments: &Arguments) -> Result<Vec<Asked>, Error> {
    let presets: Vec<Preset> = RECIPES.iter().flat_map(|r| Preset::all(r)).collect();
    let mut asked: Vec<Asked> = Vec::new();
    for name in &arguments.networks {
        let named: Vec<_> = presets.iter().filter(|preset| preset.name == name).collect();
        if named.is_empty() {
            let names: std::collections::BTreeSet<_> = presets.iter().map(|preset| preset.name).collect();
            let names: Vec<_> = names.into_iter().collect();
            let reason = format!("--networks: there is no preset '{name}'; there are {}", names.join(", "));
            return Err(Error::Config(reason));
        }
        for preset in named {
            let mut networks: Networks = preset.networks.clone();
            let most = if arguments.quick { 4 } else { usize::MAX };
            let batch = arguments.batch.map_or(networks.batch().min(most), |batch| batch as usize);
            networks.set_batch(batch);
            let new: Vec<_> = tune::questions(gpu, &networks).into_iter().filter(|q| !asked.contains(q)).collect();
            line(&format!("{} {name}, batch {batch}: {} choices", networks.recipe(), new.len()));
            asked.extend(new);
        }
    }
    Ok(asked)
}

fn print(tuning: &Tuning) {
    for entry in tuning.entries() {
        let what = tune::describe(&entry.kernel, &entry.shape);
        line(&format!("{} {what}: tile {:?}, parts {}", entry.kernel, entry.choice.tile, entry.choice.parts));
    }
    line(&format!("{} choices", tuning.entries().len()));
}

/// Tells as it comes; Ctrl-C ends with what was found so far.
struct Terminal {
    stop: Arc<AtomicBool>,
    place: String,
}

impl Terminal {
    fn new() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let heard = stop.clone();
        let _ = ctrlc::set_handler(move || {
            // The second one leaves at once.
            if heard.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            let _ = writeln!(io::stderr(), "Stopping after this shape; what is found so far is kept");
        });
        Self { stop, place: String::new() }
    }
}

impl Listener for Terminal {
    fn begin(&mut self, done: usize, all: usize, _kernel: &str) {
        self.place = format!("{}/{all}", done + 1);
    }

    fn found(&mut self, finding: &Finding) {
        let Finding { kernel, shape, rule, best, dropped } = finding;
        let ms = |seconds: f64| format!("{:.3} ms", 1e3 * seconds);
        let by_rule = rule.1.map_or("failed".to_owned(), ms);
        let outcome = match best {
            None => "nothing works".to_owned(),
            Some((choice, _)) if *choice == rule.0 => format!("{by_rule}, the rule's choice is best"),
            Some((choice, seconds)) => format!(
                "{by_rule} by rule {:?}/{}, {} with {:?}/{} ({:.0} % less)",
                rule.0.tile,
                rule.0.parts,
                ms(*seconds),
                choice.tile,
                choice.parts,
                100.0 * finding.gain()
            ),
        };
        line(&format!("{:>7} {kernel}, {}: {outcome}", self.place, tune::describe(kernel, shape)));
        for dropped in dropped {
            line(&format!("        dropped {:?}/{}: {}", dropped.choice.tile, dropped.choice.parts, dropped.why));
        }
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Prints a line. A reader that has gone away is no reason to stop.
fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
